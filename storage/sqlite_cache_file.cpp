#include "storage/sqlite_cache_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <random>
#include <set>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

namespace toadcache {

namespace fs = std::filesystem;

namespace {

// How every SQLite file begins; the zero at the end included.
constexpr char magic[] = "SQLite format 3";

// The whole schema. A file whose schema reads otherwise is not ours.
std::vector<std::string> schema() {
  std::vector<std::string> all{
      "CREATE TABLE cache_metadata(name TEXT PRIMARY KEY NOT NULL, value TEXT "
      "NOT NULL) STRICT, WITHOUT ROWID",
      "CREATE TABLE invalidation_log(id INTEGER PRIMARY KEY, at INTEGER NOT "
      "NULL, scope TEXT NOT NULL, entity TEXT NOT NULL, key TEXT NOT NULL, "
      "source TEXT NOT NULL) STRICT"};
  for (std::string table : {"entity_cache", "relation_cache"}) {
    all.push_back(
        "CREATE TABLE " + table
        + "(id INTEGER PRIMARY KEY, type TEXT NOT NULL, list INTEGER NOT NULL, "
          "key BLOB NOT NULL, run INTEGER NOT NULL, fetched INTEGER NOT NULL, "
          "compressed INTEGER NOT NULL, checksum INTEGER NOT NULL, content "
          "BLOB NOT NULL) STRICT");
    all.push_back("CREATE UNIQUE INDEX " + table + "_by_key ON " + table
                  + "(type, list, key)");
    all.push_back("CREATE INDEX " + table + "_by_type ON " + table + "(type)");
    all.push_back("CREATE INDEX " + table + "_by_age ON " + table
                  + "(fetched)");
  }
  return all;
}

std::string hex(uint64_t x) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx",
                static_cast<unsigned long long>(x));
  return text;
}

int64_t random_run() {
  std::random_device device;
  return static_cast<int64_t>((uint64_t{device()} << 32) | device() | 1u);
}

/// Of a checkpoint of that run.
std::string checkpoint_seal(const std::string& run, std::string_view text) {
  auto sealed = run + ' ' + std::string{text};
  return hex(XXH3_64bits(sealed.data(), sealed.size()));
}

std::string system_text(int code) {
  return std::generic_category().message(code);
}

bool means_corrupt(int code) {
  switch (code & 0xff) {
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_FORMAT:
  // Statements are fixed and the schema was compared: what they meet now is
  // not what was written.
  case SQLITE_ERROR:
  case SQLITE_SCHEMA:
  case SQLITE_CONSTRAINT:
  case SQLITE_MISMATCH:
    return true;
  default:
    return false;
  }
}

std::string utc_stamp() {
  auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &parts);
  return text;
}

} // namespace

sqlite_cache_file::sqlite_cache_file(const persistence_options& o,
                                     const purpose& p, planted_bugs planted)
    : path_(o.file), purpose_(p), planted_(planted) {
  // SQLite gives names such as ":memory:" a meaning.
  std::error_code code;
  if (auto full = fs::absolute(path_, code); !code)
    path_ = full.string();
}

void cache_statement::bind_text(int i, std::string_view x) {
  sqlite3_bind_text64(get(), i, x.data(), x.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void cache_statement::bind_bytes(int i, std::string_view x) {
  // A null pointer would bind NULL instead of no bytes.
  sqlite3_bind_blob64(get(), i, x.empty() ? "" : x.data(), x.size(),
                      SQLITE_STATIC);
}

std::string_view cache_statement::bytes(int column) const {
  auto data = static_cast<const char*>(sqlite3_column_blob(get(), column));
  if (data == nullptr)
    return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(get(), column))};
}

result<std::unique_ptr<sqlite_cache_file>>
sqlite_cache_file::open(const persistence_options& o, const purpose& p,
                        planted_bugs planted, store_opening& opening) {
  std::unique_ptr<sqlite_cache_file> file{new sqlite_cache_file{o, p, planted}};
  if (auto locked = file->lock(); !locked)
    return fail(locked.error());
  auto connected = file->connect();
  auto examined = connected ? file->examine(opening) : connected;
  if (!examined && examined.error().code == errc::corrupt) {
    opening.reason = examined.error().what;
    opening.existed = opening.clean = false;
    auto moved = file->move_aside();
    if (!moved)
      return fail(moved.error());
    opening.moved_to = *moved;
    examined = file->connect();
    if (examined)
      examined = file->examine(opening);
  }
  if (!examined)
    return fail(errc::tier_closed, examined.error().what);
  if (auto begun = file->begin_run(); !begun)
    return fail(errc::tier_closed, begun.error().what);
  return file;
}

sqlite_cache_file::~sqlite_cache_file() {
  disconnect();
}

