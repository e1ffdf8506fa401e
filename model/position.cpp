#include "model/position.hpp"

#include <charconv>
#include <vector>

#include "model/gtid_set.hpp"

namespace toadcache {

namespace {

/// First field of a position and of a resume point; raised with the form.
constexpr std::string_view position_version = "p1";
constexpr std::string_view resume_version = "r1";

/// "binlog.000009" before "binlog.000010", and "binlog.999999" before
/// "binlog.1000000". Unlike bases do not compare.
bool file_not_before(const std::string& a, const std::string& b, bool& same) {
  same = a == b;
  if (same)
    return true;
  auto split = [](const std::string& f) {
    auto dot = f.rfind('.');
    auto base = f.substr(0, dot);
    auto digits = dot == std::string::npos ? "" : f.substr(dot + 1);
    uint64_t n = 0;
    auto [end, error]
        = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    auto whole = error == std::errc{} && end == digits.data() + digits.size();
    return std::pair{base, whole ? n : 0};
  };
  auto left = split(a);
  auto right = split(b);
  return left.first == right.first && left.second != 0 && right.second != 0
         && left.second > right.second;
}

bool plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z')
         || std::string_view{"-_.,:/"}.find(c) != std::string_view::npos;
}

std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (auto c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (plain(c))
      out += c;
    else
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return out;
}

result<std::string> unescaped(std::string_view text) {
  auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (plain(text[i])) {
      out += text[i];
      continue;
    }
    auto high = text[i] == '%' && i + 2 < text.size() ? digit(text[i + 1]) : -1;
    auto low = high >= 0 ? digit(text[i + 2]) : -1;
    if (low < 0)
      return fail(errc::invalid, "expected %xx in place of a special byte");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

/// Reads the fields of one text, in order; the first error stays.
class field_reader {
public:
  field_reader(std::string_view text, std::string_view version, size_t count)
      : text_(text) {
    for (size_t at = 0; at != std::string_view::npos;) {
      auto end = text.find(';', at);
      fields_.push_back(text.substr(at, end - at));
      at = end == std::string_view::npos ? end : end + 1;
    }
    if (fields_.front() != version)
      refuse("version '" + std::string{version} + "' at its begin");
    else if (fields_.size() != count)
      refuse(std::to_string(count) + " fields");
  }

  std::string text() {
    if (!error_.empty())
      return {};
    auto out = unescaped(fields_[next_++]);
    if (!out)
      refuse(out.error().what);
    return out ? *out : std::string{};
  }

  template <class T>
  T number() {
    T out{};
    auto field = text();
    auto [end, error]
        = std::from_chars(field.data(), field.data() + field.size(), out);
    if (error_.empty()
        && (error != std::errc{} || end != field.data() + field.size()))
      refuse("a number, got '" + field + "'");
    return out;
  }

  position place() {
    position p;
    p.source = text();
    p.gtid = text();
    p.file = text();
    p.offset = number<uint64_t>();
    auto set = gtid_set::parse(p.gtid);
    if (!set)
      refuse(set.error().what);
    else
      p.gtid = set->text();
    return p;
  }

  template <class T>
  result<T> done(T value) const {
    if (!error_.empty())
      return fail(errc::invalid, error_);
    return value;
  }

private:
  void refuse(const std::string& expected) {
    if (error_.empty())
      error_ = "position '" + std::string{text_.substr(0, 80)} + "': expected "
               + expected;
  }

  std::string_view text_;
  std::vector<std::string_view> fields_;
  size_t next_ = 1;
  std::string error_;
};

std::string fields_of(const position& p) {
  return ";" + escaped(p.source) + ";" + escaped(p.gtid) + ";" + escaped(p.file)
         + ";" + std::to_string(p.offset);
}

} // namespace

bool position::covers(const position& other) const {
  if (gtid.empty() != other.gtid.empty())
    return false;
  if (!gtid.empty()) {
    auto own = gtid_set::parse(gtid);
    auto asked = gtid_set::parse(other.gtid);
    return own && asked && own->covers(*asked);
  }
  bool same = false;
  if (source != other.source || !file_not_before(file, other.file, same))
    return false;
  return !same || offset >= other.offset;
}

std::string to_string(const position& p) {
  return std::string{position_version} + fields_of(p);
}

std::string to_string(const resume_point& p) {
  auto number = [](auto n) { return ";" + std::to_string(n); };
  return std::string{resume_version} + fields_of(p.at) + ";"
         + escaped(p.last.file) + number(p.last.begin) + number(p.last.end)
         + number(p.last.timestamp) + number(p.last.checksum);
}

result<position> parse_position(std::string_view text) {
  field_reader in{text, position_version, 5};
  auto p = in.place();
  return in.done(std::move(p));
}

result<resume_point> parse_resume_point(std::string_view text) {
  field_reader in{text, resume_version, 10};
  resume_point p;
  p.at = in.place();
  p.last.file = in.text();
  p.last.begin = in.number<uint64_t>();
  p.last.end = in.number<uint64_t>();
  p.last.timestamp = in.number<uint32_t>();
  p.last.checksum = in.number<uint32_t>();
  return in.done(std::move(p));
}

} // namespace toadcache
