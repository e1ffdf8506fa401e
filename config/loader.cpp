#include "config/loader.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "config/config_file.hpp"
#include "config/database_url.hpp"
#include "config/setting.hpp"
#include "config/validate.hpp"

namespace toadcache {

namespace {

using status = tl::expected<void, std::string>;

constexpr std::string_view command_line = "command line";

tl::unexpected<std::string>
error(std::string_view origin, std::string_view name, std::string_view what) {
  return tl::unexpected<std::string>(std::string{origin} + ": "
                                     + std::string{name} + ": "
                                     + std::string{what});
}

/// True when JSON's type of a value fits the setting, so that "10" is no count
/// and 10 no path.
bool fits(const setting& s, file_setting::json_type type) {
  using json_type = file_setting::json_type;
  switch (s.kind) {
  case setting_kind::boolean:
    return type == json_type::boolean;
  case setting_kind::count:
  case setting_kind::ratio:
    return type == json_type::number;
  case setting_kind::bytes:
  case setting_kind::duration:
    return type != json_type::boolean;
  default:
    return type == json_type::string;
  }
}

std::string_view name_of(file_setting::json_type type) {
  switch (type) {
  case file_setting::json_type::boolean:
    return "a boolean";
  case file_setting::json_type::number:
    return "a number";
  default:
    return "a string";
  }
}

/// A value of SQL_* as the environment gives it, and whence.
struct sql_value {
  std::string text;
  std::string origin;
};

/// Replaces the path of a secret file by the file's content.
tl::expected<sql_value, std::string>
resolve_secret(sql_value v, const std::filesystem::path& secrets) {
  constexpr size_t max_secret_bytes = 64 << 10;
  auto path = std::filesystem::path{v.text}.lexically_normal();
  auto inside = path.lexically_relative(secrets.lexically_normal());
  if (inside.empty() || inside == "." || *inside.begin() == "..")
    return v;
  std::ifstream in{path, std::ios::binary};
  std::string content{std::istreambuf_iterator<char>{in}, {}};
  if (!in.is_open() || in.bad() || content.size() > max_secret_bytes)
    return error(v.origin, path.string(), "this secret file cannot be read");
  while (content.ends_with('\n') || content.ends_with('\r'))
    content.pop_back();
  return sql_value{std::move(content),
                   v.origin + " (secret file " + path.string() + ")"};
}

/// Applies one source after the other, weakest first.
class config_builder {
public:
  explicit config_builder(const config_sources& sources) : from_(sources) {
    for (const auto& s : settings())
      out_.origins.emplace(s.name, "default");
  }

  status read_file() {
    auto path = from_.file;
    if (!path)
      path = variable("TOADCACHE_CONFIG");
    if (!path)
      return {};
    auto found = read_config_file(*path);
    if (!found)
      return tl::unexpected<std::string>(found.error());
    auto origin = "file " + *path;
    for (const auto& x : *found) {
      const auto* s = find_setting(x.name);
      if (s == nullptr)
        return error(origin, x.name, "unknown setting");
      if (!fits(*s, x.type))
        return error(origin, x.name,
                     "expected " + expectation(*s) + ", got "
                         + std::string{name_of(x.type)});
      if (auto ok = assign(*s, x.text, origin); !ok)
        return ok;
    }
    return {};
  }

  status read_environment() {
    for (const auto& s : settings()) {
      auto text = variable(s.variable);
      if (!text)
        continue;
      sql_value v{*text, "environment " + std::string{s.variable}};
      if (s.variable.starts_with("SQL_")) {
        auto resolved = resolve_secret(std::move(v), from_.secrets);
        if (!resolved)
          return tl::unexpected<std::string>(resolved.error());
        v = std::move(*resolved);
      }
      if (auto ok = assign(s, v.text, v.origin); !ok)
        return ok;
    }
    return {};
  }

  status read_command_line() {
    if (from_.database_url) {
      auto parts = parse_database_url(*from_.database_url);
      if (!parts)
        return tl::unexpected<std::string>(std::string{command_line} + ": "
                                           + parts.error());
      for (const auto& [name, text] : *parts)
        if (auto ok = assign(name, text); !ok)
          return ok;
    }
    for (const auto& assignment : from_.assignments) {
      auto equals = assignment.find('=');
      if (equals == std::string::npos)
        return error(command_line, assignment, "expected name=value");
      if (auto ok
          = assign(assignment.substr(0, equals), assignment.substr(equals + 1));
          !ok)
        return ok;
    }
    return {};
  }

  tl::expected<loaded, std::string> finish() && {
    auto& kind = out_.origins["database.kind"];
    const auto& host = out_.origins["database.host"];
    if (kind == "default" && host != "default") {
      out_.values.database.kind = database_kind::mysql;
      kind = host;
    }
    if (auto ok = validate(out_.values); !ok)
      return error(out_.origins[ok.error().name], ok.error().name,
                   ok.error().what);
    return std::move(out_);
  }

private:
  std::optional<std::string> variable(std::string_view name) const {
    if (name.empty())
      return std::nullopt;
    auto text = from_.variables(std::string{name});
    return text && !text->empty() ? text : std::nullopt;
  }
  status assign(const std::string& name, const std::string& text) {
    const auto* s = find_setting(name);
    return s == nullptr ? error(command_line, name, "unknown setting")
                        : assign(*s, text, std::string{command_line});
  }
  status assign(const setting& s, const std::string& text,
                const std::string& origin) {
    auto v = parse_value(s, text);
    if (!v)
      return error(origin, s.name, v.error());
    s.set(out_.values, *v);
    out_.origins[std::string{s.name}] = origin;
    return {};
  }

  const config_sources& from_;
  loaded out_;
};

} // namespace

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* text = std::getenv(name.c_str());
    return text != nullptr ? std::optional<std::string>{text} : std::nullopt;
  };
}

tl::expected<loaded, std::string> load_config(const config_sources& sources) {
  config_builder builder{sources};
  auto ok = builder.read_file()
                .and_then([&] { return builder.read_environment(); })
                .and_then([&] { return builder.read_command_line(); });
  if (!ok)
    return tl::unexpected<std::string>(ok.error());
  return std::move(builder).finish();
}

} // namespace toadcache
