// Forms of paths and database URLs.
#include "config/database_url.hpp"
#include "config/file_path.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

namespace {

using pairs = std::vector<std::pair<std::string, std::string>>;

pairs parts_of(std::string_view url) {
  auto x = parse_database_url(url);
  if (!x)
    FAIL(x.error());
  return *x;
}

} // namespace

TEST_CASE("paths are read in Windows and Linux form") {
  CHECK(normalise_path("app_data/db/cache.db") == "app_data/db/cache.db");
  CHECK(normalise_path(R"(app_data\db\cache.db)") == "app_data/db/cache.db");
  CHECK(normalise_path("a:b") == "a:b");
  CHECK(normalise_path("").empty());
#ifdef _WIN32
  CHECK(normalise_path(R"(C:\data\cache.db)") == "C:/data/cache.db");
#else
  CHECK(normalise_path(R"(C:\data\cache.db)") == "/c/data/cache.db");
  CHECK(normalise_path("d:/cache.db") == "/d/cache.db");
#endif
}

TEST_CASE("a mysql URL names host, user and schema") {
  CHECK(parts_of("mysql://toad@db.example:3307/overlay")
        == pairs{{"database.user", "toad"},
                 {"database.kind", "mysql"},
                 {"database.host", "db.example"},
                 {"database.port", "3307"},
                 {"database.schema", "overlay"}});
  CHECK(parts_of("mysql://db/overlay")
        == pairs{{"database.kind", "mysql"},
                 {"database.host", "db"},
                 {"database.schema", "overlay"}});
}

TEST_CASE("parts of a URL may be percent-encoded") {
  auto parts = parts_of("mysql://to%40ad:p%3a%2F@db@%2Frun%2Fmy.sock/o%25");
  CHECK(parts
        == pairs{{"database.user", "to@ad"},
                 {"database.password", "p:/@db"},
                 {"database.kind", "mysql"},
                 {"database.host", "/run/my.sock"},
                 {"database.schema", "o%"}});
}

TEST_CASE("the host of a URL may be an IPv6 address") {
  CHECK(parts_of("mysql://[::1]:3307/o")[1]
        == std::pair<std::string, std::string>{"database.host", "::1"});
  CHECK(parts_of("mysql://[::1]/o").size() == 3);
}

TEST_CASE("the query of a URL names settings of the database") {
  auto parts = parts_of("mysql://db/o?tls=true&tls_ca=%2Fca.pem");
  REQUIRE(parts.size() == 5);
  CHECK(parts[3]
        == std::pair<std::string, std::string>{"database.tls", "true"});
  CHECK(parts[4]
        == std::pair<std::string, std::string>{"database.tls_ca", "/ca.pem"});
}

TEST_CASE("a sqlite URL names a file") {
  CHECK(
      parts_of("sqlite:data/toad.db")
      == pairs{{"database.kind", "sqlite"}, {"database.file", "data/toad.db"}});
}

TEST_CASE("a bad URL is refused without showing it") {
  for (auto url : {"", "mysql:", "sqlite:", "mysql://peach@/overlay",
                   "mysql://toad:peach@db", "mysql://toad:peach@db/",
                   "http://toad:peach@db/overlay", "mysql://[::1/peach",
                   "mysql://[::1]peach/o", "mysql://toad:pea%chh@db/overlay",
                   "mysql://toad:peach@db/overlay%2"}) {
    INFO(url);
    auto x = parse_database_url(url);
    REQUIRE_FALSE(x);
    CHECK(x.error().find("database URL: ") == 0);
    CHECK(x.error().find("peach") == std::string::npos);
  }
}
