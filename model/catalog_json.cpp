#include <charconv>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "model/catalog_builder.hpp"

namespace toadcache {

namespace {

using nlohmann::json;
using ordered = nlohmann::ordered_json;

// Thrown and caught in this file only: the one line of the first mistake.
struct bad_catalog {
  std::string line;
};

constexpr std::pair<reference_action, std::string_view> actions[] = {
    {reference_action::restrict, "restrict"},
    {reference_action::cascade, "cascade"},
    {reference_action::set_null, "set null"},
    {reference_action::no_action, "no action"},
};

// A value of the document with the place to name in errors.
class node {
public:
  node(const json& value, std::string where)
      : value_(&value), where_(std::move(where)) {}

  [[noreturn]] void refuse(const std::string& expected) const {
    throw bad_catalog{where_ + ": expected " + expected + ", got " + shown()};
  }

  // The object's keys are among `known`.
  void only(std::initializer_list<std::string_view> known) const {
    if (!value_->is_object())
      refuse("an object");
    for (const auto& [name, unused] : value_->items()) {
      if (std::find(known.begin(), known.end(), name) != known.end())
        continue;
      std::string list;
      for (auto k : known)
        list += (list.empty() ? "" : ", ") + std::string{k};
      throw bad_catalog{where_ + ": unknown key '" + name
                        + "', expected one of " + list};
    }
  }

  [[nodiscard]] bool has(const char* name) const {
    return value_->contains(name);
  }
  [[nodiscard]] node operator[](const char* name) const {
    if (!has(name))
      throw bad_catalog{where_ + ": expected the key '" + name + "'"};
    return {(*value_)[name], where_ + ": " + name};
  }

  // The elements of an array, named by their "name" where they have one.
  [[nodiscard]] std::vector<node> elements() const {
    if (!value_->is_array())
      refuse("an array");
    std::vector<node> out;
    for (const auto& x : *value_) {
      auto place = where_ + "[" + std::to_string(out.size()) + "]";
      if (x.is_object() && x.contains("name") && x["name"].is_string())
        place += " '" + x["name"].get<std::string>() + "'";
      out.emplace_back(x, std::move(place));
    }
    return out;
  }

  [[nodiscard]] std::string text() const {
    if (!value_->is_string())
      refuse("a string");
    return value_->get<std::string>();
  }
  [[nodiscard]] std::string filled_text() const {
    auto out = text();
    if (out.empty())
      refuse("a string that is not empty");
    return out;
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const auto& x : elements())
      out.push_back(x.text());
    return out;
  }
  [[nodiscard]] bool truth() const {
    if (!value_->is_boolean())
      refuse("true or false");
    return value_->get<bool>();
  }
  [[nodiscard]] double number() const {
    if (!value_->is_number())
      refuse("a number");
    return value_->get<double>();
  }
  [[nodiscard]] uint32_t count() const {
    if (!value_->is_number_unsigned()
        || value_->get<uint64_t>() > std::numeric_limits<uint32_t>::max())
      refuse("a whole number from 0 to 4294967295");
    return value_->get<uint32_t>();
  }
  [[nodiscard]] milliseconds duration() const;
  [[nodiscard]] column_type type() const {
    auto out = parse_column_type(text());
    if (!out)
      throw bad_catalog{where_ + ": " + out.error().what};
    return *out;
  }
  [[nodiscard]] reference_action action() const {
    std::string known;
    for (const auto& [action, name] : actions) {
      if (name == text())
        return action;
      known += (known.empty() ? "" : ", ") + std::string{name};
    }
    refuse("one of " + known);
  }

private:
  [[nodiscard]] std::string shown() const {
    if (value_->is_object() || value_->is_array())
      return "an " + std::string{value_->type_name()};
    return value_->dump(-1, ' ', true, json::error_handler_t::replace);
  }

