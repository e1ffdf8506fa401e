// Keys of an entity: from asked values, from rows, and what they may hide.
#include "model/catalog.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

namespace {

catalog_ptr shipped() {
  static const auto c = *catalog::load("");
  return c;
}

const entity_type& type_of(std::string_view name) {
  return *shipped()->find(name);
}

key asked(const entity_type& type, std::vector<value> values,
          index_id i = primary_index) {
  auto k = type.make_key(i, values);
  if (!k)
    FAIL(k.error().what);
  return *k;
}

std::string refused(const entity_type& type, index_id i,
                    std::vector<value> values) {
  auto k = type.make_key(i, values);
  REQUIRE_FALSE(k.has_value());
  CHECK(k.error().code == errc::invalid);
  return k.error().what;
}

// One text primary key under `collation`.
entity_type text_keyed(const std::string& collation) {
  auto c = catalog::parse(R"({"version": 1, "entities": [{"name": "word",
      "table": "words", "columns": [{"name": "id", "type": "text",
      "collation": ")" + collation
                              + R"(", "sql_type": "TEXT"}],
      "primary_key": ["id"]}]})",
                          "test");
  if (!c)
    FAIL(c.error().what);
  return (**c)[0];
}

bool cacheable(const entity_type& type, std::string text) {
  return type.may_cache_absence(asked(type, {std::move(text)}));
}

// What a write of `text` drops beside its own key: "all", the folded text, or
// "-".
std::string alias(const entity_type& type, std::string text) {
  auto a = type.aliases_of(asked(type, {std::move(text)}));
  if (a.all)
    return "all";
  if (!a.folded)
    return "-";
  CHECK(a.folded->type() == type.id);
  return std::get<std::string>(decode_key(a.folded->bytes())->front().data());
}

} // namespace

TEST_CASE("a key asked for is the key that the row holds") {
  const auto& type = type_of("user_channel");
  auto r = *row::encode(type.types, std::vector<value>{1, 2, 123456789, 1,
                                                       "2026-11-22 10:11:12",
                                                       "2026-11-22 10:11:12"});
  CHECK(type.key_of(r) == asked(type, {1, 2}));
  CHECK(type.key_of(r) == asked(type, {1u, 2}));
  auto auth = *type.find_index("auth");
  CHECK(type.key_of(r, auth) == asked(type, {123456789}, auth));
  auto by_channel = *type.find_index("channel.user_channels");
  CHECK(type.key_of(r, by_channel) == asked(type, {2}, by_channel));
  CHECK(type.key_of(r, by_channel).index() == by_channel);
  CHECK(type.key_of(r).type() == type.id);
}

TEST_CASE("keys of other values or types are refused with their column") {
  const auto& type = type_of("user_channel");
  auto auth = *type.find_index("auth");
  CHECK(refused(type, primary_index, {1})
        == "user_channel.primary key: expected 2 values, got 1");
  CHECK(refused(type, auth, {})
        == "user_channel.auth: expected 1 values, got 0");
  CHECK(refused(type, primary_index, {1, "2"})
        == "user_channel.channel_id: expected int64, got text");
  CHECK(refused(type, primary_index, {1, 2.0})
        == "user_channel.channel_id: expected int64, got float64");
  CHECK(refused(type, auth, {nullptr})
        == "user_channel.auth: expected int64, got NULL, which equals nothing");
  CHECK(refused(type, 9, {1}) == "user_channel: there is no index 9");
}

TEST_CASE("the absence of a number may be cached, and has no alias") {
  const auto& type = type_of("user");
  auto k = asked(type, {int64_t{1} << 62});
  CHECK(type.may_cache_absence(k));
  CHECK_FALSE(type.aliases_of(k).folded.has_value());
  CHECK_FALSE(type.aliases_of(k).all);
}

TEST_CASE("under a case-insensitive collation only folded text is cacheable") {
  auto type = text_keyed("utf8mb4_general_ci");
  CHECK_FALSE(type.columns[0].compares_bytes());
  CHECK(cacheable(type, "abc"));
  CHECK(cacheable(type, ""));
  CHECK_FALSE(cacheable(type, "Abc"));
  CHECK_FALSE(cacheable(type, "abc "));
  CHECK_FALSE(cacheable(type, "\xc3\xa0"
                              "bc"));
  CHECK(alias(type, "abc") == "-");
  CHECK(alias(type, "ABC  ") == "abc");
  CHECK(alias(type, "\xc3\xa0"
                    "bc")
        == "all");
}

TEST_CASE("under a padded binary collation only trailing blanks are aliases") {
  auto type = text_keyed("utf8mb4_bin");
  CHECK_FALSE(type.columns[0].compares_bytes());
  CHECK(cacheable(type, "ABC"));
  CHECK(cacheable(type, "\xc3\xa0"));
  CHECK_FALSE(cacheable(type, "\xff"));
  CHECK_FALSE(cacheable(type, "ABC "));
  CHECK(alias(type, "ABC ") == "ABC");
  CHECK(alias(type, "  ").empty());
  CHECK(alias(type, "\xc3\xa0") == "-");
}

