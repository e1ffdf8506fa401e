#include "config/setting.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "config/file_path.hpp"

namespace toadcache {

namespace {

using std::chrono::duration_cast;

struct unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array<unit, 5> duration_units{{{"ms", 1},
                                              {"s", 1000},
                                              {"m", 60'000},
                                              {"h", 3'600'000},
                                              {"d", 86'400'000}}};
constexpr std::array<unit, 3> byte_units{
    {{"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}}};

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// A non-negative whole number at the start of `text`, and what follows it.
bool read_number(std::string_view text, uint64_t& x, std::string_view& rest) {
  auto end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, x);
  rest = {at, static_cast<size_t>(end - at)};
  return error == std::errc{};
}

/// A whole number with one of `units`; a bare number takes `bare_factor`.
bool read_quantity(std::string_view text, std::span<const unit> units,
                   uint64_t bare_factor, uint64_t& x) {
  std::string_view rest;
  if (!read_number(text, x, rest))
    return false;
  auto factor = rest.empty() ? bare_factor : 0;
  for (const auto& u : units)
    if (rest == u.name)
      factor = u.factor;
  return factor != 0 && !__builtin_mul_overflow(x, factor, &x);
}

/// In the largest of `units` that divides it.
std::string format_quantity(uint64_t x, std::span<const unit> units) {
  for (auto u = units.rbegin(); u != units.rend(); ++u)
    if (x != 0 && x % u->factor == 0)
      return std::to_string(x / u->factor) + std::string{u->name};
  return std::to_string(x);
}

std::string format_duration(uint64_t x, std::string_view bare_unit) {
  // Hours and days are read, but seconds are what people compare.
  return x == 0 ? "0" + std::string{bare_unit}
                : format_quantity(x, std::span{duration_units}.first(2));
}

std::string format_bytes(uint64_t x) {
  return format_quantity(x, byte_units);
}

std::string format_ratio(double x) {
  std::array<char, 32> text{};
  auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), x);
  return error == std::errc{} ? std::string{text.data(), end} : "?";
}

std::string join(const std::vector<std::string_view>& names) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0)
      out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

/// The value without the check of its range; nothing when it cannot be read.
std::optional<setting_value> read_value(const setting& s,
                                        std::string_view text) {
  uint64_t whole = 0;
  std::string_view rest;
  switch (s.kind) {
  case setting_kind::boolean: {
    auto t = lower(text);
    if (t == "true" || t == "yes" || t == "on" || t == "1")
      return true;
    if (t == "false" || t == "no" || t == "off" || t == "0")
      return false;
    return std::nullopt;
  }
  case setting_kind::count:
    if (read_number(text, whole, rest) && rest.empty())
      return whole;
    return std::nullopt;
  case setting_kind::bytes:
    if (read_quantity(text, byte_units, 1, whole))
      return whole;
    return std::nullopt;
  case setting_kind::ratio: {
    double x = 0;
    auto end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, x);
    if (error == std::errc{} && at == end && std::isfinite(x))
      return x;
    return std::nullopt;
  }
  case setting_kind::duration:
    if (read_quantity(text, duration_units, s.unit == "s" ? 1000 : 1, whole)
        && whole <= static_cast<uint64_t>(milliseconds::max().count()))
      return milliseconds{static_cast<int64_t>(whole)};
    return std::nullopt;
  case setting_kind::choice:
    return lower(text);
  case setting_kind::path:
    return normalise_path(text);
  case setting_kind::text:
  case setting_kind::secret:
    return std::string{text};
  }
  return std::nullopt;
}

} // namespace

const setting* find_setting(std::string_view name) {
  for (const auto& s : settings())
    if (s.name == name)
      return &s;
  return nullptr;
}

std::string expectation(const setting& s) {
  auto whole = [](double x) { return static_cast<uint64_t>(x); };
  switch (s.kind) {
  case setting_kind::boolean:
    return "true or false";
  case setting_kind::count:
    return "a whole number from " + std::to_string(whole(s.min)) + " to "
           + std::to_string(whole(s.max));
  case setting_kind::bytes:
    return "bytes from " + format_bytes(whole(s.min)) + " to "
           + format_bytes(whole(s.max));
  case setting_kind::ratio:
    return "a number from " + format_ratio(s.min) + " to "
           + format_ratio(s.max);
  case setting_kind::duration:
    return "a duration from " + format_duration(whole(s.min), s.unit) + " to "
           + format_duration(whole(s.max), s.unit) + " (a bare number is in "
           + std::string{s.unit} + ")";
  case setting_kind::choice:
    return join(s.choices);
  case setting_kind::path:
    return "the path of a file";
  case setting_kind::text:
  case setting_kind::secret:
    return "text";
  }
  return {};
}

bool in_range(const setting& s, const setting_value& v) {
  auto inside = [&](auto x) {
    return static_cast<double>(x) >= s.min && static_cast<double>(x) <= s.max;
  };
  switch (s.kind) {
  case setting_kind::count:
  case setting_kind::bytes:
    return inside(std::get<uint64_t>(v));
  case setting_kind::ratio:
    return inside(std::get<double>(v));
  case setting_kind::duration:
    return inside(std::get<milliseconds>(v).count());
  case setting_kind::choice:
    for (auto c : s.choices)
      if (c == std::get<std::string>(v))
        return true;
    return false;
  default:
    return true;
  }
}

tl::expected<setting_value, std::string> parse_value(const setting& s,
                                                     std::string_view text) {
  auto v = read_value(s, text);
  if (v && in_range(s, *v))
    return std::move(*v);
  return tl::unexpected<std::string>("expected " + expectation(s) + ", got '"
                                     + std::string{text} + "'");
}

std::string format_value(const setting& s, const setting_value& v) {
  switch (s.kind) {
  case setting_kind::boolean:
    return std::get<bool>(v) ? "true" : "false";
  case setting_kind::count:
    return std::to_string(std::get<uint64_t>(v));
  case setting_kind::bytes:
    return format_bytes(std::get<uint64_t>(v));
  case setting_kind::ratio:
    return format_ratio(std::get<double>(v));
  case setting_kind::duration:
    return format_duration(
        static_cast<uint64_t>(std::get<milliseconds>(v).count()), s.unit);
  case setting_kind::secret:
    return std::get<std::string>(v).empty() ? "" : "(set)";
  default:
    return std::get<std::string>(v);
  }
}

std::string settings_reference() {
  std::string out = "| setting | environment | default | expected | meaning |\n"
                    "|---|---|---|---|---|\n";
  const options defaults;
  for (const auto& s : settings()) {
    auto initial = format_value(s, s.get(defaults));
    out += "| `" + std::string{s.name} + "` | ";
    if (!s.variable.empty())
      out += "`" + std::string{s.variable} + "`";
    out += " | " + (initial.empty() ? "" : "`" + initial + "`") + " | "
           + expectation(s) + " | " + std::string{s.doc} + " |\n";
  }
  return out;
}

} // namespace toadcache
