// The one-line form of a database, as --database takes it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace toadcache {

/// The settings that a URL stands for, by name, in order:
///   mysql://[user[:password]@]host[:port]/schema[?name=value&...]
///   sqlite:FILE
/// Parts may be percent-encoded; a host in brackets is an IPv6 address, one
/// that contains "%2F" the path of a unix socket. Each `name` of the query is a
/// setting of the database: tls, tls_ca, read_timeout. The error never holds
/// the URL, which may carry a password.
[[nodiscard]] tl::expected<std::vector<std::pair<std::string, std::string>>,
                           std::string>
parse_database_url(std::string_view url);

} // namespace toadcache
