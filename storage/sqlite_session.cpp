#include "storage/sqlite_session.hpp"

#include "storage/guarded.hpp"
#include "storage/sql_values.hpp"
#include "storage/sqlite_sql.hpp"

namespace toadcache {

namespace {

std::string table_of(const entity_type& type) {
  return "table " + type.table;
}

result<row> current_row(const entity_type& type, const sqlite_statement& s) {
  std::vector<value> values;
  values.reserve(type.columns.size());
  for (size_t i = 0; i < type.columns.size(); ++i) {
    bool fits = true;
    values.push_back(s.column(static_cast<int>(i), type.types[i], fits));
    if (!fits)
      return fail(errc::invalid, place_of(type, i) + ": expected "
                                     + std::string{to_string(type.types[i])}
                                     + ", got another storage class");
  }
  return checked_row(type, std::move(values));
}

} // namespace

sqlite_session::sqlite_session(std::unique_ptr<sqlite_connection> reader,
                               std::shared_ptr<sqlite_writer> writer,
                               catalog_ptr c)
    : reader_(std::move(reader)), writer_(std::move(writer)),
      catalog_(std::move(c)) {}

sqlite_session::~sqlite_session() {
  rollback();
}

result<std::vector<row>> sqlite_session::read_keys(const entity_type& type,
                                                   std::span<const key> keys,
                                                   bool for_update) {
  if (keys.empty())
    return std::vector<row>{};
  return settled(guarded([&] {
    return query(type, select_keys(sqlite_dialect(), type, keys, for_update));
  }));
}

result<std::vector<row>> sqlite_session::read_index(const entity_type& type,
                                                    index_id index,
                                                    std::span<const key> tuples,
                                                    bool for_update) {
  if (tuples.empty())
    return std::vector<row>{};
  return settled(guarded([&] {
    return query(
        type, select_index(sqlite_dialect(), type, index, tuples, for_update));
  }));
}

result<std::vector<row>> sqlite_session::read_where(const entity_type& type,
                                                    const filter& where,
                                                    bool for_update) {
  return settled(guarded([&] {
    return query(type, select_where(sqlite_dialect(), type, where, for_update));
  }));
}

result<void> sqlite_session::begin() {
  return guarded([&]() -> result<void> {
    if (lent_ != nullptr)
      return fail(errc::invalid, "begin: a transaction is open already");
    auto lent = writer_->begin();
    if (!lent)
      return fail(lent.error());
    lent_ = *lent;
    return {};
  });
}

commit_result sqlite_session::commit() {
  if (lent_ == nullptr)
    return {outcome::rolled_back,
            {errc::invalid, "commit: no transaction is open"},
            {}};
  auto done = guarded([&] { return lent_->execute("COMMIT"); });
  commit_result out;
  if (!done) {
    out.why = done.error();
    // When writing or syncing the log fails, a later recovery may still find
    // the commit there.
    out.how = out.why.code == errc::unavailable ? outcome::unknown
                                                : outcome::rolled_back;
  }
  end_transaction();
  return out;
}

void sqlite_session::rollback() noexcept {
  if (lent_ != nullptr)
    end_transaction();
}

void sqlite_session::end_transaction() noexcept {
  if (!lent_->autocommit())
    (void)guarded([&] { return lent_->execute("ROLLBACK"); });
  lent_ = nullptr;
  writer_->release();
}

bool sqlite_session::in_transaction() const noexcept {
  return lent_ != nullptr;
}

result<key> sqlite_session::insert(const entity_type& type,
                                   const assignments& set) {
  return settled(guarded([&]() -> result<key> {
    auto changed = change(type, insert_row(sqlite_dialect(), type, set));
    if (!changed)
      return fail(changed.error());
    return inserted_key(type, set,
                        static_cast<uint64_t>(lent_->last_insert_id()));
  }));
}

result<uint64_t> sqlite_session::update(const entity_type& type, const key& id,
                                        const assignments& set) {
  return settled(guarded([&] {
    return change(type, update_row(sqlite_dialect(), type, id, set));
  }));
}

result<uint64_t> sqlite_session::erase(const entity_type& type, const key& id) {
  return settled(guarded(
      [&] { return change(type, delete_row(sqlite_dialect(), type, id)); }));
}

bool sqlite_session::usable() const noexcept {
  return reader_->usable() && (lent_ == nullptr || lent_->usable());
}

bool sqlite_session::ping() {
  auto answer = guarded([&] { return reader_->integer("SELECT 1"); });
  return answer.has_value() && usable();
}

result<bool> sqlite_session::connection_gone(const std::string&) {
  return true; // ended with its process, or here by the time it can be asked
}

result<bool> sqlite_session::changed_by_others() {
  return guarded([&] { return writer_->take_foreign_change(); });
}

template <class T>
result<T> sqlite_session::settled(result<T> r) noexcept {
  if (!r && ends_transaction(r.error().code))
    rollback();
  return r;
}

result<sqlite_statement*>
sqlite_session::prepare(const entity_type& type,
                        const sql_statement& statement) {
  auto prepared = connection().prepare(statement.text);
  if (!prepared)
    return fail(connection().error(table_of(type)));
  int index = 0;
  for (auto& p : statement.parameters)
    if ((*prepared)->bind(++index, p.type, p.data.view()) != SQLITE_OK) {
      auto why = connection().error(table_of(type));
      (*prepared)->reset();
      return fail(std::move(why));
    }
  return prepared;
}

result<std::vector<row>>
sqlite_session::query(const entity_type& type,
                      result<sql_statement> statement) {
  if (!statement)
    return fail(statement.error());
  auto prepared = prepare(type, *statement);
  if (!prepared)
    return fail(prepared.error());
  auto& s = **prepared;
  sqlite_reset at_end{s};
  std::vector<row> rows;
  int code = SQLITE_DONE;
  while ((code = s.step()) == SQLITE_ROW) {
    auto r = current_row(type, s);
    if (!r)
      return fail(r.error());
    rows.push_back(std::move(*r));
  }
  if (code != SQLITE_DONE)
    return fail(connection().error(table_of(type)));
  return rows;
}

result<uint64_t> sqlite_session::change(const entity_type& type,
                                        result<sql_statement> statement) {
  if (!statement)
    return fail(statement.error());
  if (lent_ == nullptr)
    return fail(errc::invalid,
                table_of(type) + ": expected an open transaction for a write");
  auto prepared = prepare(type, *statement);
  if (!prepared)
    return fail(prepared.error());
  sqlite_reset at_end{**prepared};
  if ((*prepared)->step() != SQLITE_DONE)
    return fail(lent_->error(table_of(type)));
  return static_cast<uint64_t>(lent_->changes());
}

} // namespace toadcache
