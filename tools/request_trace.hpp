// A stream of requests by key, read from a file or made by a rule: what the
// hit-ratio simulator runs policies over. An immutable value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace toadcache {

enum class trace_format : uint8_t {
  /// 8-byte little-endian keys; entries of equal size.
  u64,
  /// 24-byte little-endian records: u64 key; u32 value bytes, time to live in
  /// s, time in s (ascending), operation (0 read, 1 written by somebody else).
  full,
};

struct trace_request {
  uint32_t key = 0; ///< numbered by first appearance
  uint32_t value_bytes = 0;
  uint32_t ttl_s = 0;
  uint32_t time_s = 0;
  bool is_write = false;
};

struct request_trace {
  std::string name;
  trace_format format = trace_format::u64;
  /// Of format u64; then `requests` is empty.
  std::vector<uint32_t> keys;
  /// Of format full; then `keys` is empty.
  std::vector<trace_request> requests;
  size_t key_count = 0; ///< different keys

  [[nodiscard]] bool is_weighted() const {
    return format == trace_format::full;
  }
  [[nodiscard]] size_t size() const {
    return is_weighted() ? requests.size() : keys.size();
  }
};

/// Reads a file, plain or zstd, or makes "loop:KEYS:ROUNDS" (0..KEYS-1 again
/// and again) or "zipf:KEYS:REQUESTS:EXPONENT:SEED". The error is one line that
/// begins with the name. O(size) memory; blocks while it reads.
[[nodiscard]] tl::expected<request_trace, std::string>
read_trace(const std::string& name, trace_format format);

/// The same for bytes at hand: plain records of a format.
[[nodiscard]] tl::expected<request_trace, std::string>
parse_trace(const std::string& name, std::string_view bytes,
            trace_format format);

} // namespace toadcache