  const json* value_; // not owning: the document outlives its nodes
  std::string where_;
};

constexpr std::pair<std::string_view, int64_t> units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

milliseconds node::duration() const {
  const auto expected = "a time as \"600s\" (ms, s, m, h or d)";
  auto all = text();
  int64_t number = 0;
  const char* last = all.data() + all.size();
  auto [unit, error] = std::from_chars(all.data(), last, number);
  if (error != std::errc{} || number < 0)
    refuse(expected);
  for (const auto& [name, factor] : units) {
    if (name != std::string_view{unit, static_cast<size_t>(last - unit)})
      continue;
    if (number > std::numeric_limits<int32_t>::max())
      refuse("a shorter time");
    return milliseconds{number * factor};
  }
  refuse(expected);
}

column read_column(const node& n) {
  n.only({"name", "type", "nullable", "length", "collation", "sql_type",
          "default", "auto_increment"});
  column c;
  c.name = n["name"].filled_text();
  c.type = n["type"].type();
  c.nullable = n.has("nullable") && n["nullable"].truth();
  if (n.has("length"))
    c.max_length = n["length"].count();
  if (n.has("collation")) {
    if (c.type != column_type::text)
      n["collation"].refuse("a column of type text to have it");
    c.collation = n["collation"].filled_text();
  } else if (c.type == column_type::text) {
    c.collation = "utf8mb4_general_ci";
  }
  c.sql_type = n["sql_type"].filled_text();
  if (n.has("default"))
    c.sql_default = n["default"].filled_text();
  c.auto_increment = n.has("auto_increment") && n["auto_increment"].truth();
  return c;
}

std::vector<index_draft> read_indexes(const node& n) {
  std::vector<index_draft> out;
  for (const auto& x : n.elements()) {
    x.only({"name", "columns"});
    out.push_back({x["name"].filled_text(), x["columns"].texts()});
  }
  return out;
}

relation_draft read_relation(const node& n) {
  n.only({"name", "list", "columns", "references", "referenced", "on_update",
          "on_delete"});
  relation_draft r;
  r.name = n["name"].filled_text();
  r.list_name = n["list"].filled_text();
  r.columns = n["columns"].texts();
  r.parent = n["references"].filled_text();
  r.parent_columns = n["referenced"].texts();
  if (n.has("on_update"))
    r.on_update = n["on_update"].action();
  if (n.has("on_delete"))
    r.on_delete = n["on_delete"].action();
  return r;
}

ttl_options read_ttl(const node& n, ttl_options ttl) {
  n.only({"fresh", "stale_while_revalidate", "stale_on_error", "negative"});
  auto read = [&](const char* name, milliseconds& to) {
    if (n.has(name))
      to = n[name].duration();
  };
  read("fresh", ttl.fresh);
  read("stale_while_revalidate", ttl.stale_while_revalidate);
  read("stale_on_error", ttl.stale_on_error);
  read("negative", ttl.negative);
  return ttl;
}

entity_draft read_entity(const node& n, const ttl_options& defaults) {
  n.only({"name", "table", "columns", "primary_key", "unique", "lookups",
          "relations", "group", "ttl", "weight", "eviction"});
  entity_draft e;
  e.name = n["name"].filled_text();
  e.table = n["table"].filled_text();
  for (const auto& x : n["columns"].elements())
    e.columns.push_back(read_column(x));
  e.primary_key = n["primary_key"].texts();
  if (n.has("unique"))
    e.unique = read_indexes(n["unique"]);
  if (n.has("lookups"))
    e.lookups = read_indexes(n["lookups"]);
  if (n.has("relations"))
    for (const auto& x : n["relations"].elements())
      e.relations.push_back(read_relation(x));
  if (n.has("group")) {
    auto group = n["group"];
    group.only({"column", "via"});
    if (group.has("column"))
      e.group_column = group["column"].filled_text();
    if (group.has("via"))
      e.group_relation = group["via"].filled_text();
    if (e.group_column.has_value() == e.group_relation.has_value())
      group.refuse("either 'column' or 'via'");
  }
  e.ttl = n.has("ttl") ? read_ttl(n["ttl"], defaults) : defaults;
  if (n.has("weight"))
    e.weight = n["weight"].number();
  if (n.has("eviction"))
    e.eviction = n["eviction"].filled_text();
  return e;
}

// Refuses a key written twice in one object, of which one would be lost.
json parse_document(std::string_view text) {
  std::vector<std::set<std::string>> open;
  auto check = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start)
      open.emplace_back();
    else if (event == json::parse_event_t::object_end)
      open.pop_back();
    else if (event == json::parse_event_t::key
             && !open.back().insert(parsed.get<std::string>()).second)
      throw bad_catalog{"expected distinct keys, got '"
                        + parsed.get<std::string>() + "' twice in one object"};
    return true;
  };
  return json::parse(text, check);
}

