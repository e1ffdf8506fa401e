#include "storage/binlog_rows.hpp"

#include <algorithm>

#include "storage/sql_values.hpp"

namespace toadcache {

namespace {

bool bit_of(std::string_view bits, size_t i) {
  return (static_cast<unsigned char>(bits[i / 8]) >> i % 8 & 1) != 0;
}

size_t count_bits(std::string_view bits, size_t count) {
  size_t out = 0;
  for (size_t i = 0; i < count; ++i)
    out += bit_of(bits, i) ? 1 : 0;
  return out;
}

tl::unexpected<failure> misfit(const entity_type& type,
                               const std::string& what) {
  return fail(errc::invalid, "table " + type.table + ": " + what);
}

bool all_known(const std::vector<std::optional<value>>& image) {
  return std::all_of(image.begin(), image.end(),
                     [](auto& v) { return v.has_value(); });
}

} // namespace

result<row_decoder> row_decoder::make(const entity_type& type,
                                      const table_map_event& map,
                                      const table_layout& live) {
  if (map.columns.size() != live.columns.size())
    return misfit(type, "the log has " + std::to_string(map.columns.size())
                            + " columns, the table "
                            + std::to_string(live.columns.size()));
  row_decoder out{type};
  size_t found = 0;
  for (size_t i = 0; i < map.columns.size(); ++i) {
    auto& name = live.columns[i].name;
    auto reader = make_reader(map.columns[i], map.signs, live.columns[i]);
    if (!reader)
      return misfit(type, "column " + name + " was " + live.columns[i].sql_type
                              + " never or no longer in the log");
    source s{std::move(*reader), unwanted};
    if (auto column = type.find_column(name)) {
      s.column = *column;
      ++found;
      if (s.reader.readable && !yields(s.reader, type.types[*column]))
        return misfit(type, "column " + name + " is " + live.columns[i].sql_type
                                + ", which the catalog does not say");
    }
    out.sources_.push_back(std::move(s));
  }
  if (found != type.columns.size())
    return misfit(type, "it lacks columns of the catalog");
  return out;
}

result<row_decoder::image>
row_decoder::read_image(byte_cursor& c, std::string_view present) const {
  image out(type_->columns.size());
  auto there = count_bits(present, sources_.size());
  auto nulls = c.take((there + 7) / 8);
  if (!c.ok())
    return fail(errc::corrupt,
                "row image of " + type_->table + ": it is cut off");
  size_t n = 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (!bit_of(present, i))
      continue;
    auto& [reader, column] = sources_[i];
    auto is_null = bit_of(nulls, n++);
    auto bytes = is_null ? std::string_view{} : take_value(c, reader);
    if (!c.ok())
      return fail(errc::corrupt,
                  "row image of " + type_->table + ": it is cut off");
    if (column == unwanted || !reader.readable)
      continue;
    if (is_null)
      out[column].emplace();
    else
      out[column] = value_of(bytes, reader);
  }
  return out;
}

result<row> row_decoder::full_row(image& from) const {
  std::vector<value> values;
  values.reserve(from.size());
  for (auto& v : from)
    values.push_back(std::move(*v));
  return checked_row(*type_, std::move(values));
}

assignments row_decoder::known(const image& from) const {
  assignments out;
  for (size_t i = 0; i < from.size(); ++i)
    if (from[i])
      out.emplace_back(i, *from[i]);
  return out;
}

result<key> row_decoder::key_in(const image& from) const {
  std::vector<value> values;
  for (auto column : type_->primary_key) {
    if (!from[column])
      return fail(errc::invalid,
                  place_of(*type_, column) + ": the log does not tell it");
    values.push_back(*from[column]);
  }
  return type_->make_key(primary_index, values);
}

result<logged_change> row_decoder::change_of(rows_event::kind_type kind,
                                             image before, image after) const {
  using kind_type = rows_event::kind_type;
  logged_change out;
  out.kind = static_cast<logged_change::kind_type>(kind);
  // What an update's second image leaves out has not changed.
  if (kind == kind_type::update)
    for (size_t i = 0; i < after.size(); ++i)
      if (!after[i] && before[i])
        after[i] = before[i];
  auto id = key_in(kind == kind_type::insert ? after : before);
  if (!id)
    return fail(id.error());
  out.rows.id = std::move(*id);
  if (kind == kind_type::update) {
    auto new_id = key_in(after);
    if (!new_id)
      return fail(new_id.error());
    if (*new_id != out.rows.id)
      out.new_id = std::move(*new_id);
  }
  auto take = [&](image& from, row& to, assignments& part) -> result<void> {
    if (!all_known(from)) {
      part = known(from);
      out.rows.complete = false;
      return {};
    }
    auto r = full_row(from);
    if (!r)
      return fail(r.error());
    to = std::move(*r);
    return {};
  };
  if (kind != kind_type::insert)
    if (auto ok = take(before, out.rows.before, out.known_before); !ok)
      return fail(ok.error());
  if (kind != kind_type::erase)
    if (auto ok = take(after, out.rows.after, out.known_after); !ok)
      return fail(ok.error());
  return out;
}

result<decoded_rows> row_decoder::decode(const rows_event& e) const {
  using kind_type = rows_event::kind_type;
  if (e.columns_count != sources_.size())
    return fail(errc::corrupt, "rows of " + type_->table + ": expected "
                                   + std::to_string(sources_.size())
                                   + " columns, got "
                                   + std::to_string(e.columns_count));
  decoded_rows out;
  byte_cursor c{e.images};
  if (c.left() == 0)
    out.unknown = "table " + type_->table + ": a row without columns";
  while (c.left() > 0) {
    auto left = c.left();
    image before;
    image after;
    if (e.kind != kind_type::insert) {
      auto read = read_image(c, e.before_columns);
      if (!read)
        return fail(read.error());
      before = std::move(*read);
    }
    if (e.kind != kind_type::erase) {
      auto read = read_image(c, e.after_columns);
      if (!read)
        return fail(read.error());
      after = std::move(*read);
    }
    if (c.left() == left)
      return fail(errc::corrupt,
                  "rows of " + type_->table + ": images without columns");
    auto change = change_of(e.kind, std::move(before), std::move(after));
    if (change)
      out.changes.push_back(std::move(*change));
    else
      out.unknown = change.error().what;
  }
  return out;
}

} // namespace toadcache