result<void> sqlite_cache_file::lock() {
  std::error_code code;
  auto folder = fs::path{path_}.parent_path();
  if (!folder.empty() && !fs::exists(folder, code)) {
    if (fs::create_directories(folder, code))
      fs::permissions(folder, fs::perms::owner_all, code);
    if (code)
      return fail(closed("cannot create its folder: " + code.message()));
  }
  if (fs::exists(path_, code) && !fs::is_regular_file(path_, code))
    return fail(closed("expected a file, found something else"));
  if (planted_.has(planted_bug::second_process_on_cache_file))
    return {};
  auto taken
      = file_lock::acquire(path_ + ".lock", "cache file '" + path_ + "'");
  if (!taken)
    return fail(taken.error());
  lock_.emplace(std::move(*taken));
  return {};
}

// A new file is created here, so that its mode is right from the first byte on;
// SQLite gives its log the same mode.
result<void> sqlite_cache_file::connect() {
  auto made = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0)
    return fail(closed("cannot be opened for writing: " + system_text(errno)));
  char head[sizeof(magic)];
  auto n = ::read(made, head, sizeof(head));
  ::close(made);
  // SQLite takes a short text for an empty database and would write over it.
  if (n != 0
      && std::string_view{head, n < 0 ? 0 : static_cast<size_t>(n)}
             != std::string_view{magic, sizeof(magic)}) {
    foreign_ = true;
    return fail(corrupt("expected a cache file, found something else"));
  }
  auto flags
      = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path_.c_str(), &db_, flags, nullptr) != SQLITE_OK) {
    auto why = db_ ? error() : closed("out of memory");
    disconnect();
    return fail(why);
  }
  return configure();
}

void sqlite_cache_file::disconnect() {
  sqlite3_close(db_);
  db_ = nullptr;
}

result<void> sqlite_cache_file::configure() {
  sqlite3_busy_timeout(db_, 1000);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  // Exclusive: SQLite's own lock against other programs, and no shared memory
  // file beside the log.
  auto locking = planted_.has(planted_bug::second_process_on_cache_file)
                     ? "PRAGMA locking_mode=NORMAL"
                     : "PRAGMA locking_mode=EXCLUSIVE";
  for (auto text :
       {locking, "PRAGMA cell_size_check=ON", "PRAGMA synchronous=FULL",
        "PRAGMA cache_size=-8192", "PRAGMA journal_size_limit=16777216"})
    if (auto done = execute(text); !done)
      return done;
  return {};
}

result<void> sqlite_cache_file::examine(store_opening& opening) {
  auto application = integer("PRAGMA application_id");
  auto objects = application ? integer("SELECT count(*) FROM sqlite_schema")
                             : application;
  if (!objects)
    return fail(objects.error());
  if (*application == 0 && *objects == 0)
    return create();
  opening.existed = true;
  if (*application != application_id) {
    foreign_ = true;
    return fail(corrupt("expected a cache file of toadcache, found another "
                        "application's"));
  }
  auto version = integer("PRAGMA user_version");
  if (!version)
    return fail(version.error());
  if (*version != schema_version)
    return fail(corrupt("expected schema version "
                        + std::to_string(schema_version) + ", found "
                        + std::to_string(*version)));
  if (auto same = examine_schema(); !same)
    return same;
  return examine_metadata(opening);
}

result<void> sqlite_cache_file::examine_schema() {
  auto statement
      = prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL");
  if (!statement)
    return fail(statement.error());
  std::multiset<std::string> found;
  int code;
  while ((code = statement->step()) == SQLITE_ROW)
    found.emplace(statement->bytes(0));
  if (code != SQLITE_DONE)
    return fail(error());
  auto expected = schema();
  if (found != std::multiset<std::string>{expected.begin(), expected.end()})
    return fail(corrupt("its tables are not those of schema version "
                        + std::to_string(schema_version)));
  return {};
}

result<void> sqlite_cache_file::examine_metadata(store_opening& opening) {
  metadata now;
  for (auto [name, field] : now.fields())
    if (auto read = read_metadata(name, *field); !read)
      return read;
  if (now.seal != now.computed_seal())
    return fail(corrupt("its metadata fail their check"));
  if (now.catalog != hex(purpose_.catalog_fingerprint))
    return fail(corrupt("made for another catalog"));
  if (now.database != purpose_.database_identity)
    return fail(corrupt("made for another database"));
  if (auto read = read_checkpoint(opening); !read)
    return read;
  opening.clean = now.clean == "1";
  if (opening.clean)
    return {};
  if (planted_.has(planted_bug::second_process_on_cache_file))
    run_ = static_cast<int64_t>(std::stoull(now.run, nullptr, 16));
  auto check = prepare("PRAGMA quick_check(1)");
  if (!check)
    return fail(check.error());
  if (check->step() != SQLITE_ROW)
    return fail(error());
  if (check->bytes(0) != "ok")
    return fail(corrupt("damaged: " + std::string{check->bytes(0)}));
  return {};
}