TEST_CASE("under a collation without padding all bytes count") {
  for (auto collation : {"binary", "utf8mb4_0900_bin", "utf8mb4_nopad_bin"}) {
    auto type = text_keyed(collation);
    CHECK(type.columns[0].compares_bytes());
    CHECK(cacheable(type, "ABC \xff"));
    CHECK(alias(type, "ABC ") == "-");
  }
}

TEST_CASE("known collations of every server family fold") {
  for (auto collation :
       {"utf8mb3_general_ci", "utf8mb4_unicode_ci", "utf8mb4_unicode_520_ci",
        "utf8mb4_0900_ai_ci", "utf8mb4_uca1400_ai_ci", "latin1_general_ci"}) {
    auto type = text_keyed(collation);
    CHECK(cacheable(type, "abc"));
    CHECK(alias(type, "ABC") == "abc");
  }
}

TEST_CASE("nothing but rows is cached under other collations") {
  // 'v' is 'w' here, '@' is '`' there: no folded form could be named.
  for (auto collation :
       {"utf8mb4_swedish_ci", "utf8mb4_lithuanian_ci", "utf8mb4_tr_0900_ai_ci",
        "koi8u_general_ci", "NOCASE", "utf8mb4", "general_ci"}) {
    auto type = text_keyed(collation);
    CHECK_FALSE(cacheable(type, "abc"));
    CHECK(alias(type, "ABC") == "-");
  }
}

TEST_CASE("the absence of a decimal is never cached") {
  auto c = *catalog::parse(R"json({"version": 1, "entities": [{"name": "p",
      "table": "p", "columns": [
        {"name": "id", "type": "decimal", "sql_type": "DECIMAL(9,2)"}],
      "primary_key": ["id"]}]})json",
                           "test");
  // Asked as '1.5', found as '1.50'.
  CHECK_FALSE(cacheable((*c)[0], "1.5"));
}

TEST_CASE("a composite key folds its text and keeps its numbers") {
  const auto& type = type_of("channel_profile");
  auto k = asked(type, {7, "ABC"});
  CHECK_FALSE(type.may_cache_absence(k));
  CHECK(type.aliases_of(k).folded == asked(type, {7, "abc"}));
  CHECK(type.may_cache_absence(asked(type, {7, "abc"})));
}

TEST_CASE("a key of unknown bytes hides everything") {
  const auto& type = type_of("user");
  for (const key_bytes& bytes :
       {key_bytes{"\x07"}, encode_key(std::vector<value>{1, 2})}) {
    key broken{type.id, primary_index, bytes};
    CHECK_FALSE(type.may_cache_absence(broken));
    CHECK(type.aliases_of(broken).all);
  }
}

TEST_CASE("keys that a collation may take for one share a form") {
  auto form = [](const entity_type& type, std::string text) {
    auto k = type.common_form(asked(type, {std::move(text)}));
    if (!k)
      return std::string{"none"};
    return std::get<std::string>(decode_key(k->bytes())->front().data());
  };
  const auto folding = text_keyed("utf8mb4_general_ci");
  CHECK(folding.folds(primary_index));
  CHECK(form(folding, "US ") == "us");
  CHECK(form(folding, "us") == "us");
  CHECK(form(folding, "\xc3\xbc") == "none");
  const auto padded = text_keyed("utf8mb4_bin");
  CHECK(padded.folds(primary_index));
  CHECK(form(padded, "US ") == "US");
  CHECK(form(padded, "\xc3\xbc") == "\xc3\xbc");
  const auto exact = text_keyed("binary");
  CHECK_FALSE(exact.folds(primary_index));
  CHECK(form(exact, "US ") == "US ");
  SECTION("the default of old servers folds like others") {
    CHECK(form(text_keyed("latin1_swedish_ci"), "Way") == "way");
    CHECK(cacheable(text_keyed("latin1_swedish_ci"), "way"));
  }
  SECTION("a language's letters") {
    const auto unknown = text_keyed("utf8mb4_hungarian_ci");
    CHECK(form(unknown, "Wien") == form(unknown, "vyen"));
    CHECK(form(unknown, "ccs") == form(unknown, "cscs"));
    CHECK(form(unknown, "a-b") == form(unknown, "A+B"));
    CHECK(form(unknown, "a") != form(unknown, "b"));
  }
  SECTION("an old character set's text may equal any other") {
    const auto foreign = text_keyed("big5_chinese_ci");
    CHECK(form(foreign, "e") == form(foreign, "`"));
    CHECK(form(foreign, "e") == form(foreign, "\xc3\xbc"));
  }
}
