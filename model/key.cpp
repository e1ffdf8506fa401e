#include "model/key.hpp"

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include <xxhash.h>

namespace toadcache {

namespace {

// First byte of each encoded value; NULL sorts first, as in the database.
enum tag : char {
  tag_null = 1,
  tag_int64,
  tag_uint64,
  tag_float64,
  tag_bytes,
};

// Bytes: 0 becomes 0 ff, the end is 0 1, so a prefix sorts before what
// continues it and no encoding is a prefix of another.
constexpr char escape = '\0';
constexpr char escaped_zero = '\xff';
constexpr char end_of_bytes = '\x01';

constexpr uint64_t sign_bit = uint64_t{1} << 63;

// Doubles order by their bits once negative ones are inverted and positive
// ones have the top bit set.
uint64_t ordered_bits(double x) {
  auto bits = std::bit_cast<uint64_t>(x);
  return (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
}

double from_ordered_bits(uint64_t x) {
  return std::bit_cast<double>((x & sign_bit) != 0 ? x & ~sign_bit : ~x);
}

// Big-endian.
static_assert(std::endian::native == std::endian::little);
void append_fixed(key_bytes& out, tag t, uint64_t x) {
  x = __builtin_bswap64(x);
  out += t;
  out += std::string_view{reinterpret_cast<const char*>(&x), sizeof(x)};
}

void append_integer(key_bytes& out, int64_t i) {
  append_fixed(out, tag_int64, static_cast<uint64_t>(i) ^ sign_bit);
}

// Requires: 8 bytes at least.
uint64_t read_fixed(std::string_view bytes) {
  uint64_t x = 0;
  std::memcpy(&x, bytes.data(), sizeof(x));
  return __builtin_bswap64(x);
}

tl::unexpected<failure> broken(const char* what) {
  return fail(errc::corrupt, std::string{"key: "} + what);
}

// Takes one bytes value off the front of `rest`, after its tag.
result<value> read_bytes(std::string_view& rest) {
  std::string out;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] != escape) {
      out += rest[i];
      continue;
    }
    if (++i == rest.size())
      break;
    if (rest[i] == end_of_bytes) {
      rest.remove_prefix(i + 1);
      return value{std::move(out)};
    }
    if (rest[i] != escaped_zero)
      return broken("unknown escape");
    out += escape;
  }
  return broken("bytes without an end");
}

// Takes one value off the front of `rest`. Requires: rest is not empty.
result<value> read_value(std::string_view& rest) {
  auto t = rest.front();
  rest.remove_prefix(1);
  if (t == tag_null)
    return value{};
  if (t == tag_bytes)
    return read_bytes(rest);
  if (t != tag_int64 && t != tag_uint64 && t != tag_float64)
    return broken("unknown tag");
  if (rest.size() < 8)
    return broken("number cut short");
  auto x = read_fixed(rest);
  rest.remove_prefix(8);
  if (t == tag_int64)
    return value{static_cast<int64_t>(x ^ sign_bit)};
  if (t == tag_uint64)
    return value{x};
  return value{from_ordered_bits(x)};
}

} // namespace

key::key(entity_id type, index_id index, key_bytes bytes) noexcept
    : type_(type), index_(index), hash_(hash_of(type, index, bytes)),
      bytes_(std::move(bytes)) {}

key key::of_integers(entity_id type, index_id index,
                     std::initializer_list<int64_t> values) {
  key k;
  k.type_ = type;
  k.index_ = index;
  for (auto i : values)
    append_integer(k.bytes_, i);
  k.hash_ = hash_of(type, index, k.bytes_);
  return k;
}

uint64_t key::hash_of(entity_id type, index_id index,
                      std::string_view bytes) noexcept {
  // No bytes is no key: the hash of a default-constructed one.
  return bytes.empty() ? 0
                       : XXH3_64bits_withSeed(bytes.data(), bytes.size(),
                                              uint64_t{type} << 16 | index);
}

key_bytes encode_key(std::span<const value> values) {
  key_bytes out;
  for (const auto& v : values)
    append_to_key(out, v.view());
  return out;
}

key_bytes encode_key(std::span<const value_view> values) {
  key_bytes out;
  for (auto v : values)
    append_to_key(out, v);
  return out;
}

void append_to_key(key_bytes& bytes, value_view v) {
  if (auto* i = std::get_if<int64_t>(&v)) {
    append_integer(bytes, *i);
  } else if (auto* u = std::get_if<uint64_t>(&v)) {
    append_fixed(bytes, tag_uint64, *u);
  } else if (auto* d = std::get_if<double>(&v)) {
    append_fixed(bytes, tag_float64, ordered_bits(*d));
  } else if (auto* s = std::get_if<std::string_view>(&v)) {
    bytes += tag_bytes;
    for (char c : *s) {
      bytes += c;
      if (c == escape)
        bytes += escaped_zero;
    }
    bytes += escape;
    bytes += end_of_bytes;
  } else {
    bytes += tag_null;
  }
}

result<std::vector<value>> decode_key(std::string_view bytes) {
  std::vector<value> values;
  while (!bytes.empty()) {
    auto v = read_value(bytes);
    if (!v)
      return fail(std::move(v.error()));
    values.push_back(std::move(*v));
  }
  return values;
}

folded_text fold_text(std::string_view text) {
  folded_text out;
  out.bytes.assign(text);
  while (!out.bytes.empty() && out.bytes.back() == ' ')
    out.bytes.pop_back();
  for (char& c : out.bytes) {
    if (c < 0x20 || c > 0x7e)
      out.exact = false;
    else if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

} // namespace toadcache
