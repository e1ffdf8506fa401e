// Mistakes in a catalog: each one clear line with origin, place, expectation.
#include <functional>

#include <nlohmann/json.hpp>

#include "model/catalog.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;
using nlohmann::json;

namespace {

// Two entities, the second a child of the first.
json sample() {
  return json::parse(R"json({
    "version": 1,
    "entities": [
      {"name": "shop", "table": "shops",
       "columns": [
         {"name": "id", "type": "int64", "sql_type": "BIGINT"},
         {"name": "code", "type": "text", "sql_type": "VARCHAR(9)",
          "length": 9}],
       "primary_key": ["id"],
       "unique": [{"name": "code", "columns": ["code"]}],
       "group": {"column": "id"}},
      {"name": "item", "table": "items",
       "columns": [
         {"name": "id", "type": "int64", "sql_type": "BIGINT",
          "auto_increment": true},
         {"name": "shop_id", "type": "int64", "nullable": true,
          "sql_type": "BIGINT"},
         {"name": "price", "type": "decimal", "sql_type": "DECIMAL(9,2)",
          "default": "0.00"}],
       "primary_key": ["id"],
       "lookups": [{"name": "price", "columns": ["price"]}],
       "relations": [{"name": "shop", "list": "items",
                      "columns": ["shop_id"], "references": "shop",
                      "referenced": ["id"]}],
       "group": {"via": "shop"},
       "ttl": {"fresh": "5m", "negative": "250ms"},
       "weight": 2.5, "eviction": "lru"}]})json");
}

result<std::shared_ptr<const catalog>> parsed(const json& document) {
  return catalog::parse(document.dump(), "shop.json");
}

// The line for the sample after one edit.
std::string line(const std::function<void(json&)>& edit) {
  auto document = sample();
  edit(document);
  auto c = parsed(document);
  REQUIRE_FALSE(c.has_value());
  CHECK(c.error().code == errc::invalid);
  CHECK(c.error().what.find('\n') == std::string::npos);
  std::string_view origin = "shop.json: ";
  CHECK(c.error().what.starts_with(origin));
  return c.error().what.substr(origin.size());
}

std::string line_of_entity(size_t i, const std::function<void(json&)>& edit) {
  return line([&](json& document) { edit(document["entities"][i]); });
}

std::string line_of_text(std::string_view text) {
  auto c = catalog::parse(text, "shop.json");
  REQUIRE_FALSE(c.has_value());
  return c.error().what;
}

} // namespace

TEST_CASE("the sample of the catalog tests is valid and survives printing") {
  auto c = parsed(sample());
  if (!c)
    FAIL(c.error().what);
  const auto& item = *(*c)->find("item");
  CHECK(item.ttl.fresh == std::chrono::minutes{5});
  CHECK(item.ttl.negative == milliseconds{250});
  CHECK(item.weight == 2.5);
  CHECK(item.columns[0].auto_increment);
  CHECK(item.columns[2].sql_default == "0.00");
  CHECK(item.indexes[1].name == "shop.items");
  CHECK(item.find_index("shop.items") == index_id{2});
  CHECK_FALSE(item.find_index("items").has_value());
  CHECK_FALSE(item.find_column("cost").has_value());
  CHECK((*c)->find("shops") == nullptr);
  CHECK((*c)->find("shop")->columns[1].collation == "utf8mb4_general_ci");
  auto again = catalog::parse((*c)->to_json(), "printed");
  if (!again)
    FAIL(again.error().what);
  CHECK((*again)->types()[0] == (*c)->types()[0]);
  CHECK((*again)->types()[1] == (*c)->types()[1]);
}

TEST_CASE("types without times to live take the given ones") {
  ttl_options ttl;
  ttl.fresh = milliseconds{1234};
  ttl.stale_on_error = milliseconds{77};
  auto c = *catalog::parse(sample().dump(), "shop.json", ttl);
  CHECK(c->types()[0].ttl == ttl);
  CHECK(c->types()[1].ttl.fresh == std::chrono::minutes{5});
  CHECK(c->types()[1].ttl.stale_on_error == milliseconds{77});
}

