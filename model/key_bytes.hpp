// The bytes of a key: a string that keeps up to 48 bytes (five integers, or an
// integer and a UUID as text) inside itself, so that looking up a composite key
// allocates nothing. A value; not thread-safe while it is appended to.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace toadcache {

class key_bytes {
public:
  static constexpr size_t inline_size = 48;

  key_bytes() noexcept : inline_{} {}
  key_bytes(std::string_view bytes) : key_bytes() { *this += bytes; }
  key_bytes(const std::string& bytes) : key_bytes(std::string_view{bytes}) {}
  key_bytes(const char* bytes) : key_bytes(std::string_view{bytes}) {}
  key_bytes(const key_bytes& other) : key_bytes(other.view()) {}
  key_bytes(key_bytes&& other) noexcept
      : size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, inline_size)) {
    std::memcpy(inline_, other.inline_, inline_size); // or the pointer
  }
  key_bytes& operator=(key_bytes other) noexcept {
    swap(other);
    return *this;
  }
  ~key_bytes() {
    if (on_heap())
      delete[] heap_;
  }

  [[nodiscard]] std::string_view view() const noexcept {
    return {on_heap() ? heap_ : inline_, size_};
  }
  operator std::string_view() const noexcept { return view(); }
  [[nodiscard]] size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  key_bytes& operator+=(char c) { return *this += std::string_view{&c, 1}; }
  key_bytes& operator+=(std::string_view more) {
    if (more.size() > capacity_ - size_)
      grow(size_ + more.size());
    std::memcpy((on_heap() ? heap_ : inline_) + size_, more.data(),
                more.size());
    size_ += static_cast<uint32_t>(more.size());
    return *this;
  }

  friend bool operator==(const key_bytes& a, const key_bytes& b) noexcept {
    return a.view() == b.view();
  }

private:
  [[nodiscard]] bool on_heap() const noexcept {
    return capacity_ > inline_size;
  }
  void grow(size_t at_least) {
    auto capacity = at_least + at_least / 2;
    auto fresh = new char[capacity];
    std::memcpy(fresh, view().data(), size_);
    if (on_heap())
      delete[] heap_;
    heap_ = fresh;
    capacity_ = static_cast<uint32_t>(capacity);
  }
  void swap(key_bytes& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    char mine[inline_size];
    std::memcpy(mine, inline_, inline_size);
    std::memcpy(inline_, other.inline_, inline_size);
    std::memcpy(other.inline_, mine, inline_size);
  }

  uint32_t size_ = 0;
  uint32_t capacity_ = inline_size;
  union {
    char inline_[inline_size];
    char* heap_;
  };
};

} // namespace toadcache