// In one transaction of the rollback journal: a crash leaves either an empty
// database or a complete one. Only then does the file change to the WAL.
result<void> sqlite_cache_file::create() {
  if (auto set = execute("PRAGMA auto_vacuum=INCREMENTAL"); !set)
    return set;
  if (auto begun = begin(); !begun)
    return begun;
  auto texts = schema();
  texts.push_back("PRAGMA application_id=" + std::to_string(application_id));
  texts.push_back("PRAGMA user_version=" + std::to_string(schema_version));
  for (auto& text : texts)
    if (auto done = execute(text.c_str()); !done) {
      rollback();
      return done;
    }
  if (auto written = write_metadata(false); !written) {
    rollback();
    return written;
  }
  return commit();
}

result<void> sqlite_cache_file::begin_run() {
  auto mode = prepare("PRAGMA journal_mode=WAL");
  if (!mode)
    return fail(mode.error());
  if (mode->step() != SQLITE_ROW)
    return fail(error());
  if (mode->bytes(0) != "wal")
    return fail(closed("its file system cannot hold a write-ahead log"));
  mode->reset();
  std::error_code code;
  fs::permissions(path_, fs::perms::owner_read | fs::perms::owner_write, code);
  if (code)
    return fail(closed("cannot be kept from others: " + code.message()));
  if (run_ == 0)
    run_ = random_run();
  if (auto begun = begin(); !begun)
    return begun;
  if (auto written = write_metadata(false); !written) {
    rollback();
    return written;
  }
  // With synchronous=FULL the commit is on disk when it returns.
  if (auto done = commit(); !done)
    return done;
  return execute("PRAGMA synchronous=NORMAL");
}

result<void> sqlite_cache_file::begin_new_run() {
  checkpoint_run_ = 0;
  return change_run(random_run());
}

result<void> sqlite_cache_file::continue_run() {
  return change_run(checkpoint_run_);
}

// A crash before it is on disk leaves the run before it: one that nobody takes
// for current.
result<void> sqlite_cache_file::change_run(int64_t run) {
  if (auto begun = begin(); !begun)
    return begun;
  auto before = std::exchange(run_, run);
  auto done = write_metadata(false);
  if (done)
    done = commit();
  if (!done) {
    rollback();
    run_ = before;
  }
  return done;
}

// "run seal text": of one run, and protected like the other metadata.
result<void> sqlite_cache_file::write_checkpoint(const std::string& text) {
  auto run = hex(static_cast<uint64_t>(run_));
  return set_metadata("checkpoint",
                      run + ' ' + checkpoint_seal(run, text) + ' ' + text);
}

result<void> sqlite_cache_file::read_checkpoint(store_opening& opening) {
  auto statement
      = prepare("SELECT value FROM cache_metadata WHERE name = 'checkpoint'");
  if (!statement)
    return fail(statement.error());
  auto code = statement->step();
  if (code == SQLITE_DONE)
    return {};
  if (code != SQLITE_ROW)
    return fail(error());
  std::string value{statement->bytes(0)};
  constexpr size_t digits = 16;
  auto run = value.substr(0, digits);
  uint64_t number = 0;
  auto [end, parsed]
      = std::from_chars(run.data(), run.data() + run.size(), number, 16);
  if (value.size() < 2 * digits + 2 || parsed != std::errc{}
      || end != run.data() + digits)
    return {};
  auto text = value.substr(2 * digits + 2);
  if (value.substr(digits + 1, digits) != checkpoint_seal(run, text))
    return {};
  checkpoint_run_ = static_cast<int64_t>(number);
  opening.checkpoint = std::move(text);
  return {};
}

result<void> sqlite_cache_file::mark_clean() {
  if (auto full = execute("PRAGMA synchronous=FULL"); !full)
    return full;
  if (auto begun = begin(); !begun)
    return begun;
  if (auto written = write_metadata(true); !written) {
    rollback();
    return written;
  }
  if (auto done = commit(); !done)
    return done;
  // The log is on disk; emptying it only spares the next start its replay.
  (void)execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return {};
}

result<void> sqlite_cache_file::write_metadata(bool clean) {
  metadata now;
  now.catalog = hex(purpose_.catalog_fingerprint);
  now.database = purpose_.database_identity;
  now.run = hex(static_cast<uint64_t>(run_));
  now.clean = clean ? "1" : "0";
  now.seal = now.computed_seal();
  for (auto [name, field] : now.fields())
    if (auto set = set_metadata(name, *field); !set)
      return set;
  return {};
}