TEST_CASE("the fingerprint follows what decides how bytes are read") {
  auto base = (*parsed(sample()))->fingerprint();
  auto after = [](const std::function<void(json&)>& edit) {
    auto document = sample();
    edit(document["entities"][1]);
    auto c = parsed(document);
    if (!c)
      FAIL(c.error().what);
    return (*c)->fingerprint();
  };
  CHECK(after([](json& e) { e["ttl"]["fresh"] = "1s"; }) == base);
  CHECK(after([](json& e) { e["weight"] = 7; }) == base);
  CHECK(after([](json& e) { e["table"] = "things"; }) != base);
  CHECK(after([](json& e) { e["columns"][2]["type"] = "text"; }) != base);
  CHECK(after([](json& e) {
          e["columns"][2]["name"] = "cost";
          e["lookups"][0]["columns"][0] = "cost";
        })
        != base);
  CHECK(after([](json& e) { e["lookups"][0]["columns"][0] = "shop_id"; })
        != base);
  CHECK(after([](json& e) { e.erase("lookups"); }) != base);
}

TEST_CASE("text that is no JSON is refused with its place") {
  auto what = line_of_text("{\"version\": 1,\n  \"entities\": [}");
  CHECK(what.starts_with("shop.json: expected JSON: "));
  CHECK(what.find("line 2") != std::string::npos);
  CHECK(what.find('\n') == std::string::npos);
  CHECK(line_of_text(R"({"version": 1, "version": 1})")
        == "shop.json: expected distinct keys, got 'version' twice in one "
           "object");
  CHECK(line_of_text("[]")
        == "shop.json: catalog: expected an object, got an array");
}

TEST_CASE("another version of the form is refused") {
  CHECK(line([](json& d) { d["version"] = 2; })
        == "catalog: version: expected 1, got 2");
  CHECK(line([](json& d) { d["version"] = "1"; })
        == "catalog: version: expected a whole number from 0 to 4294967295, "
           "got \"1\"");
  CHECK(line([](json& d) { d.erase("version"); })
        == "catalog: expected the key 'version'");
}

TEST_CASE("unknown keys are named with what was expected") {
  CHECK(line([](json& d) { d["entitys"] = 1; })
        == "catalog: unknown key 'entitys', expected one of version, entities");
  CHECK(line_of_entity(0, [](json& e) { e["colums"] = 1; })
            .starts_with("catalog: entities[0] 'shop': unknown key 'colums', "
                         "expected one of name, table, "));
  CHECK(line_of_entity(0, [](json& e) { e["columns"][1]["size"] = 1; })
            .starts_with("catalog: entities[0] 'shop': columns[1] 'code': "
                         "unknown key 'size'"));
  CHECK(line_of_entity(1, [](json& e) {
          e["ttl"]["old"] = "1s";
        }).starts_with("catalog: entities[1] 'item': ttl: unknown key 'old'"));
  CHECK(line_of_entity(1, [](json& e) { e["relations"][0]["to"] = "x"; })
            .starts_with("catalog: entities[1] 'item': relations[0] 'shop': "
                         "unknown key 'to'"));
  CHECK(line_of_entity(0, [](json& e) { e["unique"][0]["column"] = "x"; })
            .starts_with("catalog: entities[0] 'shop': unique[0] 'code': "
                         "unknown key 'column'"));
  CHECK(line_of_entity(0, [](json& e) {
          e["group"]["by"] = "x";
        }).starts_with("catalog: entities[0] 'shop': group: unknown key"));
}

TEST_CASE("wrong types are named with what was expected and got") {
  CHECK(line([](json& d) { d["entities"] = 1; })
        == "catalog: entities: expected an array, got 1");
  CHECK(line([](json& d) { d["entities"][0] = "shop"; })
        == "catalog: entities[0]: expected an object, got \"shop\"");
  CHECK(line_of_entity(0, [](json& e) { e["name"] = 5; })
        == "catalog: entities[0]: name: expected a string, got 5");
  CHECK(line_of_entity(0, [](json& e) { e["table"] = ""; })
        == "catalog: entities[0] 'shop': table: expected a string that is not "
           "empty, got \"\"");
  CHECK(line_of_entity(0, [](json& e) { e["columns"][0]["type"] = "int"; })
            .starts_with("catalog: entities[0] 'shop': columns[0] 'id': type: "
                         "expected one of int64, "));
  CHECK(line_of_entity(0, [](json& e) { e["columns"][0]["nullable"] = 1; })
        == "catalog: entities[0] 'shop': columns[0] 'id': nullable: expected "
           "true or false, got 1");
  CHECK(line_of_entity(0, [](json& e) { e["columns"][1]["length"] = -1; })
            .ends_with("length: expected a whole number from 0 to 4294967295, "
                       "got -1"));
  CHECK(line_of_entity(0, [](json& e) { e["columns"][0]["collation"] = "x"; })
            .ends_with("collation: expected a column of type text to have it, "
                       "got \"x\""));
  CHECK(line_of_entity(1, [](json& e) { e["weight"] = "much"; })
        == "catalog: entities[1] 'item': weight: expected a number, got "
           "\"much\"");
  CHECK(line_of_entity(
            1, [](json& e) { e["relations"][0]["on_delete"] = "delete"; })
        == "catalog: entities[1] 'item': relations[0] 'shop': on_delete: "
           "expected one of restrict, cascade, set null, no action, got "
           "\"delete\"");
  CHECK(line_of_entity(0, [](json& e) { e["group"] = json::object(); })
        == "catalog: entities[0] 'shop': group: expected either 'column' or "
           "'via', got an object");
}

