// Reads foreign bytes in order, never beyond their end: a read that would is a
// failure that stays, and yields zeros and empty texts from then on. So a
// decoder reads straight through and asks once, at its end, whether all was
// there. Borrows the bytes; used by one thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace toadcache {

class byte_cursor {
public:
  explicit byte_cursor(std::string_view bytes) noexcept : rest_(bytes) {}

  /// False after a read beyond the end.
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] size_t left() const noexcept { return rest_.size(); }

  /// The next `count` bytes; empty where there are fewer.
  std::string_view take(uint64_t count) noexcept {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    auto out = rest_.substr(0, static_cast<size_t>(count));
    rest_.remove_prefix(out.size());
    return out;
  }
  std::string_view take_rest() noexcept { return take(rest_.size()); }

  /// An unsigned number of 1 to 8 bytes, lowest byte first.
  uint64_t little(size_t bytes) noexcept {
    uint64_t out = 0;
    size_t shift = 0;
    for (auto c : take(bytes)) {
      out |= uint64_t{static_cast<unsigned char>(c)} << shift;
      shift += 8;
    }
    return out;
  }
  /// ... highest byte first.
  uint64_t big(size_t bytes) noexcept {
    uint64_t out = 0;
    for (auto c : take(bytes))
      out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }
  /// A number in the server's packed form: one byte up to 250, else 2, 3 or 8
  /// bytes after a mark.
  uint64_t packed() noexcept {
    auto first = little(1);
    switch (first) {
    case 252:
      return little(2);
    case 253:
      return little(3);
    case 254:
      return little(8);
    case 251:
    case 255:
      ok_ = false;
      return 0;
    default:
      return first;
    }
  }

private:
  std::string_view rest_;
  bool ok_ = true;
};

} // namespace toadcache
