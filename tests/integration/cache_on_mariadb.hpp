// A toadcache on a private MariaDB: its schema, its cache file and the cache.
// The server is the caller's, so that it can be killed and started meanwhile.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <spdlog/logger.h>
#include <spdlog/sinks/ringbuffer_sink.h>

#include "client/cache.hpp"
#include "storage/database.hpp"
#include "tests/catch.hpp"
#include "tests/mariadb.hpp"
#include "tests/temporary_folder.hpp"

namespace toadcache::tests {

class cache_on_mariadb {
public:
  using stream_maker = std::function<std::shared_ptr<change_stream>(
      const options&, const catalog_ptr&)>;

  /// Creates the schema with the shipped catalog's tables, or takes it as it
  /// is, and opens the cache with its own file. `adjust` may change options.
  /// `host`: the actor system, which must outlive the cache; null: its own.
  /// `make_stream`: what the cache's change feed follows; empty: as feed.mode
  /// says, which is off unless `adjust` changes it.
  cache_on_mariadb(const mariadb_server& server, std::string schema,
                   const std::function<void(options&)>& adjust = {},
                   caf::actor_system* host = nullptr,
                   stream_maker make_stream = {})
      : server_(server), host_(host), make_stream_(std::move(make_stream)) {
    auto present = server.sql("SHOW DATABASES LIKE '" + schema + "'");
    if (present.empty())
      server.create_schema(schema);
    config_.database = server.options(schema);
    config_.persistence.file = (folder_.path() / "cache.db").string();
    config_.pool.reconnect_backoff_min = milliseconds{5};
    config_.pool.reconnect_backoff_max = milliseconds{50};
    config_.pool.breaker_open_time = milliseconds{50};
    config_.feed.mode = feed_mode::off;
    if (adjust)
      adjust(config_);
    auto types = catalog::load(config_.catalog_file, config_.ttl);
    if (!types)
      throw std::runtime_error(to_string(types.error()));
    types_ = *types;
    auto source = make_database(config_.database, types_);
    auto made = source ? (*source)->create_schema(*types_)
                       : result<void>{fail(source.error())};
    if (!made)
      throw std::runtime_error(to_string(made.error()));
    open();
  }

  [[nodiscard]] cache& operator*() { return *cache_; }
  [[nodiscard]] cache* operator->() { return &*cache_; }
  [[nodiscard]] const options& config() const { return config_; }
  [[nodiscard]] const catalog_ptr& types() const { return types_; }

  /// Whether the cache has logged a line that contains it.
  [[nodiscard]] bool has_logged(std::string_view part) const {
    auto lines = lines_->last_formatted();
    return std::any_of(lines.begin(), lines.end(), [&](auto& line) {
      return line.find(part) != std::string::npos;
    });
  }

  /// Ends the cache in order and starts it anew on the same cache file.
  void restart(const std::function<void()>& meanwhile = {}) {
    cache_.reset();
    if (meanwhile)
      meanwhile();
    open();
  }

  /// Runs SQL beside the cache, as another program would.
  std::vector<std::vector<std::string>>
  foreign_sql(const std::string& text) const {
    return server_.sql(text, config_.database.schema);
  }

private:
  void open() {
    cache_parts parts;
    parts.config = config_;
    parts.types = types_;
    parts.host = host_;
    if (make_stream_)
      parts.make_stream = [this] { return make_stream_(config_, types_); };
    parts.log = std::make_shared<spdlog::logger>("kept", lines_);
    auto opened = cache::open(std::move(parts));
    if (!opened)
      throw std::runtime_error(to_string(opened.error()));
    cache_.emplace(std::move(*opened));
  }

  const mariadb_server& server_;
  caf::actor_system* host_;
  stream_maker make_stream_;
  temporary_folder folder_;
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> lines_
      = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(1000);
  options config_;
  catalog_ptr types_;
  std::optional<cache> cache_;
};

} // namespace toadcache::tests