std::string print(milliseconds t) {
  if (t.count() % 1000 == 0)
    return std::to_string(t.count() / 1000) + "s";
  return std::to_string(t.count()) + "ms";
}

ordered to_json(const column& c) {
  ordered out{{"name", c.name}, {"type", to_string(c.type)}};
  if (c.nullable)
    out["nullable"] = true;
  if (c.max_length != 0)
    out["length"] = c.max_length;
  if (!c.collation.empty())
    out["collation"] = c.collation;
  out["sql_type"] = c.sql_type;
  if (c.sql_default)
    out["default"] = *c.sql_default;
  if (c.auto_increment)
    out["auto_increment"] = true;
  return out;
}

ordered to_json(const entity_type& type, const catalog& all) {
  auto named = [](const entity_type& t, const std::vector<size_t>& columns) {
    auto out = ordered::array();
    for (auto at : columns)
      out.push_back(t.columns[at].name);
    return out;
  };
  ordered out{{"name", type.name}, {"table", type.table}};
  for (const auto& c : type.columns)
    out["columns"].push_back(to_json(c));
  out["primary_key"] = named(type, type.primary_key);
  for (const auto& i : type.indexes)
    if (i.kind != index::kind_type::relation)
      out[i.kind == index::kind_type::unique ? "unique" : "lookups"].push_back(
          {{"name", i.name}, {"columns", named(type, i.columns)}});
  for (const auto& r : type.relations) {
    const auto& parent = all[r.parent];
    out["relations"].push_back(
        {{"name", r.name},
         {"list", r.list_name},
         {"columns", named(type, r.columns)},
         {"references", parent.name},
         {"referenced", named(parent, r.parent_columns)},
         {"on_update", actions[static_cast<size_t>(r.on_update)].second},
         {"on_delete", actions[static_cast<size_t>(r.on_delete)].second}});
  }
  if (type.group_column)
    out["group"] = {{"column", type.columns[*type.group_column].name}};
  if (type.group_relation)
    out["group"] = {{"via", type.relations[*type.group_relation].name}};
  out["ttl"]
      = {{"fresh", print(type.ttl.fresh)},
         {"stale_while_revalidate", print(type.ttl.stale_while_revalidate)},
         {"stale_on_error", print(type.ttl.stale_on_error)},
         {"negative", print(type.ttl.negative)}};
  out["weight"] = type.weight;
  out["eviction"] = type.eviction;
  return out;
}

} // namespace

result<std::shared_ptr<const catalog>>
catalog::parse(std::string_view text, std::string_view origin,
               const ttl_options& defaults) {
  try {
    auto document = parse_document(text);
    node top{document, "catalog"};
    top.only({"version", "entities"});
    if (top["version"].count() != format_version)
      top["version"].refuse(std::to_string(format_version));
    std::vector<entity_draft> drafts;
    for (const auto& x : top["entities"].elements())
      drafts.push_back(read_entity(x, defaults));
    return catalog_builder::build(origin, std::move(drafts));
  } catch (const bad_catalog& e) {
    return catalog_builder::refusal(origin, e.line);
  } catch (const json::exception& e) {
    return catalog_builder::refusal(origin,
                                    std::string{"expected JSON: "} + e.what());
  }
}

std::string catalog::to_json() const {
  ordered out{{"version", format_version}, {"entities", ordered::array()}};
  for (const auto& type : types_)
    out["entities"].push_back(toadcache::to_json(type, *this));
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace toadcache
