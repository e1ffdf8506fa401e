// Options as a whole: what a program that fills them by itself is told.
#include "config/validate.hpp"

#include "tests/catch.hpp"

using namespace toadcache;
using namespace std::chrono_literals;

namespace {

std::string error_of(const options& o) {
  auto ok = validate(o);
  REQUIRE_FALSE(ok);
  return ok.error().name + ": " + ok.error().what;
}

options on_mysql() {
  options o;
  o.database.kind = database_kind::mysql;
  o.database.user = "toad";
  o.database.schema = "overlay";
  return o;
}

} // namespace

TEST_CASE("the defaults stand") {
  CHECK(validate(options{}));
}

TEST_CASE("each value must lie within its range") {
  options o;
  o.pool.max_count = 0;
  CHECK(error_of(o)
        == "pool.max_count: expected a whole number from 1 to 1000, got '0'");
  o = {};
  o.log_level = "loud";
  CHECK(error_of(o).find("log_level: expected trace, debug") == 0);
}

TEST_CASE("the server gives up on a statement before the client does") {
  options o;
  o.database.statement_timeout = o.database.read_timeout;
  CHECK(error_of(o).find("database.statement_timeout: expected less than "
                         "database.read_timeout")
        == 0);
  o = {};
  o.database.lock_wait_timeout = 12s;
  CHECK(error_of(o).find("database.lock_wait_timeout: expected less than "
                         "database.read_timeout")
        == 0);
  o = {};
  o.client.request_timeout = o.database.statement_timeout;
  CHECK(error_of(o).find("database.statement_timeout: expected less than "
                         "client.request_timeout")
        == 0);
}

TEST_CASE("smallest values do not exceed largest ones") {
  options o;
  o.pool.min_count = 11;
  CHECK(error_of(o)
        == "pool.min_count: expected at most pool.max_count (10), got '11'");
  o = {};
  o.pool.retry_backoff_min = 1s;
  CHECK(error_of(o).find("pool.retry_backoff_min: ") == 0);
  o = {};
  o.batch.eager_count = 513;
  CHECK(error_of(o).find("batch.eager_count: ") == 0);
  o = {};
  o.pool.min_count = o.pool.max_count;
  CHECK(validate(o));
}

TEST_CASE("the lease outlasts the pause between two probes of the log") {
  options o;
  o.feed.probe_period = o.feed.max_staleness;
  CHECK(error_of(o).find("feed.probe_period: expected less than "
                         "feed.max_staleness")
        == 0);
}

TEST_CASE("a sqlite database has no log that could be required") {
  options o;
  o.feed.mode = feed_mode::required;
  CHECK(error_of(o).find("feed.mode: required, but an sqlite database") == 0);
}

TEST_CASE("a sqlite database needs a file") {
  options o;
  for (auto file : {"", ":memory:"}) {
    o.database.file = file;
    CHECK(error_of(o).find("database.file: ") == 0);
  }
}

TEST_CASE("a mysql database needs host, user and schema") {
  auto o = on_mysql();
  CHECK(validate(o));
  o.database.host.clear();
  CHECK(error_of(o)
        == "database.host: not set; a mysql database needs it (environment "
           "SQL_HOST)");
  o = on_mysql();
  o.database.user.clear();
  CHECK(error_of(o).find("database.user: not set") == 0);
  o = on_mysql();
  o.database.schema.clear();
  CHECK(error_of(o).find("database.schema: not set") == 0);
  o = on_mysql();
  o.database.tls_ca = "ca.pem";
  CHECK(error_of(o).find("database.tls_ca: ") == 0);
  o.database.tls = true;
  CHECK(validate(o));
}

TEST_CASE("the cache file is a file of its own") {
  options o;
  o.persistence.file = o.database.file;
  CHECK(error_of(o).find("persistence.file: is the database itself") == 0);
  o.persistence.file.clear();
  CHECK(error_of(o).find("persistence.file: ") == 0);
  o.persistence.enabled = false;
  CHECK(validate(o));
}
