#include "tests/simulation/sim_filter.hpp"

#include <algorithm>

#include "tests/simulation/sim_server.hpp"

namespace toadcache::simulation {

namespace {

// Bytes that sort as the column compares.
std::string sortable(const column& c, value v) {
  if (auto typed = coerce(v, c.type))
    v = std::move(*typed);
  if (auto text = std::get_if<std::string>(&v.data());
      text && c.type == column_type::text && !c.compares_bytes())
    *text = collated(*text);
  return std::string{encode_key(std::span<const value>{&v, 1}).view()};
}

bool like(std::string_view text, std::string_view pattern) {
  if (pattern.empty())
    return text.empty();
  if (pattern.front() == '%') {
    for (size_t i = 0; i <= text.size(); ++i)
      if (like(text.substr(i), pattern.substr(1)))
        return true;
    return false;
  }
  return !text.empty() && (pattern.front() == '_' || pattern[0] == text[0])
         && like(text.substr(1), pattern.substr(1));
}

bool meets(const entity_type& type, const row& r, const comparison& test) {
  auto& c = type.columns[test.column];
  auto null = r.is_null(test.column);
  if (test.op == compare::is_null)
    return null;
  if (test.op == compare::is_not_null)
    return !null;
  if (null)
    return false;
  auto held = sortable(c, value{r.at(test.column)});
  auto operand = [&](size_t i) { return sortable(c, test.operands[i]); };
  switch (test.op) {
  case compare::eq:
    return held == operand(0);
  case compare::ne:
    return held != operand(0);
  case compare::lt:
    return held < operand(0);
  case compare::le:
    return held <= operand(0);
  case compare::gt:
    return held > operand(0);
  case compare::ge:
    return held >= operand(0);
  case compare::like: {
    auto pattern = std::get_if<std::string>(&test.operands[0].data());
    return pattern != nullptr
           && like(collated(r.text_at(test.column)), collated(*pattern));
  }
  case compare::in:
    for (size_t i = 0; i < test.operands.size(); ++i)
      if (held == operand(i))
        return true;
    return false;
  default:
    return false;
  }
}

} // namespace

bool satisfies(const entity_type& type, const row& r, const filter& where) {
  return std::all_of(where.all_of.begin(), where.all_of.end(),
                     [&](auto& test) { return meets(type, r, test); });
}

void arrange(const entity_type& type, const filter& where,
             std::vector<row>& rows) {
  std::stable_sort(rows.begin(), rows.end(), [&](const row& a, const row& b) {
    for (auto& [column, descending] : where.order_by) {
      auto& c = type.columns[column];
      auto x = sortable(c, value{a.at(column)});
      auto y = sortable(c, value{b.at(column)});
      if (x != y)
        return descending ? x > y : x < y;
    }
    return false;
  });
  if (where.limit != 0 && rows.size() > where.limit)
    rows.resize(where.limit);
}

} // namespace toadcache::simulation
