#include "tools/table_writer.hpp"

#include <array>
#include <ctime>

namespace toadcache {

namespace {

result<assignments> by_position(const entity_type& type, const fields& set) {
  assignments out;
  for (const auto& [name, v] : set) {
    auto i = type.find_column(name);
    if (!i)
      return fail(errc::invalid, type.name + ": no column '" + name + "'");
    out.emplace_back(*i, v);
  }
  return out;
}

result<index_id> index_of(const entity_type& type, std::string_view name) {
  for (const auto& r : type.relations)
    if (r.name == name)
      return r.list_index;
  if (auto i = type.find_index(name))
    return *i;
  return fail(errc::invalid, type.name + ": no lookup or relation '"
                                 + std::string{name} + "'");
}

} // namespace

std::string time_stamp() {
  auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  auto size
      = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return {text.data(), size};
}

table_writer::table_writer(std::unique_ptr<session> to, const catalog& types)
    : to_(std::move(to)), types_(types) {}

result<row> table_writer::find(std::string_view entity,
                               const std::vector<value>& id) {
  const auto& type = *types_.find(entity);
  auto k = type.make_key(primary_index, id);
  if (!k)
    return fail(k.error());
  auto rows = to_->read_keys(type, std::span{&*k, 1}, false);
  if (!rows)
    return fail(rows.error());
  return rows->empty() ? row{} : rows->front();
}

result<std::vector<row>> table_writer::list(std::string_view entity,
                                            std::string_view index,
                                            const std::vector<value>& of) {
  const auto& type = *types_.find(entity);
  auto i = index_of(type, index);
  if (!i)
    return fail(i.error());
  auto k = type.make_key(*i, of);
  if (!k)
    return fail(k.error());
  return to_->read_index(type, *i, std::span{&*k, 1}, false);
}

result<void> table_writer::insert(std::string_view entity, fields set) {
  const auto& type = *types_.find(entity);
  set.emplace_back("created", time_stamp());
  set.emplace_back("updated", set.back().second);
  auto values = by_position(type, set);
  if (!values)
    return fail(values.error());
  auto made = to_->insert(type, *values);
  if (!made)
    return fail(made.error());
  return {};
}

result<void> table_writer::update(std::string_view entity,
                                  const std::vector<value>& id, fields set) {
  const auto& type = *types_.find(entity);
  set.emplace_back("updated", time_stamp());
  auto k = type.make_key(primary_index, id);
  if (!k)
    return fail(k.error());
  auto values = by_position(type, set);
  if (!values)
    return fail(values.error());
  auto matched = to_->update(type, *k, *values);
  if (!matched)
    return fail(matched.error());
  return {};
}

template <class F>
result<void> table_writer::alone(F write) {
  if (auto begun = to_->begin(); !begun)
    return begun;
  if (auto done = write(); !done) {
    to_->rollback();
    return done;
  }
  auto end = to_->commit();
  if (end.how != outcome::committed)
    return fail(end.why);
  return {};
}

result<void> table_writer::insert_alone(std::string_view entity, fields set) {
  return alone([&] { return insert(entity, std::move(set)); });
}

result<void> table_writer::update_alone(std::string_view entity,
                                        const std::vector<value>& id,
                                        fields set) {
  return alone([&] { return update(entity, id, std::move(set)); });
}

} // namespace toadcache
