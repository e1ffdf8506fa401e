// What a change stream needs of the server, found out at start.
#include "storage/binlog_check.hpp"

#include "tests/integration/binlog_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

/// The problems of a server as some account sees them, a line each.
std::vector<std::string> problems(const mariadb_server& server,
                                  const std::string& user = "root") {
  auto o = server.options("checked");
  o.user = user;
  auto c = mysql_connection::open(o);
  REQUIRE(c);
  auto found = (*c)->attempt("check", [&] {
    return result<std::vector<setting_problem>>{binlog_problems(**c, o)};
  });
  if (!found)
    FAIL(to_string(found.error()));
  std::vector<std::string> out;
  for (auto& p : *found)
    out.push_back((p.fatal ? "! " : "") + p.what + " | " + p.remedy);
  return out;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("a server that logs rows has no problem") {
  logging_server().create_schema("checked");
  CHECK(problems(logging_server()) == lines{});
}

TEST_CASE("a server without a log, or with a poorer one, is told") {
  mariadb_server without;
  without.create_schema("checked");
  CHECK(problems(without)
        == lines{"! log_bin is OFF: the server writes no log to follow | "
                 "[mysqld] log_bin = binlog"});
  mariadb_server poor{
      {.binlog = true,
       .arguments
       = {"--binlog-format=MIXED", "--binlog-row-image=MINIMAL",
          "--binlog-ignore-db=checked", "--mysql56-temporal-format=OFF"}}};
  poor.create_schema("checked");
  auto found = problems(poor);
  REQUIRE(found.size() == 4);
  CHECK(found[0].starts_with("binlog_format is MIXED"));
  CHECK(found[1].starts_with("binlog_row_image is MINIMAL"));
  CHECK(found[2].starts_with("mysql56_temporal_format is OFF"));
  CHECK(found[3].starts_with("! the server leaves schema checked out"));
  poor.run({"SET GLOBAL binlog_format = STATEMENT"});
  CHECK(problems(poor)[0].starts_with("! binlog_format is STATEMENT"));
}

TEST_CASE("missing privileges come with the statement that grants them") {
  auto& server = logging_server();
  server.create_schema("checked");
  server.run({"CREATE OR REPLACE USER checker",
              "GRANT SELECT ON checked.* TO checker"});
  auto found = problems(server, "checker");
  REQUIRE(found.size() == 2);
  for (auto& line : found) {
    CHECK(line.starts_with("! account 'checker'@'%' lacks the privilege "));
    server.sql(line.substr(line.find("| ") + 2));
  }
  CHECK(problems(server, "checker") == lines{});
  server.sql("DROP USER checker");
}
