// libFuzzer target: foreign text as a catalog. What is accepted prints and
// parses back; what is refused is refused in one line.
#include <cstdlib>

#include "model/catalog.hpp"

using namespace toadcache;

namespace {

void expect(bool ok) {
  if (!ok)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  auto c = catalog::parse({data, size}, "fuzz");
  if (!c) {
    expect(c.error().what.starts_with("fuzz: "));
    expect(c.error().what.find('\n') == std::string::npos);
    return 0;
  }
  auto text = (*c)->to_json();
  auto again = catalog::parse(text, "printed");
  expect(again.has_value() && (*again)->to_json() == text);
  expect((*again)->fingerprint() == (*c)->fingerprint());
  return 0;
}