TEST_CASE("times are refused unless they are times") {
  for (auto bad : {"5", "s", "-5s", "5 s", "1.5s", "5x", "", "99999999999999s",
                   "9999999999s"}) {
    INFO(bad);
    auto what = line_of_entity(1, [&](json& e) { e["ttl"]["fresh"] = bad; });
    CHECK(what.starts_with("catalog: entities[1] 'item': ttl: fresh: expected "
                           "a "));
  }
}

TEST_CASE("each time may be set, in every unit") {
  auto document = sample();
  document["entities"][1]["ttl"] = {{"fresh", "1d"},
                                    {"stale_while_revalidate", "2h"},
                                    {"stale_on_error", "3m"},
                                    {"negative", "4s"}};
  auto c = *parsed(document);
  const auto& ttl = c->types()[1].ttl;
  CHECK(ttl.fresh == std::chrono::hours{24});
  CHECK(ttl.stale_while_revalidate == std::chrono::hours{2});
  CHECK(ttl.stale_on_error == std::chrono::minutes{3});
  CHECK(ttl.negative == std::chrono::seconds{4});
}

TEST_CASE("duplicate names are refused") {
  CHECK(line([](json& d) { d["entities"][1]["name"] = "shop"; })
        == "entities: expected distinct names, got entity 'shop' twice");
  CHECK(line([](json& d) { d["entities"][1]["table"] = "shops"; })
        == "entities: expected distinct names, got table 'shops' twice");
  CHECK(line_of_entity(0, [](json& e) { e["columns"][1]["name"] = "id"; })
        == "entity 'shop': expected distinct names, got column 'id' twice");
  CHECK(line_of_entity(
            0,
            [](json& e) {
              e["lookups"] = {{{"name", "code"}, {"columns", {"code"}}}};
            })
        == "entity 'shop': expected distinct names, got index 'code' twice");
  auto second = [](const char* name, const char* list) {
    return [=](json& e) {
      auto r = e["relations"][0];
      r["name"] = name;
      r["list"] = list;
      e["relations"].push_back(r);
    };
  };
  CHECK(line_of_entity(1, second("shop", "more"))
        == "entity 'item': expected distinct names, got relation 'shop' twice");
  CHECK(line_of_entity(1, second("other", "items"))
        == "entity 'item': expected distinct names, got index 'shop.items' "
           "twice");
  CHECK(line_of_entity(0,
                       [](json& e) {
                         e["primary_key"] = {"id", "id"};
                       })
        == "entity 'shop': primary_key: expected distinct columns, got 'id' "
           "twice");
}

TEST_CASE("two children may not share a list name of their parent") {
  CHECK(line([](json& d) {
          auto other = d["entities"][1];
          other["name"] = other["table"] = "thing";
          d["entities"].push_back(other);
        })
        == "entity 'thing': relation 'shop': expected a list name that 'shop' "
           "does not have yet, got 'items'");
}

