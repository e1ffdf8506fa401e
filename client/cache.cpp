#include "client/cache.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <spdlog/sinks/stdout_sinks.h>

#include "actors/runtime.hpp"
#include "actors/spawn_blocking.hpp"
#include "client/administration.hpp"
#include "client/transaction_state.hpp"
#include "storage/binlog_check.hpp"
#include "storage/binlog_stream.hpp"

namespace toadcache {

namespace {

// An actor system of the cache's own.
struct own_system {
  struct configuration : caf::actor_system_config {
    explicit configuration(size_t connections_count) {
      configure(*this, connections_count);
    }
  };
  explicit own_system(size_t connections_count) : config(connections_count) {}
  configuration config;
  caf::actor_system system{config};
};

std::shared_ptr<spdlog::logger> make_log(const options& o) {
  auto log = std::make_shared<spdlog::logger>(
      "toadcache", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_level(spdlog::level::from_str(o.log_level));
  return log;
}

// The cache file is bound to the data it caches: while the database cannot say
// which that is, there is no store, and PERSISTENCE tries again.
std::function<std::unique_ptr<cache_store>()>
make_store_factory(const options& o, catalog_ptr types,
                   std::shared_ptr<database> source) {
  return [o, types = std::move(types), source = std::move(source)] {
    auto identity = source->identity();
    if (!identity)
      return std::unique_ptr<cache_store>{};
    return make_cache_store(o.persistence, types, *identity, o.planted);
  };
}

result<catalog_ptr> catalog_of(const cache_parts& parts) {
  if (parts.types)
    return parts.types;
  return catalog::load(parts.config.catalog_file, parts.config.ttl);
}

result<std::shared_ptr<database>> source_of(const cache_parts& parts,
                                            const catalog_ptr& types) {
  if (parts.source)
    return parts.source;
  return make_database(parts.config.database, types);
}

// The stream of the database's log that the options name; empty: none.
std::function<std::shared_ptr<change_stream>()>
make_stream_factory(const options& o, catalog_ptr types,
                    std::shared_ptr<spdlog::logger> log) {
  if (o.database.kind != database_kind::mysql || o.feed.mode == feed_mode::off)
    return {};
  binlog_stream::settings s;
  s.database = o.database;
  s.database.read_timeout = std::min<milliseconds>(s.database.read_timeout,
                                                   defaults::feed_read_timeout);
  s.database.write_timeout = s.database.read_timeout;
  s.heartbeat = std::min(s.heartbeat, o.feed.wait);
  s.on_problem = [log = std::move(log)](const setting_problem& p) {
    log->warn("change feed: {}{}{}", p.what, p.remedy.empty() ? "" : "; ",
              p.remedy);
  };
  return [s = std::move(s), types = std::move(types)] {
    return std::make_shared<binlog_stream>(s, types);
  };
}

// Whether the log can be followed, of a cache that does not open without it.
result<void> require_log(const cache_parts& parts) {
  const std::string said = "feed.mode is required, but ";
  if (parts.config.database.kind != database_kind::mysql || parts.source)
    return fail(errc::invalid, said + "this database has no log to follow");
  auto found = check_log(parts.config.database);
  if (!found)
    return fail(found.error().code,
                said + "the log cannot be checked: " + found.error().what);
  for (auto& p : *found)
    if (p.fatal)
      return fail(errc::invalid, said + p.what
                                     + (p.remedy.empty() ? "" : "; remedy: ")
                                     + p.remedy);
  return {};
}

// The caches open behind a barrier. With a feed they are trusted once it has
// probed the log, or knows that it cannot be followed, and keep what they fetch
// once that has settled. All that takes milliseconds; until then reads are
// answered by the database, so that waiting longer is of no use.
void wait_until_open(const shared_state& shared) {
  auto ready = [&](const std::shared_ptr<partition>& p) {
    return !p->closed() && p->trusted_until() > shared.time.now();
  };
  auto settled = time_point::max();
  for (int i = 0; i < 1000 && shared.time.now() < settled; ++i) {
    if (settled == time_point::max()
        && std::ranges::all_of(shared.partitions, ready))
      settled
          = shared.time.now()
            + (shared.make_stream ? shared.feed.settle_time : milliseconds{0});
    else
      std::this_thread::sleep_for(milliseconds{1});
  }
}

} // namespace

// Destroyed in reverse order: the actors before their system.
struct cache::parts_of_cache {
  std::unique_ptr<own_system> system; ///< empty inside a host's
  client_core_ptr core;
  std::shared_ptr<toadcache::runtime> running;
};

result<cache> cache::open(const options& o) {
  cache_parts parts;
  parts.config = o;
  return open(std::move(parts));
}

result<cache> cache::open(const options& o, caf::actor_system& host) {
  cache_parts parts;
  parts.config = o;
  parts.host = &host;
  return open(std::move(parts));
}

result<cache> cache::open(cache_parts parts) {
  auto types = catalog_of(parts);
  if (!types)
    return fail(std::move(types.error()));
  auto source = source_of(parts, *types);
  if (!source)
    return fail(std::move(source.error()));
  if (parts.config.feed.mode == feed_mode::required && !parts.make_stream)
    if (auto ok = require_log(parts); !ok)
      return fail(std::move(ok.error()));
  auto shared = std::make_shared<shared_state>(
      *types, parts.config, parts.time ? *parts.time : coarse_clock());
  shared->source = *source;
  shared->log = parts.log ? parts.log : make_log(parts.config);
  if (parts.wall_now)
    shared->wall_now = parts.wall_now;
  if (parts.disk && parts.make_store)
    shared->make_store = parts.make_store;
  else if (parts.disk && parts.config.persistence.enabled)
    shared->make_store = make_store_factory(parts.config, *types, *source);
  if (parts.make_stream)
    shared->make_stream = std::move(parts.make_stream);
  else if (!parts.source)
    shared->make_stream
        = make_stream_factory(parts.config, *types, shared->log);
  auto p = std::make_unique<parts_of_cache>();
  if (parts.host == nullptr)
    p->system = std::make_unique<own_system>(parts.config.pool.max_count);
  auto& system = parts.host ? *parts.host : p->system->system;
  p->core = std::make_shared<client_core>(
      shared, parts.where ? parts.where : make_thread_executor());
  auto running = runtime::start(system, shared);
  if (!running)
    return fail(std::move(running.error()));
  p->running = std::move(*running);
  if (!is_simulated(system))
    wait_until_open(*shared);
  return cache{std::move(p)};
}

cache::cache(std::unique_ptr<parts_of_cache> p) : p_(std::move(p)) {}
cache::cache(cache&&) noexcept = default;

cache& cache::operator=(cache&& other) noexcept {
  std::swap(p_, other.p_);
  return *this;
}

cache::~cache() {
  if (p_)
    stop();
}

void cache::stop() {
  p_->running->stop();
}

const catalog& cache::types() const noexcept {
  return *p_->core->shared->types;
}

entity_handle cache::entity(std::string_view name) const {
  auto h = find_entity(name);
  if (!h)
    throw std::invalid_argument(h.error().what);
  return *h;
}

result<entity_handle> cache::find_entity(std::string_view name) const {
  auto type = types().find(name);
  if (type == nullptr)
    return fail(errc::invalid, "there is no entity '" + std::string{name}
                                   + "' in the catalog");
  return entity_handle{*p_->core, *type};
}

typed_handle<user_view> cache::users() const {
  return typed_handle<user_view>{entity("user")};
}
typed_handle<guild_view> cache::guilds() const {
  return typed_handle<guild_view>{entity("guild")};
}
typed_handle<channel_view> cache::channels() const {
  return typed_handle<channel_view>{entity("channel")};
}
typed_handle<profile_view> cache::profiles() const {
  return typed_handle<profile_view>{entity("profile")};
}
typed_handle<user_channel_view> cache::user_channels() const {
  return typed_handle<user_channel_view>{entity("user_channel")};
}
typed_handle<guild_user_view> cache::guild_users() const {
  return typed_handle<guild_user_view>{entity("guild_user")};
}
typed_handle<channel_profile_view> cache::channel_profiles() const {
  return typed_handle<channel_profile_view>{entity("channel_profile")};
}

answer<transaction> cache::begin() const {
  return begin_transaction_on(*p_->core);
}

result<void> cache::run_transaction(
    const std::function<result<void>(transaction&)>& f) const {
  const auto& limits = p_->core->shared->config.pool;
  static thread_local std::minstd_rand random{std::random_device{}()};
  auto pause = limits.retry_backoff_min;
  for (size_t attempt = 0;; ++attempt) {
    result<void> r = fail(errc::internal, "not run");
    {
      auto t = begin().get();
      if (!t)
        return fail(std::move(t.error()));
      r = f(*t);
      if (r)
        r = t->commit().get();
    } // rolls back what is still open
    if (r || r.error().code != errc::deadlock
        || attempt >= limits.max_retries_count)
      return r;
    std::uniform_int_distribution<milliseconds::rep> jitter{0, pause.count()};
    std::this_thread::sleep_for(pause / 2 + milliseconds{jitter(random) / 2});
    pause = std::min(pause * 2, limits.retry_backoff_max);
  }
}

answer<void> cache::invalidate_user(int64_t id) const {
  return entity("user").invalidate_dependents(id);
}
answer<void> cache::invalidate_guild(int64_t id) const {
  return entity("guild").invalidate_dependents(id);
}
answer<void> cache::invalidate_channel(int64_t id) const {
  return entity("channel").invalidate_dependents(id);
}
answer<void> cache::invalidate_user_channel(int64_t user_id,
                                            int64_t channel_id) const {
  return entity("user_channel").invalidate_dependents({user_id, channel_id});
}
answer<void> cache::invalidate_guild_user(int64_t user_id,
                                          int64_t guild_id) const {
  return entity("guild_user").invalidate_dependents({user_id, guild_id});
}

answer<void> cache::invalidate(std::string_view name, const values& id) const {
  auto h = find_entity(name);
  if (!h)
    return fail(std::move(h.error()));
  return h->invalidate(id);
}

answer<void> cache::invalidate_type(std::string_view name) const {
  auto h = find_entity(name);
  if (!h)
    return fail(std::move(h.error()));
  return h->invalidate_all();
}

answer<void> cache::clear_all() const {
  return invalidate_everything(*p_->core);
}

result<void> cache::create_schema() const {
  return p_->core->shared->source->create_schema(types());
}

toadcache::statistics cache::statistics() const {
  return read_statistics(*p_->core->shared);
}

answer<void> cache::set_enabled(bool on) const {
  std::vector<entity_id> all;
  for (auto& t : types().types())
    all.push_back(t.id);
  return switch_cache(*p_->core, std::move(all), true, on);
}

answer<void> cache::set_enabled(std::string_view name, bool on) const {
  auto h = find_entity(name);
  if (!h)
    return fail(std::move(h.error()));
  return switch_cache(*p_->core, {h->type().id}, false, on);
}

answer<void> cache::set_memory_budget(size_t bytes) const {
  return toadcache::set_memory_budget(*p_->core, bytes);
}

bool cache::enabled() const noexcept {
  return p_->core->shared->enabled.load(std::memory_order_acquire);
}

const std::shared_ptr<toadcache::runtime>& cache::running() const {
  return p_->running;
}

client_core& cache::core() const noexcept {
  return *p_->core;
}

const executor_ptr& cache::where() const noexcept {
  return p_->core->where;
}

} // namespace toadcache
