// hit.vs_redis, hit.vs_memcached: the facade's borrowing hit beside a GET of
// the same encoded row over a unix socket, one blocking request at a time.
// 100 000 rows, keys by Zipf's law.
#include <memory>

#include <hiredis/hiredis.h>

#include "bench/memcached_client.hpp"
#include "bench/memory_world.hpp"
#include "bench/rows.hpp"
#include "bench/run.hpp"
#include "bench/servers.hpp"

namespace toadcache::bench {

namespace {

constexpr size_t row_count = 100'000;
constexpr size_t hit_count = 1 << 18;

struct free_context {
  void operator()(redisContext* c) const { redisFree(c); }
};
struct free_reply {
  void operator()(redisReply* r) const { freeReplyObject(r); }
};
using context_ptr = std::unique_ptr<redisContext, free_context>;
using reply_ptr = std::unique_ptr<redisReply, free_reply>;

struct contents {
  contents() {
    for (auto rank : shuffled_ranks(row_count, 1)) {
      auto id = user_id(rank);
      world.put(user_key(user, id), user_row(user, id));
    }
    ids = zipf_ids(row_count, hit_count, 2);
    keys = keys_of(user, ids);
    for (auto id : ids)
      names.push_back("user:" + std::to_string(id));
  }

  memory_world world;
  const entity_type& user = world.type("user");
  entity_handle users = world.handle("user");
  std::vector<int64_t> ids;
  std::vector<key> keys;
  std::vector<std::string> names;
};

measurement own_hits(const contents& c) {
  return [&c] {
    int64_t sum = 0;
    return ns_each(c.keys.size(), [&] {
      for (auto& k : c.keys)
        c.users.visit_key(k, [&](const row& r, freshness, milliseconds) {
          sum += r.int_at(0);
        });
      keep(sum);
    });
  };
}

/// Beside `get(name)`, which yields the bytes of a row.
template <class F>
void compare(run& r, const contents& c, const std::string& name,
             const std::string& peer, F get) {
  const auto gets = r.times(20'000, 5'000);
  size_t missing = 0;
  auto got = take_turns(r.times(9, 5), {own_hits(c), [&] {
                                          return ns_each(gets, [&] {
                                            for (size_t i = 0; i < gets; ++i)
                                              missing
                                                  += get(c.names[i]).empty();
                                          });
                                        }});
  if (missing > 0) {
    r.skip(name, "ns", peer, "rows were missing in the peer");
    return;
  }
  r.add(make_figure(name, "ns", got[0], peer, got[1]));
}

void beside_redis(run& r, const contents& c, const std::string& socket) {
  context_ptr redis{redisConnectUnix(socket.c_str())};
  if (!redis || redis->err != 0) {
    r.skip("hit.vs_redis", "ns", "redis", redis ? redis->errstr : "no memory");
    return;
  }
  for (size_t rank = 0; rank < row_count; ++rank) {
    auto id = user_id(rank);
    auto name = "user:" + std::to_string(id);
    auto content = user_row(c.user, id);
    redisAppendCommand(redis.get(), "SET %b %b", name.data(), name.size(),
                       content.bytes().data(), content.bytes().size());
    constexpr size_t pipeline = 1000; // answers are taken so many at a time
    if ((rank + 1) % pipeline == 0)
      for (size_t i = 0; i < pipeline; ++i) {
        void* reply = nullptr;
        redisGetReply(redis.get(), &reply);
        reply_ptr{static_cast<redisReply*>(reply)};
      }
  }
  reply_ptr last;
  compare(r, c, "hit.vs_redis", "redis", [&](const std::string& name) {
    last.reset(static_cast<redisReply*>(
        redisCommand(redis.get(), "GET %b", name.data(), name.size())));
    return last && last->type == REDIS_REPLY_STRING
               ? std::string_view{last->str, last->len}
               : std::string_view{};
  });
}

void beside_memcached(run& r, const contents& c, const std::string& socket) {
  auto peer = memcached_client::connect(socket);
  if (!peer) {
    r.skip("hit.vs_memcached", "ns", "memcached", peer.error().what);
    return;
  }
  for (size_t rank = 0; rank < row_count; ++rank) {
    auto id = user_id(rank);
    peer->set("user:" + std::to_string(id), user_row(c.user, id).bytes());
  }
  compare(r, c, "hit.vs_memcached", "memcached",
          [&](const std::string& name) { return peer->get(name); });
}

} // namespace

void measure_kv_peers(run& r, servers& s) {
  if (!r.wants_any({"hit.vs_redis", "hit.vs_memcached"}))
    return;
  r.step("Redis and memcached: 100 000 rows");
  const contents c;
  if (r.wants("hit.vs_redis")) {
    if (auto& socket = s.redis())
      beside_redis(r, c, *socket);
    else
      r.skip("hit.vs_redis", "ns", "redis", socket.error().what);
  }
  if (r.wants("hit.vs_memcached")) {
    if (auto& socket = s.memcached())
      beside_memcached(r, c, *socket);
    else
      r.skip("hit.vs_memcached", "ns", "memcached", socket.error().what);
  }
}

} // namespace toadcache::bench