TEST_CASE("missing columns are named") {
  CHECK(line_of_entity(0, [](json& e) { e["columns"] = json::array(); })
        == "entity 'shop': expected 1 to 65535 columns");
  CHECK(line_of_entity(0, [](json& e) { e["primary_key"] = {"nr"}; })
        == "entity 'shop': primary_key: expected a column of 'shop', got 'nr'");
  CHECK(line_of_entity(0, [](json& e) { e["primary_key"] = json::array(); })
        == "entity 'shop': primary_key: expected at least one column");
  CHECK(line_of_entity(0, [](json& e) { e.erase("primary_key"); })
        == "catalog: entities[0] 'shop': expected the key 'primary_key'");
  CHECK(line_of_entity(0, [](json& e) { e["unique"][0]["columns"] = {"nr"}; })
        == "entity 'shop': index 'code': expected a column of 'shop', got "
           "'nr'");
  CHECK(line_of_entity(0, [](json& e) { e["group"]["column"] = "nr"; })
        == "entity 'shop': group: expected a column of 'shop', got 'nr'");
  CHECK(line([](json& d) { d["entities"] = json::array(); })
        == "entities: expected 1 to 65535 entities");
}

TEST_CASE("a primary key may not be nullable") {
  CHECK(line_of_entity(1, [](json& e) { e["primary_key"] = {"shop_id"}; })
        == "entity 'item': primary_key: expected columns that are not "
           "nullable, got 'shop_id'");
}

TEST_CASE("relations must point at one row of a known entity") {
  auto edit = [](const char* key, json to) {
    return line_of_entity(
        1, [&](json& e) { e["relations"][0][key] = std::move(to); });
  };
  std::string where = "entity 'item': relation 'shop': ";
  CHECK(edit("references", "store")
        == where + "expected an entity of this catalog, got 'store'");
  CHECK(edit("columns", {"shop"})
        == where + "expected a column of 'item', got 'shop'");
  CHECK(edit("referenced", {"nr"})
        == where + "expected a column of 'shop', got 'nr'");
  CHECK(edit("columns", {"shop_id", "id"})
        == where + "expected as many columns as it references");
  CHECK(edit("referenced", {"code"})
        == where
               + "expected column 'shop_id' to be text as 'shop.code' is, "
                 "got int64");
  CHECK(line([](json& d) {
          d["entities"][0].erase("unique");
          d["entities"][1]["relations"][0]["referenced"] = {"code"};
        })
        == where
               + "expected to reference the primary key or a unique key of "
                 "'shop', in its order");
}

TEST_CASE("group paths must end at a column") {
  CHECK(line_of_entity(1, [](json& e) { e["group"]["via"] = "store"; })
        == "entity 'item': group: expected a relation of 'item', got 'store'");
  CHECK(line_of_entity(0, [](json& e) { e.erase("group"); })
        == "entity 'item': group: expected a path to an entity with a group "
           "column, got item -> shop");
  auto self = [](json& e) {
    e["relations"] = {{{"name", "parent"},
                       {"list", "branches"},
                       {"columns", {"id"}},
                       {"references", "shop"},
                       {"referenced", {"id"}}}};
    e["group"] = {{"via", "parent"}};
  };
  CHECK(line_of_entity(0, self)
        == "entity 'shop': group: expected a path that ends, got the cycle "
           "shop -> shop");
  // The cycle is met first from the entity that only leads into it.
  CHECK(line([&](json& d) {
          self(d["entities"][0]);
          std::swap(d["entities"][0], d["entities"][1]);
        })
            .starts_with("entity 'item': group: expected a path that ends, got "
                         "the cycle item -> shop -> shop"));
}

TEST_CASE("a name with a line break leaves the line whole") {
  CHECK(line([](json& d) { d["a\nb"] = 1; })
        == "catalog: unknown key 'a?b', expected one of version, entities");
  CHECK(line_of_entity(0, [](json& e) { e["primary_key"] = {"a\nb"}; })
        == "entity 'shop': primary_key: expected a column of 'shop', got "
           "'a?b'");
}

TEST_CASE("an eviction policy that is not there is refused") {
  CHECK(line_of_entity(1, [](json& e) { e["eviction"] = "random"; })
        == "entity 'item': eviction: expected one of adaptive_fifo, lru, "
           "s3_fifo, sieve, w_tiny_lfu, got 'random'");
}

TEST_CASE("weights are above zero") {
  CHECK(line_of_entity(1, [](json& e) { e["weight"] = 0; })
        == "entity 'item': weight: expected a number above zero");
}

TEST_CASE("a catalog file is read, and named when it cannot be") {
  std::string file;
  {
    temporary_folder folder;
    file = folder.write("shop.json", sample().dump());
    auto c = catalog::load(file);
    if (!c)
      FAIL(c.error().what);
    CHECK((*c)->size() == 2);
  }
  CHECK(catalog::load(file).error().what
        == file + ": expected a readable catalog file");
}
