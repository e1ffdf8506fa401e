#include "bench/mariadb_world.hpp"

#include <stdexcept>

#include <spdlog/logger.h>

#include "bench/rows.hpp"
#include "bench/servers.hpp"

namespace toadcache::bench {

namespace {

template <class T>
T must(result<T> r) {
  if (!r)
    throw std::runtime_error(to_string(r.error()));
  if constexpr (!std::is_void_v<T>)
    return std::move(*r);
}

} // namespace

mariadb_world::mariadb_world(const std::string& socket,
                             const std::string& schema)
    : types_(must(catalog::load(""))) {
  raw_connector root{servers::mariadb_options(socket, "")};
  root.execute("DROP DATABASE IF EXISTS `" + schema + "`");
  root.execute("CREATE DATABASE `" + schema
               + "` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
  config_.database = servers::mariadb_options(socket, schema);
  must(must(make_database(config_.database, types_))->create_schema(*types_));
}

void mariadb_world::add_users(size_t first, size_t count) {
  auto to = connect();
  const auto& user = type("user");
  constexpr size_t rows_at_once = 1000;
  for (size_t done = 0; done < count;) {
    std::string text = "INSERT INTO `user` (id, name, discriminator, created, "
                       "updated) VALUES ";
    for (size_t i = 0; i < rows_at_once && done < count; ++i, ++done) {
      auto id = user_id(first + done);
      auto content = user_row(user, id);
      text += (i == 0 ? "(" : ",(") + std::to_string(id) + ",'"
              + std::string{content.text_at(1)}
              + "','0001','2026-01-02 03:04:05','2026-11-22 10:11:12')";
    }
    to->execute(text);
  }
}

cache mariadb_world::open(const std::string& disk_file) const {
  cache_parts parts;
  parts.config = config_;
  parts.types = types_;
  parts.source = recorded(must(make_database(config_.database, types_)), sent_);
  parts.log = std::make_shared<spdlog::logger>("quiet"); // no sink
  parts.disk = !disk_file.empty();
  parts.config.persistence.enabled = parts.disk;
  parts.config.persistence.file = disk_file;
  return must(cache::open(std::move(parts)));
}

} // namespace toadcache::bench
