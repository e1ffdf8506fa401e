#include "client/includes.hpp"

#include <algorithm>
#include <optional>

#include "client/reader.hpp"

namespace toadcache {

namespace {

// One step of a path: from an entity to the rows of another.
struct way {
  const entity_type* to = nullptr;
  index_id index = 0;          ///< of `to`: how its rows are found
  std::vector<size_t> columns; ///< of the entity left: the values asked
};

// The index of `type` over exactly these columns, in this order.
std::optional<index_id> index_over(const entity_type& type,
                                   const std::vector<size_t>& columns) {
  if (type.primary_key == columns)
    return primary_index;
  for (size_t i = 0; i < type.indexes.size(); ++i)
    if (type.indexes[i].columns == columns)
      return static_cast<index_id>(i + 1);
  return std::nullopt;
}

result<way> find_way(const catalog& types, const entity_type& from,
                     std::string_view name) {
  if (auto child = types.find_list(from.id, name)) {
    auto& to = types[child->child];
    auto& r = to.relations[child->relation];
    return way{&to, r.list_index, r.parent_columns};
  }
  for (auto& r : from.relations) {
    if (r.name != name)
      continue;
    auto& to = types[r.parent];
    if (auto i = index_over(to, r.parent_columns))
      return way{&to, *i, r.columns};
  }
  return fail(errc::invalid, from.name + ": there is no relation '"
                                 + std::string{name} + "' to include");
}

// The key that finds the rows related to `r`; nothing where a value is NULL.
std::optional<key> key_along(const way& w, const record& r) {
  std::vector<value> asked;
  for (auto i : w.columns)
    asked.emplace_back(r.content().at(i));
  auto k = w.to->make_key(w.index, asked);
  if (!k)
    return std::nullopt;
  return std::move(*k);
}

answer<records> read_along(client_core& core, const way& w,
                           const std::optional<key>& k,
                           const read_options& how) {
  if (!k)
    return result<records>{records{}};
  if (k->is_row())
    return read_rows(core, *w.to, std::vector<key>{*k}, how);
  return read_list(core, *w.to, *k, how);
}

} // namespace

task<result<trees>> expand(client_core_ptr core, const entity_type* type,
                           records roots, std::vector<std::string> paths,
                           read_options how) {
  trees out;
  for (auto& r : roots)
    out.push_back({std::move(r), {}});
  std::map<std::string, std::vector<std::string>> steps;
  for (auto& p : paths) {
    auto dot = p.find('.');
    auto& rest = steps[p.substr(0, dot)];
    if (dot != std::string::npos)
      rest.push_back(p.substr(dot + 1));
  }
  for (auto& [name, rest] : steps) {
    auto w = find_way(*core->shared->types, *type, name);
    if (!w)
      co_return fail(std::move(w.error()));
    std::vector<answer<records>> asked; // all at once, then in order
    for (auto& t : out)
      asked.push_back(read_along(
          *core, *w, t.self ? key_along(*w, t.self) : std::nullopt, how));
    for (size_t i = 0; i < out.size(); ++i) {
      auto rows = co_await asked[i];
      if (!rows)
        co_return fail(std::move(rows.error()));
      std::erase_if(*rows, [](const record& r) { return !r.found(); });
      auto below = co_await expand(core, w->to, std::move(*rows), rest, how);
      if (!below)
        co_return fail(std::move(below.error()));
      out[i].related[name] = std::move(*below);
    }
  }
  co_return std::move(out);
}

task<result<tree>> expand_row(client_core_ptr core, const entity_type* type,
                              answer<record> root,
                              std::vector<std::string> paths,
                              read_options how) {
  auto r = co_await root;
  if (!r)
    co_return fail(std::move(r.error()));
  records one;
  one.push_back(std::move(*r));
  auto all = co_await expand(core, type, std::move(one), std::move(paths), how);
  if (!all)
    co_return fail(std::move(all.error()));
  co_return std::move(all->front());
}

task<result<trees>> expand_rows(client_core_ptr core, const entity_type* type,
                                answer<records> roots,
                                std::vector<std::string> paths,
                                read_options how) {
  auto r = co_await roots;
  if (!r)
    co_return fail(std::move(r.error()));
  co_return co_await expand(core, type, std::move(*r), std::move(paths), how);
}

} // namespace toadcache
