#include "client/record.hpp"

namespace toadcache {

result<value_view> record::at(std::string_view column) const {
  if (type_ == nullptr)
    return fail(errc::not_found, "an empty record has no columns");
  auto i = type_->find_column(column);
  if (!i)
    return fail(errc::invalid,
                type_->name + "." + std::string{column} + ": no such column");
  if (!found())
    return fail(errc::not_found, type_->name + ": no such row");
  return reply_.content.at(*i);
}

int64_t record::int_at(std::string_view column) const {
  auto v = at(column);
  if (!v)
    return 0;
  if (auto i = std::get_if<int64_t>(&*v))
    return *i;
  if (auto u = std::get_if<uint64_t>(&*v))
    return static_cast<int64_t>(*u);
  return 0;
}

std::string_view record::text_at(std::string_view column) const {
  auto v = at(column);
  if (!v)
    return {};
  auto s = std::get_if<std::string_view>(&*v);
  return s ? *s : std::string_view{};
}

bool record::is_null(std::string_view column) const {
  auto v = at(column);
  return !v || std::holds_alternative<std::monostate>(*v);
}

std::vector<value> record::id() const {
  std::vector<value> out;
  for (auto i : type_->primary_key)
    out.emplace_back(reply_.content.at(i));
  return out;
}

toadcache::version record::version() const {
  return {std::nullopt, content().content_hash(),
          std::string{text_at("updated")}};
}

record& record::set(std::string column, value v) {
  for (auto& [name, old] : changes_)
    if (name == column) {
      old = std::move(v);
      return *this;
    }
  changes_.emplace_back(std::move(column), std::move(v));
  return *this;
}

const trees& tree::at(std::string_view name) const {
  static const trees none;
  auto i = related.find(name);
  return i == related.end() ? none : i->second;
}

} // namespace toadcache
