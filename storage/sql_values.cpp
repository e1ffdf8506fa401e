#include "storage/sql_values.hpp"

#include <algorithm>

namespace toadcache {

namespace {

bool counts_characters(column_type t) noexcept {
  return t == column_type::text || t == column_type::json;
}

/// Length in the unit of `column::max_length`.
size_t length_of(column_type t, std::string_view bytes) noexcept {
  return counts_characters(t) ? character_count(bytes) : bytes.size();
}

} // namespace

std::string place_of(const entity_type& type, size_t column) {
  return "table " + type.table + ", column " + type.columns[column].name;
}

size_t character_count(std::string_view text) noexcept {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      }));
}

result<value> checked_value(const entity_type& type, size_t column, value v) {
  auto& c = type.columns[column];
  if (v.is_null()) {
    if (!c.nullable)
      return fail(errc::invalid,
                  place_of(type, column) + ": expected a value, got NULL");
    return v;
  }
  auto typed = coerce(std::move(v), c.type);
  if (!typed)
    return fail(errc::invalid,
                place_of(type, column) + ": " + typed.error().what);
  auto* bytes = std::get_if<std::string>(&typed->data());
  // Every character takes at least a byte, so short values need no count.
  if (bytes != nullptr && c.max_length != 0 && bytes->size() > c.max_length) {
    auto length = length_of(c.type, *bytes);
    if (length > c.max_length)
      return fail(errc::invalid,
                  place_of(type, column) + ": expected at most "
                      + std::to_string(c.max_length)
                      + (counts_characters(c.type) ? " characters" : " bytes")
                      + ", got " + std::to_string(length));
  }
  return typed;
}

result<row> checked_row(const entity_type& type, std::vector<value> values) {
  if (values.size() != type.columns.size())
    return fail(errc::invalid, "table " + type.table + ": expected "
                                   + std::to_string(type.columns.size())
                                   + " columns, got "
                                   + std::to_string(values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    auto checked = checked_value(type, i, std::move(values[i]));
    if (!checked)
      return fail(checked.error());
    values[i] = std::move(*checked);
  }
  return row::encode(type.types, values);
}

} // namespace toadcache
