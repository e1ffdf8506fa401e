#include "policy/spellings.hpp"

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

const key abc{0, primary_index, "abc"};
const key upper{0, primary_index, "ABC"};
const key mixed{0, primary_index, "Abc"};
const key other{0, primary_index, "xyz"};

} // namespace

TEST_CASE("spellings are found by the form that they share") {
  spellings s;
  s.add(abc, upper);
  s.add(abc, upper);
  s.add(abc, mixed);
  s.add(other, {0, primary_index, "XYZ"});
  CHECK(s.count(abc) == 2);
  CHECK(s.of(abc).size() == 2);
  CHECK(s.count(upper) == 0);
  CHECK(s.of(upper).empty());
}

TEST_CASE("a spelling that is removed is found no more") {
  spellings s;
  s.add(abc, upper);
  s.remove(abc, mixed); // was not there
  s.remove(other, mixed);
  CHECK(s.of(abc) == std::vector<key>{upper});
  s.remove(abc, upper);
  CHECK(s.count(abc) == 0);
  CHECK(s.of(abc).empty());
}
