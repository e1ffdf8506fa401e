#include "tools/request_trace.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <unordered_map>

#include <zstd.h>

#include "tools/random.hpp"

namespace toadcache {

namespace {

template <class T>
using read_result = tl::expected<T, std::string>;

constexpr size_t key_bytes = 8;
constexpr size_t record_bytes = 24;
// More would not fit in the memory of an ordinary machine.
constexpr uint64_t max_made_count = 500'000'000;

uint64_t little_endian(std::string_view bytes) {
  uint64_t x = 0;
  for (auto i = bytes.size(); i > 0; --i)
    x = x << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return x;
}

/// Numbers keys by first appearance.
class numbering {
public:
  uint32_t of(uint64_t key) {
    return numbers_.try_emplace(key, static_cast<uint32_t>(numbers_.size()))
        .first->second;
  }
  [[nodiscard]] size_t count() const { return numbers_.size(); }

private:
  std::unordered_map<uint64_t, uint32_t> numbers_;
};

read_result<std::string> read_file(const std::string& path) {
  std::unique_ptr<FILE, int (*)(FILE*)> file{std::fopen(path.c_str(), "rb"),
                                             std::fclose};
  std::string bytes;
  std::string chunk(size_t{1} << 20, '\0');
  while (file) {
    auto n = std::fread(chunk.data(), 1, chunk.size(), file.get());
    bytes.append(chunk, 0, n);
    if (n < chunk.size())
      break;
  }
  if (!file || std::ferror(file.get()) != 0)
    return tl::unexpected<std::string>(path + ": cannot be read");
  return bytes;
}

read_result<std::string> unpack(const std::string& path,
                                const std::string& packed) {
  auto damaged = [&] {
    return tl::unexpected<std::string>(path + ": damaged zstd data");
  };
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream{
      ZSTD_createDStream(), ZSTD_freeDStream};
  std::string plain;
  std::string chunk(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  size_t left = 1; // 0: a frame is complete
  while (in.pos < in.size) {
    ZSTD_outBuffer out{chunk.data(), chunk.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(left) != 0)
      return damaged();
    plain.append(chunk, 0, out.pos);
  }
  while (left != 0) { // what the last step had no room for
    ZSTD_outBuffer out{chunk.data(), chunk.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(left) != 0 || out.pos == 0)
      return damaged();
    plain.append(chunk, 0, out.pos);
  }
  return plain;
}

bool is_zstd(std::string_view bytes) {
  return bytes.substr(0, 4) == "\x28\xb5\x2f\xfd";
}

template <class T>
std::optional<T> number(std::string_view text) {
  T x{};
  auto [end, problem]
      = std::from_chars(text.data(), text.data() + text.size(), x);
  if (problem != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return x;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (auto at = text.find(':'); at != std::string_view::npos;
       at = text.find(':')) {
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  parts.push_back(text);
  return parts;
}

read_result<request_trace> make_loop(const std::string& name) {
  auto parts = split(name);
  auto keys = parts.size() == 3 ? number<uint32_t>(parts[1]) : std::nullopt;
  auto rounds = parts.size() == 3 ? number<uint32_t>(parts[2]) : std::nullopt;
  if (!keys || !rounds || *keys == 0 || *rounds == 0
      || uint64_t{*keys} * *rounds > max_made_count)
    return tl::unexpected<std::string>(
        name + ": expected loop:KEYS:ROUNDS, at most 500000000 requests");
  request_trace t;
  t.name = name;
  t.key_count = *keys;
  t.keys.reserve(size_t{*keys} * *rounds);
  for (uint32_t round = 0; round < *rounds; ++round)
    for (uint32_t k = 0; k < *keys; ++k)
      t.keys.push_back(k);
  return t;
}

read_result<request_trace> make_zipf(const std::string& name) {
  auto parts = split(name);
  auto bad = [&] {
    return tl::unexpected<std::string>(
        name
        + ": expected zipf:KEYS:REQUESTS:EXPONENT:SEED, at most 500000000 "
          "requests and keys, exponent 0 to 10");
  };
  if (parts.size() != 5)
    return bad();
  auto keys = number<uint32_t>(parts[1]);
  auto requests = number<uint32_t>(parts[2]);
  auto exponent = number<double>(parts[3]);
  auto seed = number<uint64_t>(parts[4]);
  if (!keys || !requests || !exponent || !seed || *keys == 0 || *requests == 0
      || *keys > max_made_count || *requests > max_made_count
      || !(*exponent >= 0 && *exponent <= 10))
    return bad();
  request_trace t;
  t.name = name;
  zipf_ranks ranks{*keys, *exponent};
  random_source random{*seed};
  numbering numbers;
  t.keys.reserve(*requests);
  for (uint32_t i = 0; i < *requests; ++i)
    t.keys.push_back(numbers.of(ranks.draw(random)));
  t.key_count = numbers.count();
  return t;
}

} // namespace

read_result<request_trace> read_trace(const std::string& name,
                                      trace_format format) {
  if (name.starts_with("loop:"))
    return make_loop(name);
  if (name.starts_with("zipf:"))
    return make_zipf(name);
  auto bytes = read_file(name);
  if (bytes && is_zstd(*bytes))
    bytes = unpack(name, *bytes);
  if (!bytes)
    return tl::unexpected<std::string>(bytes.error());
  return parse_trace(name, *bytes, format);
}

read_result<request_trace> parse_trace(const std::string& name,
                                       std::string_view bytes,
                                       trace_format format) {
  auto bad = [&](const std::string& what) {
    return tl::unexpected<std::string>(name + ": " + what);
  };
  request_trace t;
  t.name = name;
  t.format = format;
  auto step = t.is_weighted() ? record_bytes : key_bytes;
  if (bytes.empty())
    return bad("no requests");
  if (bytes.size() % step != 0)
    return bad("expected records of " + std::to_string(step) + " bytes, got "
               + std::to_string(bytes.size()) + " bytes");
  numbering numbers;
  for (size_t at = 0; at < bytes.size(); at += step) {
    auto key = numbers.of(little_endian(bytes.substr(at, 8)));
    if (!t.is_weighted()) {
      t.keys.push_back(key);
      continue;
    }
    auto field = [&](size_t i) {
      return static_cast<uint32_t>(
          little_endian(bytes.substr(at + 8 + 4 * i, 4)));
    };
    trace_request r{key, field(0), field(1), field(2), field(3) == 1};
    auto where = "record " + std::to_string(at / step);
    if (field(3) > 1)
      return bad(where + ": expected operation 0 or 1, got "
                 + std::to_string(field(3)));
    if (!t.requests.empty() && r.time_s < t.requests.back().time_s)
      return bad(where + ": expected ascending times");
    t.requests.push_back(r);
  }
  t.key_count = numbers.count();
  return t;
}

} // namespace toadcache
