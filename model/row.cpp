#include "model/row.hpp"

#include <bit>
#include <cstring>
#include <limits>

#include <xxhash.h>

namespace toadcache {

namespace {

// Positions in the block, see the head of row.hpp.
constexpr size_t count_at = 4;
constexpr size_t format_at = 6;
constexpr size_t zero_at = 7;
constexpr size_t hash_at = 8;
constexpr size_t header_bytes = 16;
constexpr size_t bytes_per_column = 5; // end offset and type
constexpr uint32_t null_flag = uint32_t{1} << 31;

// Little-endian.
static_assert(std::endian::native == std::endian::little);
template <class Number>
Number load(const char* from) {
  Number x = 0;
  std::memcpy(&x, from, sizeof(x));
  return x;
}
template <class Number>
void store(char* to, Number x) {
  std::memcpy(to, &x, sizeof(x));
}

// The column count is the seed, so that the hash covers it too. 0 stands for
// "no row".
uint64_t hash_of(const char* block, size_t size, size_t count) {
  auto h
      = XXH3_64bits_withSeed(block + header_bytes, size - header_bytes, count);
  return h == 0 ? 1 : h;
}

// One column of a block; the checks of `decode` make its ends safe.
class cell {
public:
  // Requires: i < count.
  cell(const char* block, size_t count, size_t i) {
    auto ends = block + header_bytes;
    auto end = load<uint32_t>(ends + 4 * i);
    auto start = i == 0 ? 0 : load<uint32_t>(ends + 4 * (i - 1)) & ~null_flag;
    null_ = (end & null_flag) != 0;
    type_ = static_cast<column_type>(ends[4 * count + i]);
    content_
        = {ends + bytes_per_column * count + start, (end & ~null_flag) - start};
  }
  [[nodiscard]] bool is_null() const { return null_; }
  [[nodiscard]] column_type type() const { return type_; }
  [[nodiscard]] std::string_view content() const { return content_; }
  [[nodiscard]] uint64_t bits() const {
    return load<uint64_t>(content_.data());
  }

private:
  std::string_view content_;
  column_type type_{};
  bool null_ = false;
};

bool known(unsigned char type) {
  return type >= static_cast<unsigned char>(column_type::int64)
         && type <= static_cast<unsigned char>(column_type::json);
}

// The bits of a number of exactly the type `t`, else nothing.
bool number_bits(const value& v, column_type t, uint64_t& bits) {
  if (auto* i = std::get_if<int64_t>(&v.data())) {
    bits = static_cast<uint64_t>(*i);
    return t == column_type::int64;
  }
  if (auto* u = std::get_if<uint64_t>(&v.data())) {
    bits = *u;
    return t == column_type::uint64;
  }
  if (auto* d = std::get_if<double>(&v.data())) {
    bits = std::bit_cast<uint64_t>(*d);
    return t == column_type::float64;
  }
  return false;
}

tl::unexpected<failure> broken(const char* what) {
  return fail(errc::corrupt, std::string{"row: "} + what);
}

tl::unexpected<failure> wrong_column(size_t i, column_type t, const value& v) {
  constexpr std::string_view kinds[]
      = {"NULL", "int64", "uint64", "float64", "text"};
  return fail(errc::invalid, "column " + std::to_string(i) + ": expected "
                                 + std::string{to_string(t)} + ", got "
                                 + std::string{kinds[v.data().index()]});
}

} // namespace

result<row> row::encode(std::span<const column_type> types,
                        std::span<const value> values) {
  auto count = types.size();
  if (values.size() != count)
    return fail(errc::invalid, "row: expected " + std::to_string(count)
                                   + " values, got "
                                   + std::to_string(values.size()));
  if (count > std::numeric_limits<uint16_t>::max())
    return fail(errc::invalid, "row: more than 65535 columns");
  auto size = header_bytes + bytes_per_column * count;
  uint64_t bits = 0;
  for (size_t i = 0; i < count; ++i) {
    auto* text = std::get_if<std::string>(&values[i].data());
    if (!known(static_cast<unsigned char>(types[i])))
      return wrong_column(i, types[i], values[i]);
    if (values[i].is_null())
      continue;
    if (is_fixed(types[i]) ? !number_bits(values[i], types[i], bits)
                           : text == nullptr)
      return wrong_column(i, types[i], values[i]);
    size += text == nullptr ? sizeof(bits) : text->size();
    if (size > max_bytes)
      return fail(errc::invalid,
                  "row: more than " + std::to_string(max_bytes) + " bytes");
  }
  char* out = shared_block::allocate(0, size);
  store(out, static_cast<uint32_t>(size));
  store(out + count_at, static_cast<uint16_t>(count));
  out[format_at] = static_cast<char>(format);
  out[zero_at] = 0;
  char* first = out + header_bytes + bytes_per_column * count;
  char* end = first;
  for (size_t i = 0; i < count; ++i) {
    if (auto* text = std::get_if<std::string>(&values[i].data())) {
      std::memcpy(end, text->data(), text->size());
      end += text->size();
    } else if (number_bits(values[i], types[i], bits)) {
      store(end, bits);
      end += sizeof(bits);
    }
    store(out + header_bytes + 4 * i,
          static_cast<uint32_t>(end - first)
              | (values[i].is_null() ? null_flag : 0));
    out[header_bytes + 4 * count + i] = static_cast<char>(types[i]);
  }
  store(out + hash_at, hash_of(out, size, count));
  return row{out};
}

result<row> row::decode(std::string_view bytes) {
  if (bytes.size() < header_bytes || bytes.size() > max_bytes)
    return broken("impossible size");
  const char* in = bytes.data();
  if (load<uint32_t>(in) != bytes.size())
    return broken("the size does not match its header");
  if (static_cast<uint8_t>(in[format_at]) != format || in[zero_at] != 0)
    return broken("unknown format");
  size_t count = load<uint16_t>(in + count_at);
  auto values_at = header_bytes + bytes_per_column * count;
  if (values_at > bytes.size())
    return broken("more columns than bytes");
  if (load<uint64_t>(in + hash_at) != hash_of(in, bytes.size(), count))
    return broken("the hash does not match the content");
  size_t start = 0;
  for (size_t i = 0; i < count; ++i) {
    auto end = load<uint32_t>(in + header_bytes + 4 * i);
    auto type = static_cast<unsigned char>(in[header_bytes + 4 * count + i]);
    bool null = (end & null_flag) != 0;
    end &= ~null_flag;
    if (end < start || end > bytes.size() - values_at)
      return broken("a column leaves the block");
    if (!known(type))
      return broken("unknown column type");
    auto fixed = is_fixed(static_cast<column_type>(type));
    if (null ? end != start : fixed && end - start != sizeof(uint64_t))
      return broken("a column has an impossible length");
    start = end;
  }
  if (start != bytes.size() - values_at)
    return broken("bytes after the last column");
  char* out = shared_block::allocate(0, bytes.size());
  std::memcpy(out, in, bytes.size());
  return row{out};
}

std::string_view row::bytes() const noexcept {
  if (bytes_ == nullptr)
    return {};
  return {bytes_, load<uint32_t>(bytes_)};
}

size_t row::column_count() const noexcept {
  return bytes_ == nullptr ? 0 : load<uint16_t>(bytes_ + count_at);
}

uint64_t row::content_hash() const noexcept {
  return bytes_ == nullptr ? 0 : load<uint64_t>(bytes_ + hash_at);
}

value_view row::at(size_t i) const noexcept {
  auto count = column_count();
  if (i >= count)
    return std::monostate{};
  cell c{bytes_, count, i};
  if (c.is_null())
    return std::monostate{};
  switch (c.type()) {
  case column_type::int64:
    return static_cast<int64_t>(c.bits());
  case column_type::uint64:
    return c.bits();
  case column_type::float64:
    return std::bit_cast<double>(c.bits());
  default:
    return c.content();
  }
}

column_type row::type_at(size_t i) const noexcept {
  return cell{bytes_, column_count(), i}.type();
}

bool row::is_null(size_t i) const noexcept {
  auto count = column_count();
  return i >= count || cell{bytes_, count, i}.is_null();
}

int64_t row::int_at(size_t i) const noexcept {
  auto count = column_count();
  if (i >= count)
    return 0;
  cell c{bytes_, count, i};
  return !c.is_null() && c.type() == column_type::int64
             ? static_cast<int64_t>(c.bits())
             : 0;
}

std::string_view row::text_at(size_t i) const noexcept {
  auto count = column_count();
  if (i >= count)
    return {};
  cell c{bytes_, count, i};
  return c.is_null() || is_fixed(c.type()) ? std::string_view{} : c.content();
}

} // namespace toadcache
