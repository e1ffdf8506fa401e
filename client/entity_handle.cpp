#include "client/entity_handle.hpp"

#include "client/administration.hpp"
#include "client/includes.hpp"
#include "client/operations.hpp"
#include "client/reader.hpp"
#include "client/writer.hpp"

namespace toadcache {

namespace {

// How long a blocking wait for an answer of several requests may take.
constexpr int requests_in_a_row = 8;

patience patience_of(const client_core& core, const read_options& how) {
  return {core.time_of(how.timeout) * requests_in_a_row, errc::timeout};
}

result<std::vector<operation>> one(result<operation> op) {
  return std::move(op).map(
      [](operation o) { return std::vector<operation>{std::move(o)}; });
}

auto first_record(const entity_type* type) {
  return [type](transaction_done done) {
    return written_record(*type, done.results.front());
  };
}

auto last_affected() {
  return [](transaction_done done) {
    auto& r = done.results.back();
    return affected{r.matched, r.changed};
  };
}

} // namespace

answer<record> entity_handle::find_by_pk(const values& id,
                                         const read_options& how) const {
  return read_row(*core_, *type_, type_->make_key(primary_index, id.all()),
                  how);
}

result<bool> entity_handle::visit_with(const values& id,
                                       const read_options& how, row_visitor f,
                                       void* with) const {
  auto k = type_->make_key(primary_index, id.all());
  if (!k)
    return fail(std::move(k.error()));
  return visit_row(*core_, *k, how, f, with);
}

result<key> entity_handle::key_of(const values& id) const {
  return type_->make_key(primary_index, id.all());
}

bool entity_handle::visit_key_with(const key& id, const read_options& how,
                                   row_visitor f, void* with) const {
  return id.type() == type_->id && id.is_row()
         && visit_row(*core_, id, how, f, with);
}

answer<records> entity_handle::find_many(const std::vector<value>& ids,
                                         const read_options& how) const {
  std::vector<key> keys;
  for (auto& id : ids) {
    auto k = type_->make_key(primary_index, {&id, 1});
    if (!k)
      return fail(std::move(k.error()));
    keys.push_back(std::move(*k));
  }
  return read_rows(*core_, *type_, std::move(keys), how);
}

answer<records>
entity_handle::find_many(const std::vector<std::vector<value>>& ids,
                         const read_options& how) const {
  std::vector<key> keys;
  for (auto& id : ids) {
    auto k = type_->make_key(primary_index, id);
    if (!k)
      return fail(std::move(k.error()));
    keys.push_back(std::move(*k));
  }
  return read_rows(*core_, *type_, std::move(keys), how);
}

answer<records> entity_handle::find_all(std::string_view index, const values& v,
                                        const read_options& how) const {
  return read_list(*core_, *type_, list_key(*type_, index, v), how);
}

answer<record> entity_handle::find_one(std::string_view index, const values& v,
                                       const read_options& how) const {
  return read_first(*core_, *type_, list_key(*type_, index, v), how);
}

answer<records> entity_handle::find_where(const query& q,
                                          const read_options& how) const {
  return read_where(*core_, *type_, to_filter(*type_, q), how);
}

answer<tree> entity_handle::find_with(const values& id,
                                      const std::vector<std::string>& paths,
                                      const read_options& how) const {
  return start_task<tree>(core_->where,
                          expand_row(core_->shared_from_this(), type_,
                                     find_by_pk(id, how), paths, how),
                          patience_of(*core_, how));
}

answer<trees>
entity_handle::find_all_with(std::string_view index, const values& v,
                             const std::vector<std::string>& paths,
                             const read_options& how) const {
  return start_task<trees>(core_->where,
                           expand_rows(core_->shared_from_this(), type_,
                                       find_all(index, v, how), paths, how),
                           patience_of(*core_, how));
}

answer<record> entity_handle::create(const fields& set,
                                     const write_options& how) const {
  return write<record>(*core_,
                       one(make_insert(*type_, set, core_->shared->wall_now())),
                       how, first_record(type_));
}

answer<record> entity_handle::update(const values& id, const fields& set,
                                     const write_options& how) const {
  return write<record>(
      *core_, one(make_update(*type_, id, set, core_->shared->wall_now())), how,
      first_record(type_));
}

answer<affected> entity_handle::update_where(const query& q, const fields& set,
                                             const write_options& how) const {
  return write<affected>(
      *core_, one(make_update_where(*type_, q, set, core_->shared->wall_now())),
      how, last_affected());
}

answer<found_or_created> entity_handle::upsert(const fields& set,
                                               const write_options& how) const {
  return write<found_or_created>(
      *core_, make_upsert(*type_, set, core_->shared->wall_now()), how,
      [type = type_](transaction_done done) {
        return found_or_created{written_record(*type, done.results.back()),
                                done.results.front().created};
      });
}

answer<record> entity_handle::save(const record& r,
                                   const write_options& how) const {
  if (r.changes().empty())
    return result<record>{r};
  if (!r.found())
    return fail(errc::not_found, type_->name + ": no such row to save");
  return update(r.id(), r.changes(), how);
}

answer<affected> entity_handle::destroy(const values& id,
                                        const write_options& how) const {
  return write<affected>(*core_, one(make_erase(*type_, id)), how,
                         last_affected());
}

answer<affected> entity_handle::destroy_where(const query& q,
                                              const write_options& how) const {
  return write<affected>(*core_, one(make_erase_where(*type_, q)), how,
                         last_affected());
}

answer<found_or_created>
entity_handle::find_or_create(const fields& where, const fields& defaults,
                              const write_options& how) const {
  auto op
      = make_find_or_create(*type_, where, defaults, core_->shared->wall_now());
  if (!op)
    return fail(std::move(op.error()));
  read_options fresh;
  fresh.accept_stale = false; // nothing is decided on a stale row
  if (!op->keys.empty() && core_->shared->reads_cached(type_->id))
    if (auto r = probe_row(*core_, op->keys.front(), fresh); r && r->found())
      return result<found_or_created>{
          found_or_created{record{*type_, std::move(*r)}, false}};
  return write<found_or_created>(
      *core_, one(std::move(op)), how, [type = type_](transaction_done done) {
        auto& r = done.results.front();
        return found_or_created{written_record(*type, r), r.created};
      });
}

answer<void> entity_handle::invalidate(const values& id) const {
  return invalidate_row(*core_, type_->make_key(primary_index, id.all()),
                        invalidation_scope::key);
}

answer<void> entity_handle::invalidate_dependents(const values& id) const {
  return invalidate_row(*core_, type_->make_key(primary_index, id.all()),
                        invalidation_scope::dependents);
}

answer<void> entity_handle::invalidate_all() const {
  return invalidate_type(*core_, type_->id);
}

} // namespace toadcache
