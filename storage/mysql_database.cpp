#include "storage/mysql_database.hpp"

#include "storage/mysql_check.hpp"
#include "storage/mysql_connection.hpp"
#include "storage/mysql_schema.hpp"
#include "storage/mysql_session.hpp"
#include "storage/mysql_sql.hpp"

namespace toadcache {

mysql_database::mysql_database(database_options o, catalog_ptr c)
    : options_(std::move(o)), catalog_(std::move(c)) {}

template <class F>
auto mysql_database::on_connection(F f) {
  using outcome_type = decltype(f(std::declval<mysql_connection&>()));
  auto c = mysql_connection::open(options_);
  if (!c)
    return outcome_type{fail(c.error())};
  return (*c)->attempt(description(), [&] { return f(**c); });
}

result<std::unique_ptr<session>> mysql_database::connect() {
  auto c = mysql_connection::open(options_);
  if (!c)
    return fail(c.error());
  return std::make_unique<mysql_session>(std::move(*c), catalog_);
}

result<void> mysql_database::create_schema(const catalog& c) {
  return on_connection([&](mysql_connection& m) -> result<void> {
    bool cyclic = false;
    auto order = parents_first(c, cyclic);
    if (cyclic)
      m.execute("SET SESSION foreign_key_checks = 0");
    for (auto id : order)
      m.execute(mysql_create(c, c[id]));
    return {};
  });
}

result<catalog_ptr> mysql_database::learn(std::vector<std::string>& notes) {
  return on_connection([&](mysql_connection& m) -> result<catalog_ptr> {
    auto tables = mysql_tables(m, notes);
    return learned_catalog(description(), std::move(tables), notes);
  });
}

result<std::vector<std::string>> mysql_database::compare(const catalog& c) {
  return on_connection(
      [&](mysql_connection& m) -> result<std::vector<std::string>> {
        std::vector<std::string> notes;
        return schema_differences(c, mysql_tables(m, notes), true);
      });
}

result<std::vector<setting_problem>> mysql_database::check() {
  return on_connection(
      [&](mysql_connection& m) -> result<std::vector<setting_problem>> {
        return mysql_problems(m, options_);
      });
}

result<std::string> mysql_database::identity() {
  return on_connection([&](mysql_connection& m) -> result<std::string> {
    auto text = m.is_mariadb()
                    ? m.query("SELECT CONCAT_WS('/', 'mariadb', @@hostname, "
                              "@@datadir, @@port, @@server_id, DATABASE())")
                    : m.query("SELECT CONCAT_WS('/', 'mysql', @@server_uuid, "
                              "DATABASE())");
    return text.at(0).at(0).value_or("");
  });
}

std::string mysql_database::description() const {
  return mysql_connection::describe(options_);
}

} // namespace toadcache
