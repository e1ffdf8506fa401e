#include "model/block_memory.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "tests/catch.hpp"

using toadcache::block_memory;

namespace {

constexpr size_t largest = size_t{100} << 10;
constexpr size_t span_bytes = size_t{128} << 10;

/// A block filled with a byte of its own.
class filled {
public:
  filled(block_memory& m, size_t size, unsigned char with)
      : memory_(&m), at_(static_cast<unsigned char*>(m.allocate(size))),
        size_(size), with_(with) {
    std::memset(at_, with_, size_);
  }
  filled(filled&& other) noexcept { *this = std::move(other); }
  filled& operator=(filled&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(at_, other.at_);
    std::swap(size_, other.size_);
    std::swap(with_, other.with_);
    return *this;
  }
  ~filled() {
    if (at_ != nullptr)
      memory_->free(at_);
  }
  [[nodiscard]] bool intact() const {
    return std::all_of(at_, at_ + size_,
                       [this](unsigned char c) { return c == with_; });
  }
  [[nodiscard]] size_t bytes() const { return block_memory::bytes_of(size_); }

private:
  block_memory* memory_ = nullptr;
  unsigned char* at_ = nullptr;
  size_t size_ = 0;
  unsigned char with_ = 0;
};

size_t any_size(std::minstd_rand& random) {
  // As many small ones as large ones, by order of magnitude.
  auto magnitude = size_t{1} << random() % 17;
  return std::min(largest, magnitude + random() % magnitude);
}

} // namespace

TEST_CASE("a block occupies little more than was asked for") {
  size_t before = 0;
  for (size_t size = 1; size <= largest; ++size) {
    auto bytes = block_memory::bytes_of(size);
    REQUIRE(bytes >= size);
    REQUIRE(bytes >= before); // the larger never occupies less
    if (size > 1024)
      REQUIRE(bytes
              <= size + std::max(size / 8, size_t{4096} * (size > 16384)) + 8);
    else
      REQUIRE(bytes < size + 16);
    before = bytes;
  }
  CHECK(block_memory::bytes_of(0) == 16);
}

TEST_CASE("blocks of all sizes keep their content and are accounted for") {
  block_memory memory;
  std::minstd_rand random{1};
  std::vector<filled> all;
  size_t used = 0;
  for (int i = 0; i < 60'000; ++i) {
    if (all.size() < 500 || random() % 2 == 0) {
      all.emplace_back(memory, any_size(random),
                       static_cast<unsigned char>(random()));
      used += all.back().bytes();
    } else {
      auto& victim = all[random() % all.size()];
      REQUIRE(victim.intact());
      used -= victim.bytes();
      std::swap(victim, all.back());
      all.pop_back();
    }
    REQUIRE(memory.used_bytes() == used);
  }
  CHECK(std::ranges::all_of(all, [](auto& b) { return b.intact(); }));
  CHECK(memory.held_bytes() >= memory.used_bytes());
  all.clear();
  CHECK(memory.used_bytes() == 0);
  // At most one span of each size stays.
  CHECK(memory.held_bytes() <= 100 * span_bytes);
}

TEST_CASE("what was freed serves the next blocks, and then goes back") {
  block_memory memory;
  std::vector<filled> all;
  auto fill = [&](size_t n, size_t size) {
    for (size_t i = 0; i < n; ++i)
      all.emplace_back(memory, size, static_cast<unsigned char>(i));
  };
  fill(20'000, 200);
  auto full = memory.held_bytes();
  CHECK(full < 20'000 * 208 * 11 / 10);
  // Every second one goes: their places are used again.
  for (size_t i = 0; i < 10'000; ++i)
    std::swap(all[i], all[2 * i]);
  all.erase(all.begin() + 10'000, all.end());
  CHECK(memory.held_bytes() == full);
  fill(10'000, 200);
  CHECK(memory.held_bytes() == full);
  // Blocks of another size take what all of the first gave back.
  all.clear();
  CHECK(memory.held_bytes() <= span_bytes);
  fill(2'000, 2'000);
  CHECK(memory.held_bytes() < 2'000 * 2'048 * 11 / 10 + span_bytes);
}

TEST_CASE("a large block has a mapping of its own, and gives it back") {
  block_memory memory;
  {
    filled b{memory, size_t{10} << 20, 7};
    CHECK(memory.held_bytes() == b.bytes());
    CHECK(b.bytes() - (size_t{10} << 20) <= 4096);
  }
  CHECK(memory.held_bytes() == 0);
}

TEST_CASE("allocations are counted") {
  block_memory memory;
  auto before = memory.allocation_count();
  filled a{memory, 10, 1};
  filled b{memory, 100'000, 1};
  CHECK(memory.allocation_count() == before + 2);
}
