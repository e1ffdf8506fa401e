// What a transaction's owner and its entity handles share. Thread-safe to read.
#pragma once

#include <atomic>
#include <memory>

#include "client/client_core.hpp"
#include "client/transaction.hpp"

namespace toadcache {

struct transaction_state {
  client_core_ptr core;
  transaction_id id = 0;
  std::atomic<bool> open{true};
};

/// Pins a worker; waits for a restarting DB POOL.
answer<transaction> begin_transaction_on(client_core& core);

} // namespace toadcache
