// The table of settings: every row can be read, set and printed again.
#include <set>

#include "config/setting.hpp"
#include "tests/catch.hpp"

using namespace toadcache;
using namespace std::chrono_literals;

namespace {

const setting& named(std::string_view name) {
  const auto* s = find_setting(name);
  REQUIRE(s != nullptr);
  return *s;
}

std::string error_of(std::string_view name, std::string_view text) {
  auto v = parse_value(named(name), text);
  REQUIRE_FALSE(v);
  return v.error();
}

setting_value value_of(std::string_view name, std::string_view text) {
  auto v = parse_value(named(name), text);
  if (!v)
    FAIL(v.error());
  return *v;
}

/// A value other than the default one.
std::string another_value(const setting& s) {
  switch (s.kind) {
  case setting_kind::boolean:
    return std::get<bool>(s.get(options{})) ? "false" : "true";
  case setting_kind::choice:
    return std::string{s.choices.back()};
  case setting_kind::count:
    return std::to_string(static_cast<uint64_t>(s.min) + 1);
  case setting_kind::bytes:
    return std::to_string(static_cast<uint64_t>(s.min) + 1);
  case setting_kind::duration:
    return std::to_string(static_cast<uint64_t>(s.max) - 1) + "ms";
  case setting_kind::ratio:
    return "0.4375";
  default:
    return "other";
  }
}

} // namespace

TEST_CASE("names and variables of settings are unique and documented") {
  std::set<std::string_view> names;
  std::set<std::string_view> variables;
  for (const auto& s : settings()) {
    CHECK(names.insert(s.name).second);
    CHECK((s.variable.empty() || variables.insert(s.variable).second));
    CHECK(s.doc.ends_with('.'));
  }
  CHECK(find_setting("no.such") == nullptr);
}

TEST_CASE("each setting reaches one member and prints what it reads") {
  for (const auto& s : settings()) {
    INFO(s.name);
    options o;
    auto text = another_value(s);
    auto v = parse_value(s, text);
    if (!v)
      FAIL(v.error());
    s.set(o, *v);
    CHECK(s.get(o) == *v);
    for (const auto& other : settings())
      CHECK((other.get(o) != other.get(options{})) == (other.name == s.name));
    if (s.kind == setting_kind::secret)
      continue;
    auto again = parse_value(s, format_value(s, *v));
    REQUIRE(again);
    CHECK(*again == *v);
  }
}

TEST_CASE("defaults lie within the range") {
  for (const auto& s : settings()) {
    INFO(s.name);
    CHECK(in_range(s, s.get(options{})));
  }
}

TEST_CASE("durations take units; a bare number has the documented one") {
  CHECK(value_of("ttl.fresh", "300") == setting_value{milliseconds{300s}});
  CHECK(value_of("pool.idle", "300") == setting_value{300ms});
  CHECK(value_of("ttl.fresh", "20ms") == setting_value{20ms});
  CHECK(value_of("ttl.fresh", "5m") == setting_value{milliseconds{300s}});
  CHECK(value_of("ttl.fresh", "2h") == setting_value{milliseconds{7200s}});
  CHECK(value_of("ttl.fresh", "1d") == setting_value{milliseconds{86400s}});
  CHECK(error_of("pool.idle", "0")
        == "expected a duration from 1ms to 86400s (a bare number is in ms), "
           "got '0'");
  for (auto text : {"", "ms", "-1s", "1 s", "1.5s", "5min", "1e3",
                    "18446744073709551615d", "99999999999999999999"})
    CHECK_FALSE(parse_value(named("ttl.fresh"), text));
}

TEST_CASE("bytes take binary units") {
  CHECK(value_of("memory.budget_bytes", "256MiB")
        == setting_value{uint64_t{256} << 20});
  CHECK(value_of("memory.budget_bytes", "1048577")
        == setting_value{uint64_t{1048577}});
  CHECK(error_of("memory.budget_bytes", "1KiB")
        == "expected bytes from 1MiB to 1024GiB, got '1KiB'");
  CHECK_FALSE(parse_value(named("memory.budget_bytes"), "1MB"));
}

TEST_CASE("ratios are finite numbers within their range") {
  CHECK(value_of("memory.max_row_ratio", "0.5") == setting_value{0.5});
  for (auto text : {"nan", "inf", "", "0.5x", "1.01", "-0.1"})
    CHECK_FALSE(parse_value(named("memory.max_row_ratio"), text));
  CHECK(error_of("memory.max_row_ratio", "2")
        == "expected a number from 0.001 to 1, got '2'");
}

TEST_CASE("booleans and choices are read in any case") {
  for (auto text : {"true", "YES", "on", "1"})
    CHECK(value_of("database.tls", text) == setting_value{true});
  for (auto text : {"False", "no", "OFF", "0"})
    CHECK(value_of("database.tls", text) == setting_value{false});
  CHECK(value_of("profile", "PRODUCTION")
        == setting_value{std::string{"production"}});
  CHECK(error_of("feed.mode", "on")
        == "expected auto, off or required, got 'on'");
}

TEST_CASE("a secret is never printed") {
  const auto& s = named("database.password");
  CHECK(format_value(s, std::string{"peach"}) == "(set)");
  CHECK(format_value(s, std::string{}).empty());
}

TEST_CASE("the reference has a row for every setting") {
  auto text = settings_reference();
  for (const auto& s : settings()) {
    CHECK(text.find("| `" + std::string{s.name} + "` |") != std::string::npos);
    CHECK(text.find(s.doc) != std::string::npos);
  }
  CHECK(text.find("| `SQL_POOL_IDLE` | `10s` |") != std::string::npos);
}
