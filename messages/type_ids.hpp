// The one block of type ids: every type that is a message or an element of one.
// Positional and part of the wire format: append only.
#pragma once

#include <caf/type_id.hpp>

#include "messages/admin.hpp"
#include "messages/changes.hpp"
#include "messages/database.hpp"
#include "messages/disk.hpp"
#include "messages/local.hpp"
#include "messages/reads.hpp"

CAF_BEGIN_TYPE_ID_BLOCK(toadcache, caf::first_custom_type_id)

CAF_ADD_TYPE_ID(toadcache, (toadcache::get_rows))
CAF_ADD_TYPE_ID(toadcache, (toadcache::rows))
CAF_ADD_TYPE_ID(toadcache, (toadcache::get_lists))
CAF_ADD_TYPE_ID(toadcache, (toadcache::lists))
CAF_ADD_TYPE_ID(toadcache, (toadcache::refresh))
CAF_ADD_TYPE_ID(toadcache, (toadcache::fetch))
CAF_ADD_TYPE_ID(toadcache, (toadcache::fetched))
CAF_ADD_TYPE_ID(toadcache, (toadcache::run_transaction))
CAF_ADD_TYPE_ID(toadcache, (toadcache::transaction_done))
CAF_ADD_TYPE_ID(toadcache, (toadcache::begin_transaction))
CAF_ADD_TYPE_ID(toadcache, (toadcache::transaction_begun))
CAF_ADD_TYPE_ID(toadcache, (toadcache::transaction_step))
CAF_ADD_TYPE_ID(toadcache, (toadcache::step_done))
CAF_ADD_TYPE_ID(toadcache, (toadcache::end_transaction))
CAF_ADD_TYPE_ID(toadcache, (toadcache::barrier))
CAF_ADD_TYPE_ID(toadcache, (toadcache::barrier_passed))
CAF_ADD_TYPE_ID(toadcache, (toadcache::worker_idle))
CAF_ADD_TYPE_ID(toadcache, (toadcache::check_connection))
CAF_ADD_TYPE_ID(toadcache, (toadcache::open_ticket))
CAF_ADD_TYPE_ID(toadcache, (toadcache::ticket_opened))
CAF_ADD_TYPE_ID(toadcache, (toadcache::changes))
CAF_ADD_TYPE_ID(toadcache, (toadcache::applied))
CAF_ADD_TYPE_ID(toadcache, (toadcache::apply_changes))
CAF_ADD_TYPE_ID(toadcache, (toadcache::put_entries))
CAF_ADD_TYPE_ID(toadcache, (toadcache::erase_entries))
CAF_ADD_TYPE_ID(toadcache, (toadcache::erase_type))
CAF_ADD_TYPE_ID(toadcache, (toadcache::load_entries))
CAF_ADD_TYPE_ID(toadcache, (toadcache::loaded_entries))
CAF_ADD_TYPE_ID(toadcache, (toadcache::scan_keys))
CAF_ADD_TYPE_ID(toadcache, (toadcache::scanned_keys))
CAF_ADD_TYPE_ID(toadcache, (toadcache::read_checkpoint))
CAF_ADD_TYPE_ID(toadcache, (toadcache::checkpoint_found))
CAF_ADD_TYPE_ID(toadcache, (toadcache::store_checkpoint))
CAF_ADD_TYPE_ID(toadcache, (toadcache::log_invalidation))
CAF_ADD_TYPE_ID(toadcache, (toadcache::read_log))
CAF_ADD_TYPE_ID(toadcache, (toadcache::log_records))
CAF_ADD_TYPE_ID(toadcache, (toadcache::flush_disk))
CAF_ADD_TYPE_ID(toadcache, (toadcache::flushed_disk))
CAF_ADD_TYPE_ID(toadcache, (toadcache::stop_all))
CAF_ADD_TYPE_ID(toadcache, (toadcache::stopped))
CAF_ADD_TYPE_ID(toadcache, (toadcache::drain))
CAF_ADD_TYPE_ID(toadcache, (toadcache::set_enabled))
CAF_ADD_TYPE_ID(toadcache, (toadcache::enabled_set))
CAF_ADD_TYPE_ID(toadcache, (toadcache::counter))
CAF_ADD_TYPE_ID(toadcache, (toadcache::get_counters))
CAF_ADD_TYPE_ID(toadcache, (toadcache::counters_now))
CAF_ADD_TYPE_ID(toadcache, (toadcache::fail_now))
CAF_ADD_TYPE_ID(toadcache, (toadcache::dispatch))
CAF_ADD_TYPE_ID(toadcache, (toadcache::set_share))
CAF_ADD_TYPE_ID(toadcache, (toadcache::share_held))
CAF_ADD_TYPE_ID(toadcache, (toadcache::set_budget))
CAF_ADD_TYPE_ID(toadcache, (toadcache::budget_set))
CAF_ADD_TYPE_ID(toadcache, (toadcache::extend_trust))

CAF_END_TYPE_ID_BLOCK(toadcache)
