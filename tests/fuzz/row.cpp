// libFuzzer target: foreign bytes as a row, as a row whose hash has been made
// to match (so that the checks behind the hash are reached), and as a key.
#include <cstdlib>

#include "model/key.hpp"
#include "tests/model/hostile.hpp"

using namespace toadcache;

namespace {

void expect(bool ok) {
  if (!ok)
    std::abort();
}

void take_row(std::string_view bytes) {
  auto r = row::decode(bytes);
  if (r)
    expect(r->bytes() == bytes && testing::stays_inside(*r));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  std::string_view bytes{data, size};
  take_row(bytes);
  if (size >= 16) {
    std::string sealed{bytes};
    testing::reseal(sealed);
    take_row(sealed);
  }
  if (auto values = decode_key(bytes))
    expect(encode_key(*values) == bytes);
  return 0;
}
