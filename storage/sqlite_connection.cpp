#include "storage/sqlite_connection.hpp"

#include <thread>

namespace toadcache {

namespace {

using steady = std::chrono::steady_clock;

/// Virtual machine steps between two looks at the time limit; about 0.1 ms.
constexpr int progress_steps = 10000;

errc code_of(int extended) noexcept {
  switch (extended) {
  case SQLITE_CONSTRAINT_PRIMARYKEY:
  case SQLITE_CONSTRAINT_UNIQUE:
  case SQLITE_CONSTRAINT_ROWID:
    return errc::duplicate;
  case SQLITE_CONSTRAINT_FOREIGNKEY:
  case SQLITE_CONSTRAINT_TRIGGER: // ON DELETE or UPDATE RESTRICT
    return errc::foreign_key;
  default:
    break;
  }
  switch (extended & 0xFF) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return errc::deadlock;
  case SQLITE_INTERRUPT:
    return errc::timeout;
  case SQLITE_CANTOPEN:
  case SQLITE_CORRUPT:
  case SQLITE_FULL:
  case SQLITE_IOERR:
  case SQLITE_NOTADB:
  case SQLITE_PERM:
  case SQLITE_READONLY:
    return errc::unavailable;
  case SQLITE_CONSTRAINT:
  case SQLITE_ERROR:
  case SQLITE_MISMATCH:
  case SQLITE_RANGE:
  case SQLITE_TOOBIG:
    return errc::invalid;
  default:
    return errc::internal;
  }
}

failure failure_of(sqlite3* db, std::string_view where) {
  auto extended = sqlite3_extended_errcode(db);
  return {code_of(extended), std::string{where} + ": " + sqlite3_errmsg(db)
                                 + " (SQLite " + std::to_string(extended)
                                 + ")"};
}

} // namespace

int sqlite_statement::bind(int index, column_type type, value_view v) {
  if (auto* i = std::get_if<int64_t>(&v))
    return sqlite3_bind_int64(statement_, index, *i);
  if (auto* u = std::get_if<uint64_t>(&v))
    return sqlite3_bind_int64(statement_, index, static_cast<int64_t>(*u));
  if (auto* d = std::get_if<double>(&v))
    return sqlite3_bind_double(statement_, index, *d);
  if (auto* s = std::get_if<std::string_view>(&v)) {
    // A null pointer would bind NULL for the empty string.
    auto* data = s->data() == nullptr ? "" : s->data();
    if (type == column_type::binary)
      return sqlite3_bind_blob64(statement_, index, data, s->size(),
                                 SQLITE_STATIC);
    return sqlite3_bind_text64(statement_, index, data, s->size(),
                               SQLITE_STATIC, SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement_, index);
}

value sqlite_statement::column(int index, column_type type, bool& ok) const {
  auto stored = sqlite3_column_type(statement_, index);
  if (stored == SQLITE_NULL)
    return {};
  switch (type) {
  case column_type::int64:
  case column_type::uint64: {
    ok = ok && stored == SQLITE_INTEGER;
    auto bits = sqlite3_column_int64(statement_, index);
    if (type == column_type::int64)
      return int64_t{bits};
    return static_cast<uint64_t>(bits);
  }
  case column_type::float64:
    ok = ok && (stored == SQLITE_FLOAT || stored == SQLITE_INTEGER);
    return sqlite3_column_double(statement_, index);
  case column_type::binary: {
    ok = ok && stored == SQLITE_BLOB;
    auto* data
        = static_cast<const char*>(sqlite3_column_blob(statement_, index));
    auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, index));
    return size == 0 ? std::string{} : std::string{data, size};
  }
  default:
    ok = ok && stored == SQLITE_TEXT;
    return text(index);
  }
}

std::string sqlite_statement::text(int index) const {
  auto* data
      = reinterpret_cast<const char*>(sqlite3_column_text(statement_, index));
  auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, index));
  return data == nullptr ? std::string{} : std::string{data, size};
}

result<std::unique_ptr<sqlite_connection>>
sqlite_connection::open(const database_options& o) {
  sqlite3* db = nullptr;
  auto flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
               | SQLITE_OPEN_EXRESCODE;
  auto where = "database " + o.file;
  auto code = sqlite3_open_v2(o.file.c_str(), &db, flags, nullptr);
  if (code != SQLITE_OK) {
    auto why = db != nullptr
                   ? failure_of(db, where)
                   : failure{errc::internal, where + ": out of memory"};
    sqlite3_close(db);
    return fail(std::move(why));
  }
  std::unique_ptr<sqlite_connection> out{new sqlite_connection(db, o)};
  if (auto ok = out->configure(o.lock_wait_timeout); !ok)
    return fail(ok.error().code, where + ": " + ok.error().what);
  return out;
}

sqlite_connection::sqlite_connection(sqlite3* db, const database_options& o)
    : db_(db), statement_timeout_(o.statement_timeout) {
  sqlite3_busy_timeout(db_, static_cast<int>(o.lock_wait_timeout.count()));
  // "name" is an identifier or an error, never quietly a text.
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_progress_handler(db_, progress_steps, on_progress, this);
}

sqlite_connection::~sqlite_connection() {
  statements_.clear();
  sqlite3_close(db_);
}

result<void> sqlite_connection::configure(milliseconds lock_wait) {
  // The switch to WAL does not wait for a lock by itself; it is needed once in
  // the life of a file.
  auto until = steady::now() + lock_wait;
  for (;;) {
    auto done = execute("PRAGMA journal_mode=WAL");
    if (done)
      break;
    if (done.error().code != errc::deadlock || steady::now() >= until)
      return done;
    std::this_thread::sleep_for(milliseconds{5});
  }
  if (auto done = execute("PRAGMA synchronous=FULL"); !done)
    return done;
  return execute("PRAGMA foreign_keys=ON");
}

int sqlite_connection::on_progress(void* self) {
  return steady::now() > static_cast<sqlite_connection*>(self)->deadline_ ? 1
                                                                          : 0;
}

result<sqlite_statement*> sqlite_connection::prepare(const std::string& text) {
  deadline_ = steady::now() + statement_timeout_;
  if (auto* held = statements_.find(text))
    return held;
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(db_, text.data(), static_cast<int>(text.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, nullptr)
      != SQLITE_OK)
    return fail(error("prepare"));
  return statements_.add(text, std::make_unique<sqlite_statement>(raw));
}

result<void> sqlite_connection::execute(const std::string& text) {
  deadline_ = steady::now() + statement_timeout_;
  if (sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return fail(error(text));
  return {};
}

result<int64_t> sqlite_connection::integer(const std::string& text) {
  auto statement = prepare(text);
  if (!statement)
    return fail(statement.error());
  sqlite_reset at_end{**statement};
  if ((*statement)->step() != SQLITE_ROW)
    return fail(error(text));
  return (*statement)->integer(0);
}

result<std::string> sqlite_connection::text(const std::string& text) {
  auto statement = prepare(text);
  if (!statement)
    return fail(statement.error());
  sqlite_reset at_end{**statement};
  if ((*statement)->step() != SQLITE_ROW)
    return fail(error(text));
  return (*statement)->text(0);
}

failure sqlite_connection::error(std::string_view where) const {
  auto out = failure_of(db_, where);
  if (out.code == errc::unavailable)
    usable_ = false;
  return out;
}

} // namespace toadcache
