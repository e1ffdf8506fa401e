#include "model/gtid_set.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace toadcache {

namespace {

constexpr size_t uuid_size = 36;

/// Without the blanks and line ends that servers put between parts.
std::string_view trimmed(std::string_view text) {
  auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

/// The part up to `separator`, which is taken off `text` with it.
std::string_view cut(std::string_view& text, char separator) {
  auto end = text.find(separator);
  auto part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{}
                                       : text.substr(end + 1);
  return part;
}

template <class T>
std::optional<T> number(std::string_view text) {
  T out{};
  auto [end, error]
      = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return out;
}

tl::unexpected<failure> refused(std::string_view part,
                                std::string_view expected) {
  return fail(errc::invalid, "gtid '" + std::string{part} + "': expected "
                                 + std::string{expected});
}

bool is_uuid(std::string_view text) {
  if (text.size() != uuid_size)
    return false;
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = text[i];
    auto dash = i == 8 || i == 13 || i == 18 || i == 23;
    auto digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
                 || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !digit)
      return false;
  }
  return true;
}

} // namespace

result<gtid_set> gtid_set::parse(std::string_view text) {
  gtid_set out;
  while (!trimmed(text).empty()) {
    auto part = trimmed(cut(text, ','));
    auto taken = part.find(':') == std::string_view::npos
                     ? out.take_domain(part, false)
                     : out.take_server(part);
    if (!taken)
      return fail(taken.error());
  }
  return out;
}

result<void> gtid_set::add(std::string_view gtid) {
  if (gtid.find(',') != std::string_view::npos)
    return refused(gtid, "one id");
  return gtid.find(':') == std::string_view::npos ? take_domain(gtid, true)
                                                  : take_server(gtid);
}

result<void> gtid_set::take_domain(std::string_view part, bool as_next) {
  auto rest = part;
  auto id = number<uint32_t>(cut(rest, '-'));
  auto from = number<uint32_t>(cut(rest, '-'));
  auto sequence = number<uint64_t>(rest);
  if (!id || !from || !sequence)
    return refused(part, "domain-server-number");
  if (!servers_.empty())
    return refused(part, "MySQL's form as in the rest of the set");
  auto at = std::lower_bound(
      domains_.begin(), domains_.end(), *id,
      [](const domain& d, uint32_t wanted) { return d.id < wanted; });
  if (at == domains_.end() || at->id != *id)
    domains_.insert(at, domain{*id, *from, *sequence});
  else if (as_next || at->sequence < *sequence)
    *at = domain{*id, *from, *sequence};
  return {};
}

result<void> gtid_set::take_server(std::string_view part) {
  auto rest = part;
  auto uuid = cut(rest, ':');
  if (!is_uuid(uuid))
    return refused(part, "a server's uuid before ':'");
  if (!domains_.empty())
    return refused(part, "MariaDB's form as in the rest of the set");
  std::vector<interval> found;
  do {
    auto range = cut(rest, ':');
    auto bounds = range;
    auto first = number<uint64_t>(cut(bounds, '-'));
    auto last = bounds.empty() ? first : number<uint64_t>(bounds);
    if (!first || !last || *first == 0 || *last < *first
        || *last == std::numeric_limits<uint64_t>::max())
      return refused(part, "intervals like 1-5 after ':' (tags are not known)");
    found.push_back({*first, *last});
  } while (!rest.empty());
  std::string name{uuid};
  for (auto& c : name)
    c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  auto at = std::lower_bound(
      servers_.begin(), servers_.end(), name,
      [](const server& s, const std::string& n) { return s.uuid < n; });
  if (at == servers_.end() || at->uuid != name)
    at = servers_.insert(at, server{std::move(name), {}});
  for (auto i : found)
    insert(at->intervals, i);
  return {};
}

void gtid_set::insert(std::vector<interval>& to, interval what) {
  auto first = std::find_if(to.begin(), to.end(), [&](const interval& i) {
    return i.last + 1 >= what.first;
  });
  auto last = first;
  for (; last != to.end() && last->first <= what.last + 1; ++last) {
    what.first = std::min(what.first, last->first);
    what.last = std::max(what.last, last->last);
  }
  to.insert(to.erase(first, last), what);
}

bool gtid_set::covers(const gtid_set& other) const noexcept {
  auto has_domain = [&](const domain& wanted) {
    return std::any_of(domains_.begin(), domains_.end(), [&](const domain& d) {
      return d.id == wanted.id && (d.sequence > wanted.sequence || d == wanted);
    });
  };
  auto has_intervals = [&](const server& wanted) {
    auto own
        = std::find_if(servers_.begin(), servers_.end(),
                       [&](const server& s) { return s.uuid == wanted.uuid; });
    if (own == servers_.end())
      return false;
    auto has = [&](const interval& w) {
      return std::any_of(own->intervals.begin(), own->intervals.end(),
                         [&](const interval& i) {
                           return i.first <= w.first && w.last <= i.last;
                         });
    };
    return std::all_of(wanted.intervals.begin(), wanted.intervals.end(), has);
  };
  return std::all_of(other.domains_.begin(), other.domains_.end(), has_domain)
         && std::all_of(other.servers_.begin(), other.servers_.end(),
                        has_intervals);
}

std::string gtid_set::text() const {
  std::string out;
  for (auto& d : domains_) {
    out += out.empty() ? "" : ",";
    out += std::to_string(d.id) + "-" + std::to_string(d.server) + "-"
           + std::to_string(d.sequence);
  }
  for (auto& s : servers_) {
    out += out.empty() ? "" : ",";
    out += s.uuid;
    for (auto& i : s.intervals) {
      out += ":" + std::to_string(i.first);
      if (i.last != i.first)
        out += "-" + std::to_string(i.last);
    }
  }
  return out;
}

} // namespace toadcache
