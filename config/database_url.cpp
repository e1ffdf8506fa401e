#include "config/database_url.hpp"

#include <charconv>

namespace toadcache {

namespace {

using assignments = std::vector<std::pair<std::string, std::string>>;

/// nothing when a '%' is not followed by two hexadecimal digits.
tl::expected<std::string, std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned code = 0;
    auto digits = text.substr(i + 1, 2);
    auto end = digits.data() + digits.size();
    if (digits.size() != 2
        || std::from_chars(digits.data(), end, code, 16).ptr != end)
      return tl::unexpected<std::string>(
          "'%' must be followed by two hexadecimal digits");
    out += static_cast<char>(code);
    i += 2;
  }
  return out;
}

/// Splits at the first `separator`; the second part is empty without one.
std::pair<std::string_view, std::string_view> split(std::string_view text,
                                                    char separator) {
  auto at = text.find(separator);
  if (at == std::string_view::npos)
    return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

/// Collects decoded parts; remembers the first error.
class url_parts {
public:
  void add(std::string name, std::string_view encoded) {
    auto text = percent_decode(encoded);
    if (!text)
      error_ = text.error();
    else
      all_.emplace_back("database." + std::move(name), std::move(*text));
  }
  void add_if_any(std::string name, std::string_view encoded) {
    if (!encoded.empty())
      add(std::move(name), encoded);
  }
  tl::expected<assignments, std::string> finish() && {
    if (!error_.empty())
      return tl::unexpected<std::string>("database URL: " + error_);
    return std::move(all_);
  }

private:
  assignments all_;
  std::string error_;
};

constexpr std::string_view mysql_prefix = "mysql://";
constexpr std::string_view sqlite_prefix = "sqlite:";

} // namespace

tl::expected<assignments, std::string>
parse_database_url(std::string_view url) {
  url_parts parts;
  if (url.starts_with(sqlite_prefix)) {
    url.remove_prefix(sqlite_prefix.size());
    if (url.empty())
      return tl::unexpected<std::string>(
          "database URL: expected a file after 'sqlite:'");
    parts.add("kind", "sqlite");
    parts.add("file", url);
    return std::move(parts).finish();
  }
  if (!url.starts_with(mysql_prefix))
    return tl::unexpected<std::string>(
        "database URL: expected 'mysql://user@host:port/schema' or "
        "'sqlite:FILE'");
  url.remove_prefix(mysql_prefix.size());
  auto [address, query] = split(url, '?');
  auto [server, schema] = split(address, '/');
  if (auto at = server.rfind('@'); at != std::string_view::npos) {
    auto [user, password] = split(server.substr(0, at), ':');
    parts.add_if_any("user", user);
    parts.add_if_any("password", password);
    server.remove_prefix(at + 1);
  }
  auto host = server;
  std::string_view port;
  if (server.starts_with('[')) {
    auto end = server.find(']');
    if (end == std::string_view::npos)
      return tl::unexpected<std::string>(
          "database URL: expected ']' after the address");
    host = server.substr(1, end - 1);
    auto rest = server.substr(end + 1);
    if (!rest.empty() && rest.front() != ':')
      return tl::unexpected<std::string>(
          "database URL: expected ':port' after ']'");
    port = rest.empty() ? rest : rest.substr(1);
  } else {
    std::tie(host, port) = split(server, ':');
  }
  if (host.empty() || schema.empty())
    return tl::unexpected<std::string>(
        "database URL: expected a host and a schema, as in "
        "'mysql://user@host:port/schema'");
  parts.add("kind", "mysql");
  parts.add("host", host);
  parts.add_if_any("port", port);
  parts.add("schema", schema);
  while (!query.empty()) {
    auto [option, rest] = split(query, '&');
    auto [name, text] = split(option, '=');
    parts.add(std::string{name}, text);
    query = rest;
  }
  return std::move(parts).finish();
}

} // namespace toadcache
