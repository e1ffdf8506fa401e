#include "storage/disk_codec.hpp"

#include <cstring>

#include <xxhash.h>
#include <zstd.h>

namespace toadcache {

namespace {

void append_length(std::string& out, size_t n) {
  auto length = static_cast<uint32_t>(n);
  out.append(reinterpret_cast<const char*>(&length), sizeof(length));
}

// A list: per key its length and bytes.
std::optional<std::string> encode_list(const disk_entry& entry) {
  std::string out;
  for (const auto& id : entry.list) {
    if (id.type() != entry.id.type() || !id.is_row())
      return std::nullopt;
    append_length(out, id.bytes().size());
    out += id.bytes();
  }
  return out;
}

bool decode_list(std::string_view bytes, disk_entry& entry) {
  while (!bytes.empty()) {
    uint32_t length = 0;
    if (bytes.size() < sizeof(length))
      return false;
    std::memcpy(&length, bytes.data(), sizeof(length));
    bytes.remove_prefix(sizeof(length));
    if (bytes.size() < length)
      return false;
    entry.list.emplace_back(entry.id.type(), primary_index,
                            std::string{bytes.substr(0, length)});
    bytes.remove_prefix(length);
  }
  return true;
}

bool decode_plain(std::string_view bytes, disk_entry& entry) {
  if (!entry.id.is_row())
    return decode_list(bytes, entry);
  auto decoded = row::decode(bytes);
  if (!decoded)
    return false;
  entry.content = std::move(*decoded);
  return true;
}

} // namespace

std::optional<stored_content> encode_content(const disk_entry& entry,
                                             size_t compress_from_bytes) {
  stored_content out;
  if (entry.id.is_row()) {
    if (!entry.content)
      return std::nullopt;
    out.bytes = entry.content.bytes();
  } else {
    auto list = encode_list(entry);
    if (!list)
      return std::nullopt;
    out.bytes = std::move(*list);
  }
  if (out.bytes.size() < compress_from_bytes)
    return out;
  std::string packed(ZSTD_compressBound(out.bytes.size()), '\0');
  auto n = ZSTD_compress(packed.data(), packed.size(), out.bytes.data(),
                         out.bytes.size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(n) || n >= out.bytes.size())
    return out; // does not get smaller
  packed.resize(n);
  return stored_content{std::move(packed), true};
}

bool decode_content(std::string_view bytes, bool compressed,
                    disk_entry& entry) {
  if (!compressed)
    return decode_plain(bytes, entry);
  auto size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR
      || size > row::max_bytes)
    return false;
  std::string plain(static_cast<size_t>(size), '\0');
  auto n
      = ZSTD_decompress(plain.data(), plain.size(), bytes.data(), bytes.size());
  return !ZSTD_isError(n) && n == plain.size() && decode_plain(plain, entry);
}

uint64_t content_checksum(std::string_view type, const key& id, int64_t run,
                          int64_t fetched, std::string_view bytes,
                          bool compressed) {
  std::string meaning;
  auto add = [&meaning](uint64_t x) {
    meaning.append(reinterpret_cast<const char*>(&x), sizeof(x));
  };
  add(type.size());
  add(id.index());
  add(static_cast<uint64_t>(run));
  add(static_cast<uint64_t>(fetched));
  add(compressed ? 1 : 0);
  meaning += type;
  meaning += id.bytes();
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(),
                              XXH3_64bits(meaning.data(), meaning.size()));
}

} // namespace toadcache
