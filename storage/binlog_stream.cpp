#include "storage/binlog_stream.hpp"

#include <algorithm>
#include <random>

#include "model/gtid_set.hpp"
#include "storage/binlog_check.hpp"
#include "storage/binlog_server.hpp"
#include "storage/mysql_layout.hpp"

namespace toadcache {

namespace {

tl::unexpected<stream_failure> failed(stream_failure f) {
  return tl::unexpected<stream_failure>(std::move(f));
}
tl::unexpected<stream_failure> failed(stream_fault f, std::string what,
                                      std::string remedy = {}) {
  return failed(stream_failure{f, std::move(what), std::move(remedy)});
}

/// High, so that it meets no replica's, which people number from 1.
uint32_t random_server_id() {
  std::random_device source;
  return 0x80000000U | static_cast<uint32_t>(source());
}

bool covered(const std::string& gtids, const std::string& by) {
  auto wanted = gtid_set::parse(gtids);
  auto present = gtid_set::parse(by);
  return wanted && present && present->covers(*wanted);
}

} // namespace

binlog_stream::binlog_stream(settings s, catalog_ptr types)
    : settings_(std::move(s)), types_(std::move(types)) {}

binlog_stream::~binlog_stream() {
  close();
}

void binlog_stream::close() noexcept {
  std::unique_ptr<binlog_connection> old;
  {
    std::lock_guard guard{log_mutex_};
    old = std::move(log_);
  }
}

void binlog_stream::interrupt() noexcept {
  interrupted_ = true;
  std::lock_guard guard{log_mutex_};
  if (log_)
    log_->shut_down();
}

stream_failure binlog_stream::seen(stream_failure f) const {
  if (interrupted_)
    f = {stream_fault::interrupted, "interrupted", {}};
  return f;
}

/// Runs `f` on the connection for questions; its errors as faults.
template <class F>
auto binlog_stream::ask(F f)
    -> stream_result<decltype(f(std::declval<mysql_connection&>()))> {
  using answer = decltype(f(std::declval<mysql_connection&>()));
  std::optional<stream_failure> why;
  auto done = control_->attempt("replication log", [&]() -> result<answer> {
    try {
      return f(*control_);
    } catch (const sql::SQLException& e) {
      why = log_failure(static_cast<unsigned>(e.getErrorCode()), e.what());
      throw;
    }
  });
  if (done)
    return std::move(*done);
  return failed(seen(why ? *why
                         : stream_failure{stream_fault::connection_lost,
                                          done.error().what,
                                          {}}));
}

stream_result<void> binlog_stream::open_control() {
  auto c = mysql_connection::open(settings_.database);
  if (!c)
    return failed(seen({stream_fault::connection_lost, c.error().what, {}}));
  control_ = std::move(*c);
  layouts_ = std::make_unique<mysql_layout>(*control_);
  auto folds = ask([](mysql_connection& m) {
    return m.query("SELECT @@lower_case_table_names").at(0).at(0) != "0";
  });
  if (!folds)
    return failed(folds.error());
  binlog_commits::settings s;
  s.schema = settings_.database.schema;
  s.fold_names = *folds;
  s.max_bytes = settings_.max_commit_bytes;
  commits_ = std::make_unique<binlog_commits>(types_, std::move(s), *layouts_);
  return {};
}

stream_result<void> binlog_stream::check() {
  auto found = ask([&](mysql_connection& m) {
    return binlog_problems(m, settings_.database);
  });
  if (!found)
    return failed(found.error());
  const setting_problem* fatal = nullptr;
  std::vector<std::string> lines;
  for (auto& p : *found) {
    lines.push_back(p.what);
    if (p.fatal && fatal == nullptr)
      fatal = &p; // told by the failure
    else if (std::find(said_.begin(), said_.end(), p.what) == said_.end())
      settings_.on_problem(p);
  }
  said_ = std::move(lines);
  if (fatal == nullptr)
    return {};
  return failed(stream_fault::not_decodable, fatal->what, fatal->remedy);
}

stream_result<binlog_stream::start_point>
binlog_stream::choose_start(const std::optional<resume_point>& from) {
  auto end = ask(log_end);
  if (!end)
    return failed(end.error());
  if (end->file.empty())
    return failed(stream_fault::log_off, "the server writes no log (log_bin)",
                  "[mysqld] log_bin = binlog");
  if (!from)
    return start_point{{*end, {}}, false};
  auto& at = from->at;
  auto committed = ask(committed_gtids);
  if (!committed)
    return failed(committed.error());
  if (!covered(at.gtid, *committed))
    return failed(stream_fault::position_lost,
                  "history differs: the server has committed " + *committed
                      + ", which lacks some of " + at.gtid);
  if (at.source == end->source)
    return start_point{*from, false};
  // Another server of the group: only ids mean the same there.
  if (at.gtid.empty() || !control_->is_mariadb())
    return failed(stream_fault::position_lost, "another server (" + end->source
                                                   + "): the place belongs to "
                                                   + at.source);
  return start_point{{{end->source, at.gtid, "", 0}, {}}, true};
}

stream_result<void> binlog_stream::open_log(const start_point& start) {
  if (interrupted_)
    return failed(seen({}));
  auto id = settings_.server_id != 0 ? settings_.server_id : random_server_id();
  auto opened
      = binlog_connection::open(settings_.database, {id, settings_.heartbeat});
  if (!opened)
    return failed(seen(opened.error()));
  {
    std::lock_guard guard{log_mutex_};
    log_ = std::move(*opened);
    if (interrupted_)
      log_->shut_down();
  }
  auto& from = start.from;
  auto verify = !from.last.file.empty();
  auto asked = start.by_gtid ? log_->dump_behind(from.at.gtid)
               : verify      ? log_->dump(from.last.file, from.last.begin)
                             : log_->dump(from.at.file, from.at.offset);
  if (!asked)
    return failed(seen(asked.error()));
  commits_->start(from, verify);
  return {};
}

/// Until the server has shown that the place exists, and is the one known.
stream_result<void> binlog_stream::await_format() {
  while (!commits_->ready() || commits_->verifying()) {
    auto e = step();
    if (!e)
      return failed(e.error());
  }
  return {};
}

stream_result<resume_point>
binlog_stream::connect(const std::optional<resume_point>& from) {
  if (interrupted_)
    return failed(seen({}));
  close();
  auto prepared = open_control();
  if (!prepared)
    return failed(prepared.error());
  if (settings_.on_problem)
    if (auto fit = check(); !fit)
      return failed(fit.error());
  auto start = choose_start(from);
  if (!start)
    return failed(start.error());
  auto opened = open_log(*start);
  if (!opened)
    return failed(opened.error());
  if (auto ready = await_format(); !ready) {
    close();
    return failed(ready.error());
  }
  place_ = commits_->place();
  return place_;
}

stream_result<std::optional<logged_commit>> binlog_stream::step() {
  auto bytes = log_->next();
  if (!bytes)
    return failed(seen(bytes.error()));
  auto taken = commits_->take(*bytes);
  if (!taken)
    return failed(seen(taken.error()));
  return taken;
}

stream_result<std::optional<logged_commit>>
binlog_stream::next(milliseconds limit) {
  using clock = std::chrono::steady_clock;
  if (interrupted_)
    return failed(seen({}));
  if (!log_)
    return failed(stream_fault::connection_lost, "not connected");
  auto end = clock::now() + limit;
  while (true) {
    auto commit = step();
    if (!commit) {
      close();
      return commit;
    }
    if (*commit || clock::now() >= end) {
      place_ = commits_->place();
      return commit;
    }
  }
}

stream_result<position> binlog_stream::probe() {
  if (interrupted_)
    return failed(seen({}));
  if (!control_)
    return failed(stream_fault::connection_lost, "not connected");
  return ask(log_end);
}

} // namespace toadcache