result<void> sqlite_cache_file::set_metadata(std::string_view name,
                                             std::string_view value) {
  auto statement = prepare("INSERT INTO cache_metadata VALUES(?1, ?2) ON "
                           "CONFLICT(name) DO UPDATE SET value = ?2");
  if (!statement)
    return fail(statement.error());
  statement->bind_text(1, name);
  statement->bind_text(2, value);
  if (statement->step() != SQLITE_DONE)
    return fail(error());
  return {};
}

result<void> sqlite_cache_file::read_metadata(std::string_view name,
                                              std::string& value) {
  auto statement = prepare("SELECT value FROM cache_metadata WHERE name = ?1");
  if (!statement)
    return fail(statement.error());
  statement->bind_text(1, name);
  auto code = statement->step();
  if (code == SQLITE_DONE)
    return fail(corrupt("its metadata lack '" + std::string{name} + "'"));
  if (code != SQLITE_ROW)
    return fail(error());
  value = statement->bytes(0);
  return {};
}

std::string sqlite_cache_file::metadata::computed_seal() const {
  std::string all;
  for (auto field : {&catalog, &database, &run, &clean}) {
    all += *field;
    all += '\0';
  }
  return hex(XXH3_64bits(all.data(), all.size()));
}

result<cache_statement> sqlite_cache_file::prepare(const std::string& text) {
  sqlite3_stmt* made = nullptr;
  auto code = sqlite3_prepare_v3(db_, text.c_str(), -1,
                                 SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  if (code != SQLITE_OK)
    return fail(error());
  return cache_statement{made};
}

result<void> sqlite_cache_file::execute(const char* text) {
  if (sqlite3_exec(db_, text, nullptr, nullptr, nullptr) != SQLITE_OK)
    return fail(error());
  return {};
}

result<int64_t> sqlite_cache_file::integer(const char* text) {
  auto statement = prepare(text);
  if (!statement)
    return fail(statement.error());
  if (statement->step() != SQLITE_ROW)
    return fail(error());
  return statement->integer(0);
}

result<void> sqlite_cache_file::commit() {
  auto done = execute("COMMIT");
  if (!done)
    rollback();
  return done;
}

void sqlite_cache_file::rollback() {
  if (sqlite3_get_autocommit(db_) == 0)
    (void)execute("ROLLBACK");
}

failure sqlite_cache_file::error() const {
  auto text = std::string{sqlite3_errmsg(db_)};
  auto code = sqlite3_extended_errcode(db_);
  if (means_corrupt(code))
    return corrupt(text);
  if ((code & 0xff) == SQLITE_BUSY)
    return {errc::tier_closed,
            "cache file '" + path_ + "' is in use by another process"};
  auto system = sqlite3_system_errno(db_);
  if (system != 0)
    text += ": " + system_text(system);
  return closed(text);
}

failure sqlite_cache_file::closed(const std::string& what) const {
  return {errc::tier_closed, "cache file '" + path_ + "': " + what};
}

failure sqlite_cache_file::corrupt(const std::string& what) const {
  return {errc::corrupt, "cache file '" + path_ + "': " + what};
}

result<std::string> sqlite_cache_file::move_aside() {
  disconnect();
  auto kind = foreign_ ? ".foreign-" : ".corrupt-";
  auto stem = path_ + kind + utc_stamp();
  auto name = stem;
  std::error_code code;
  for (int i = 2; fs::exists(name, code); ++i)
    name = stem + "-" + std::to_string(i);
  fs::rename(path_, name, code);
  if (code)
    return fail(closed("cannot be moved aside: " + code.message()));
  for (auto part : {"-wal", "-journal"})
    if (fs::exists(path_ + part, code))
      fs::rename(path_ + part, name + part, code);
  fs::remove(path_ + "-shm", code);
  if (!foreign_)
    remove_oldest_moved();
  foreign_ = false;
  return name;
}

void sqlite_cache_file::remove_oldest_moved() {
  std::error_code code;
  auto stem = fs::path{path_}.filename().string() + ".corrupt-";
  auto folder = fs::path{path_}.parent_path();
  std::vector<fs::path> moved; // without the logs
  for (auto& entry :
       fs::directory_iterator{folder.empty() ? "." : folder, code}) {
    auto name = entry.path().filename().string();
    if (name.starts_with(stem) && !name.ends_with("-wal")
        && !name.ends_with("-journal"))
      moved.push_back(entry.path());
  }
  std::sort(moved.begin(), moved.end());
  for (size_t i = 0; i + defaults::corrupt_files_count < moved.size(); ++i)
    for (auto part : {"", "-wal", "-journal"})
      fs::remove(moved[i].string() + part, code);
}

} // namespace toadcache
