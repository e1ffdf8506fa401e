#include "storage/binlog_commits.hpp"

#include <algorithm>
#include <cctype>

namespace toadcache {

namespace {

using kind_type = logged_statement::kind_type;

tl::unexpected<stream_failure> failed(stream_fault f, std::string what,
                                      std::string remedy = {}) {
  return tl::unexpected<stream_failure>(
      stream_failure{f, std::move(what), std::move(remedy)});
}

/// A statement for a log line: one line, not too long.
std::string shortened(std::string_view text) {
  constexpr size_t max_bytes = 120;
  std::string out{text.substr(0, max_bytes)};
  for (auto& c : out)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  return text.size() > max_bytes ? out + "..." : out;
}

/// The xid of X'67',X'',1 in one form, whatever the blanks and cases.
std::string plain_xid(std::string_view text) {
  std::string out;
  for (auto c : text)
    if (c != ' ')
      out += c == 'x'
                 ? 'X'
                 : static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  return out;
}

} // namespace

binlog_commits::binlog_commits(catalog_ptr types, settings s,
                               layout_source& layouts)
    : types_(std::move(types)), settings_(std::move(s)), layouts_(layouts) {
  for (auto& type : types_->types())
    by_table_.emplace(folded(type.table), &type);
}

void binlog_commits::start(resume_point from, bool verify) {
  auto seen = gtid_set::parse(from.at.gtid);
  seen_ = seen ? *seen : gtid_set{};
  place_ = std::move(from);
  verifying_ = verify;
  file_ = verify ? place_.last.file : place_.at.file;
  offset_ = verify ? place_.last.begin : place_.at.offset;
  format_ = {};
  tables_.clear();
  layouts_by_name_.clear();
  forget_group();
}

binlog_commits::step binlog_commits::take(std::string_view bytes) {
  auto e = parse_event(bytes, format_);
  if (!e)
    return failed(stream_fault::not_decodable, e.error().what);
  auto silent = std::holds_alternative<heartbeat_event>(e->body);
  auto format = std::holds_alternative<format_event>(e->body);
  if (e->header.end != 0 && !e->header.artificial() && !silent && !format) {
    // The header holds the lower half of the offset only.
    auto end = (offset_ >> 32 << 32) | e->header.end;
    offset_ = end < offset_ ? end + (uint64_t{1} << 32) : end;
    if (verifying_)
      return verify(*e);
  }
  if (verifying_ && silent)
    return failed(stream_fault::position_lost,
                  "the log ends before the last known event");
  return std::visit([&](const auto& body) { return on(body, *e); }, e->body);
}

binlog_commits::step binlog_commits::verify(const log_event& e) {
  if (!(identity_of(e) == place_.last))
    return failed(stream_fault::position_lost,
                  "history differs: at " + place_.last.file + ":"
                      + std::to_string(place_.last.begin)
                      + " the log has another event than before");
  verifying_ = false;
  return std::nullopt;
}

// -- events -------------------------------------------------------------------

binlog_commits::step binlog_commits::on(const rotate_event& e,
                                        const log_event& all) {
  file_ = e.file;
  offset_ = e.offset;
  // One made for this connection says where it starts, which is known.
  if (!all.header.artificial() && !in_group_) {
    place_.at.file = file_;
    place_.at.offset = offset_;
  }
  return std::nullopt;
}

binlog_commits::step binlog_commits::on(const format_event& e,
                                        const log_event& all) {
  format_ = e.format;
  // A server that has crashed begins a new file; what it was writing to the
  // old one it has rolled back.
  if (all.header.end != 0)
    forget_group();
  return std::nullopt;
}

binlog_commits::step binlog_commits::on(const gtid_event& e, const log_event&) {
  forget_group();
  in_group_ = true;
  begun_ = e.begins;
  gtid_ = e.gtid;
  return std::nullopt;
}

binlog_commits::step binlog_commits::on(const gtid_list_event&,
                                        const log_event& all) {
  pass(all);
  return std::nullopt;
}

binlog_commits::step binlog_commits::on(const query_event& e,
                                        const log_event& all) {
  auto s = scan_statement(e.statement);
  switch (s.kind) {
  case kind_type::begin:
    in_group_ = begun_ = true;
    return std::nullopt;
  case kind_type::commit:
    return finish(all);
  case kind_type::rollback:
    // Only what cannot be rolled back makes a server log this.
    flush_touched(0, "rolled back, but not in full");
    return finish(all);
  case kind_type::savepoint:
    savepoints_.push_back({s.name, changes_.size()});
    return std::nullopt;
  case kind_type::rollback_to:
    roll_back_to(s.name);
    return std::nullopt;
  case kind_type::xa_commit:
  case kind_type::xa_rollback:
    return finish_xa(s, all);
  case kind_type::table_change:
  case kind_type::schema_change:
    redefine(s, e);
    break;
  case kind_type::data_change:
    if (auto done = change_by_text(s, e); !done)
      return tl::unexpected<stream_failure>(done.error());
    break;
  case kind_type::harmless:
    layouts_by_name_.clear(); // a view or a trigger may be new
    break;
  case kind_type::unknown:
    flush(std::nullopt, "statement in the log: " + shortened(e.statement));
    break;
  }
  return finish_if_alone(all);
}

binlog_commits::step binlog_commits::on(const commit_event&,
                                        const log_event& all) {
  return finish(all);
}

binlog_commits::step binlog_commits::on(const xa_prepare_event& e,
                                        const log_event& all) {
  if (e.one_phase)
    return finish(all);
  std::set<entity_id> types{too_many_};
  for (auto& c : changes_)
    types.insert(c.rows.id.type());
  for (auto& f : flushes_)
    if (f.type)
      types.insert(*f.type);
    else
      for (auto& t : types_->types())
        types.insert(t.id);
  if (prepared_.size() >= settings_.max_prepared_count)
    prepared_.clear();
  prepared_[plain_xid(e.xid)] = std::move(types);
  changes_.clear();
  flushes_.clear();
  return finish(all);
}

binlog_commits::step binlog_commits::on(const table_map_event& e,
                                        const log_event&) {
  static const table other;
  in_group_ = true;
  auto* type = is_own(e.schema) ? type_of(e.table) : nullptr;
  if (type == nullptr) {
    maps_[e.table_id] = &other;
    return std::nullopt;
  }
  auto& t = tables_[folded(e.table)];
  if (t.type == nullptr || t.id != e.table_id || t.shape != e.shape) {
    auto live = layouts_.look_up(settings_.schema, e.table);
    if (!live)
      return failed(stream_fault::connection_lost, live.error().what);
    auto decoder = row_decoder::make(*type, e, *live);
    t = table{type, e.table_id, e.shape, {}, {}};
    if (decoder)
      t.decoder = std::move(*decoder);
    else
      t.misfit = decoder.error().what;
  }
  maps_[e.table_id] = &t;
  return std::nullopt;
}

binlog_commits::step binlog_commits::on(const rows_event& e,
                                        const log_event& all) {
  auto map = maps_.find(e.table_id);
  if (map == maps_.end())
    return failed(stream_fault::not_decodable,
                  "log event " + event_name(all.header.type) + " before offset "
                      + std::to_string(all.header.end)
                      + ": no table map comes before it");
  auto& t = *map->second;
  if (t.type == nullptr)
    return std::nullopt;
  if (!t.decoder) {
    flush(t.type->id, t.misfit);
    return std::nullopt;
  }
  bytes_ += e.images.size();
  if (bytes_ > settings_.max_bytes) {
    for (auto& c : changes_)
      too_many_.insert(c.rows.id.type());
    too_many_.insert(t.type->id);
    changes_.clear();
    savepoints_.clear();
    return std::nullopt;
  }
  auto rows = t.decoder->decode(e);
  if (!rows)
    return failed(stream_fault::not_decodable, rows.error().what);
  if (!rows->unknown.empty())
    flush(t.type->id, std::move(rows->unknown));
  std::move(rows->changes.begin(), rows->changes.end(),
            std::back_inserter(changes_));
  return std::nullopt;
}

binlog_commits::step binlog_commits::on(const heartbeat_event&,
                                        const log_event&) {
  return std::nullopt;
}

binlog_commits::step binlog_commits::on(const incident_event& e,
                                        const log_event& all) {
  flush(std::nullopt, e.what);
  return finish_if_alone(all);
}

binlog_commits::step binlog_commits::on(const opaque_event& e,
                                        const log_event& all) {
  flush(std::nullopt, e.what);
  return finish_if_alone(all);
}

binlog_commits::step binlog_commits::on(const undecodable_event& e,
                                        const log_event&) {
  return failed(stream_fault::not_decodable, e.what, e.remedy);
}

binlog_commits::step binlog_commits::on(const other_event&,
                                        const log_event& all) {
  pass(all);
  return std::nullopt;
}

// -- groups -------------------------------------------------------------------

event_identity binlog_commits::identity_of(const log_event& e) const {
  return {file_, offset_ - e.header.size, offset_, e.header.timestamp,
          e.checksum};
}

/// An event between groups moves the place.
void binlog_commits::pass(const log_event& e) {
  if (in_group_ || e.header.end == 0 || e.header.artificial())
    return;
  place_.at.file = file_;
  place_.at.offset = offset_;
  place_.last = identity_of(e);
}

void binlog_commits::forget_group() {
  in_group_ = begun_ = false;
  gtid_.clear();
  changes_.clear();
  flushes_.clear();
  savepoints_.clear();
  too_many_.clear();
  bytes_ = 0;
  maps_.clear();
}

binlog_commits::step binlog_commits::finish(const log_event& e) {
  for (auto type : too_many_)
    flush(type, "a commit of more than " + std::to_string(settings_.max_bytes)
                    + " bytes of rows");
  if (!gtid_.empty())
    if (auto added = seen_.add(gtid_); !added)
      return failed(stream_fault::not_decodable, added.error().what);
  in_group_ = false;
  pass(e);
  place_.at.gtid = seen_.text();
  logged_commit out;
  out.end = place_;
  out.timestamp = e.header.timestamp;
  out.server_id = e.header.server_id;
  out.gtid = std::move(gtid_);
  out.changes = std::move(changes_);
  out.flushes = std::move(flushes_);
  forget_group();
  return out;
}

binlog_commits::step binlog_commits::finish_if_alone(const log_event& e) {
  return begun_ ? step{std::nullopt} : finish(e);
}

void binlog_commits::flush(std::optional<entity_id> type, std::string why) {
  auto known = std::any_of(flushes_.begin(), flushes_.end(),
                           [&](auto& f) { return !f.type || f.type == type; });
  if (known)
    return;
  if (!type)
    flushes_.clear();
  flushes_.push_back({type, std::move(why)});
}

/// Instead of the changes from number `from` on.
void binlog_commits::flush_touched(size_t from, const std::string& why) {
  for (size_t i = from; i < changes_.size(); ++i)
    flush(changes_[i].rows.id.type(), why);
  changes_.resize(std::min(from, changes_.size()));
}

binlog_commits::step binlog_commits::finish_xa(const logged_statement& s,
                                               const log_event& e) {
  auto found = prepared_.find(plain_xid(s.name));
  if (s.kind == kind_type::xa_commit && found == prepared_.end())
    flush(std::nullopt, "XA COMMIT of a transaction prepared before");
  if (s.kind == kind_type::xa_commit && found != prepared_.end())
    for (auto type : found->second)
      flush(type, "XA COMMIT");
  if (found != prepared_.end())
    prepared_.erase(found);
  return finish(e);
}

void binlog_commits::roll_back_to(const std::string& name) {
  auto at = std::find_if(savepoints_.rbegin(), savepoints_.rend(),
                         [&](auto& s) { return s.name == name; });
  auto keep = at == savepoints_.rend() ? 0 : at->changes;
  flush_touched(keep, "rolled back to a savepoint, but not in full");
  savepoints_.erase(at.base(), savepoints_.end());
}

// -- statements ---------------------------------------------------------------

void binlog_commits::redefine(const logged_statement& s, const query_event& e) {
  auto why = shortened(e.statement);
  if (s.kind == kind_type::schema_change) {
    if (!is_own(s.name))
      return;
    tables_.clear();
    layouts_by_name_.clear();
    maps_.clear();
    flush(std::nullopt, why);
    return;
  }
  for (auto& [schema, name] : s.tables) {
    if (!is_own(schema.empty() ? e.schema : schema))
      continue;
    tables_.erase(folded(name));
    layouts_by_name_.clear(); // a view may be over it
    maps_.clear();
    if (auto* type = type_of(name))
      flush(type->id, why);
  }
}

stream_result<void> binlog_commits::change_by_text(const logged_statement& s,
                                                   const query_event& e) {
  auto why = "statement in the log: " + shortened(e.statement);
  if (s.tables.empty())
    flush(std::nullopt, why);
  for (auto& [schema, name] : s.tables)
    if (is_own(schema.empty() ? e.schema : schema))
      if (auto done = change_table_by_text(name, why); !done)
        return done;
  return {};
}

stream_result<void>
binlog_commits::change_table_by_text(const std::string& name,
                                     const std::string& why) {
  auto layout = layout_of(name);
  if (!layout)
    return tl::unexpected<stream_failure>(layout.error());
  auto* type = type_of(name);
  // Through a view or a trigger other tables change, unsaid.
  if (!(*layout)->is_table || (*layout)->has_triggers)
    flush(std::nullopt, why);
  else if (type != nullptr)
    flush(type->id, why);
  return {};
}

stream_result<const table_layout*>
binlog_commits::layout_of(const std::string& name) {
  auto at = layouts_by_name_.find(folded(name));
  if (at == layouts_by_name_.end()) {
    auto found = layouts_.look_up(settings_.schema, name);
    if (!found)
      return failed(stream_fault::connection_lost, found.error().what);
    at = layouts_by_name_.emplace(folded(name), std::move(*found)).first;
  }
  return &at->second;
}

std::string binlog_commits::folded(std::string name) const {
  if (settings_.fold_names)
    for (auto& c : name)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

const entity_type* binlog_commits::type_of(const std::string& name) const {
  auto found = by_table_.find(folded(name));
  return found == by_table_.end() ? nullptr : found->second;
}

bool binlog_commits::is_own(const std::string& schema) const {
  return folded(schema) == folded(settings_.schema);
}

} // namespace toadcache
