// How long a blocked caller stays awake.
#include "client/brief_wait.hpp"

#include "tests/catch.hpp"

using namespace std::chrono_literals;
using toadcache::brief_wait;

namespace {

brief_wait::clock::time_point made_up_now{};

brief_wait::clock::time_point later_with_each_look() {
  made_up_now += 50us;
  return made_up_now;
}

/// How often the waiter looked for its answer, which never comes.
int looks(brief_wait& w) {
  int n = 0;
  w.until([&] {
    ++n;
    return false;
  });
  return n;
}

} // namespace

TEST_CASE("a caller stays awake for a short time only") {
  brief_wait w{2, &later_with_each_look};
  auto begun = made_up_now;
  REQUIRE(looks(w) > 0);
  REQUIRE(made_up_now - begun >= brief_wait::longest);
  REQUIRE(made_up_now - begun <= brief_wait::longest + 200us);
}

TEST_CASE("a caller who is answered looks no further") {
  brief_wait w{2, &later_with_each_look};
  int n = 0;
  w.until([&] { return ++n >= 3; });
  REQUIRE(n <= 5); // the loops around it look once more each
}

TEST_CASE("one caller at a time stays awake") {
  brief_wait w{2, &later_with_each_look};
  auto other = -1;
  w.until([&] {
    other = looks(w);
    return true;
  });
  REQUIRE(other == 0);
  REQUIRE(looks(w) > 0); // the first has gone to sleep
}

TEST_CASE("while answers take long nobody stays awake") {
  brief_wait w{2, &later_with_each_look};
  for (int i = 0; i < 20; ++i)
    w.took(10s);
  REQUIRE(looks(w) == 0);
  for (int i = 0; i < 20; ++i)
    w.took(100us);
  REQUIRE(looks(w) > 0);
}

TEST_CASE("one long wait changes nothing") {
  brief_wait w{2, &later_with_each_look};
  for (int i = 0; i < 20; ++i)
    w.took(100us);
  w.took(1h);
  REQUIRE(looks(w) > 0);
}

TEST_CASE("with one processor nobody stays awake") {
  brief_wait w{1, &later_with_each_look};
  REQUIRE(looks(w) == 0);
}
