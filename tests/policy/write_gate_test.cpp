// The race between fills, writes and changes: what may enter the cache.
#include "policy/write_gate.hpp"

#include <array>

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

key k(const char* bytes, index_id index = primary_index) {
  return key{0, index, bytes};
}

bool installs(write_gate& gate, uint64_t ticket, const key& id) {
  for (auto& c : gate.close(ticket))
    if (c.id == id)
      return c.how == write_gate::verdict::install;
  return false;
}

} // namespace

TEST_CASE("an undisturbed fill installs") {
  write_gate gate;
  auto fill = gate.open_fill();
  CHECK(gate.may_install(k("a"), fill));
}

TEST_CASE("a fill does not install what changed after it began") {
  write_gate gate;
  auto fill = gate.open_fill();
  gate.on_change(k("a"));
  CHECK_FALSE(gate.may_install(k("a"), fill));
  CHECK(gate.may_install(k("b"), fill));
  auto later = gate.open_fill();
  CHECK(gate.may_install(k("a"), later));
}

TEST_CASE("a fill does not install while a ticket is open, nor after it") {
  write_gate gate;
  std::array keys{k("a")};
  auto before = gate.open_fill();
  gate.open(1, keys);
  auto during = gate.open_fill();
  CHECK_FALSE(gate.may_install(k("a"), before));
  CHECK_FALSE(gate.may_install(k("a"), during));
  CHECK(gate.under_ticket(k("a")));
  CHECK(installs(gate, 1, k("a")));
  CHECK_FALSE(gate.may_install(k("a"), before));
  CHECK_FALSE(gate.may_install(k("a"), during));
  CHECK(gate.may_install(k("a"), gate.open_fill()));
}

TEST_CASE("overlapping writes both drop, whoever's reply comes first") {
  write_gate gate;
  std::array keys{k("a")};
  gate.open(1, keys);
  gate.open(2, keys);
  CHECK_FALSE(installs(gate, 1, k("a")));
  SECTION("a third one that overlaps the second drops too") {
    gate.open(3, keys);
    CHECK_FALSE(installs(gate, 2, k("a")));
    CHECK_FALSE(installs(gate, 3, k("a")));
  }
  SECTION("one after both installs") {
    CHECK_FALSE(installs(gate, 2, k("a")));
    gate.open(3, keys);
    CHECK(installs(gate, 3, k("a")));
  }
}

TEST_CASE("a write does not install over a change that came meanwhile") {
  write_gate gate;
  std::array keys{k("a"), k("b")};
  gate.open(1, keys);
  SECTION("a foreign change") {
    gate.on_change(k("a"));
  }
  SECTION("a read that was answered from the database") {
    gate.on_read(k("a"));
  }
  auto closed = gate.close(1);
  REQUIRE(closed.size() == 2);
  CHECK(closed[0].how == write_gate::verdict::drop);
  CHECK(closed[1].how == write_gate::verdict::install);
}

TEST_CASE("a read before the ticket does not count against the write") {
  write_gate gate;
  gate.on_read(k("a"));
  std::array keys{k("a")};
  gate.open(1, keys);
  CHECK(installs(gate, 1, k("a")));
}

TEST_CASE("a flush refuses open fills and open writes") {
  write_gate gate;
  std::array keys{k("a")};
  auto fill = gate.open_fill();
  gate.open(1, keys);
  gate.on_flush();
  CHECK_FALSE(gate.may_install(k("b"), fill));
  CHECK_FALSE(installs(gate, 1, k("a")));
  CHECK(gate.may_install(k("b"), gate.open_fill()));
}

TEST_CASE("an index change refuses the fills of that index only") {
  write_gate gate;
  auto fill = gate.open_fill();
  gate.on_index_change(2);
  CHECK_FALSE(gate.may_install(k("a", 2), fill));
  CHECK(gate.may_install(k("a", 1), fill));
}

TEST_CASE("a ticket takes more keys and closes once") {
  write_gate gate;
  std::array first{k("a")};
  std::array second{k("b")};
  gate.open(1, first);
  gate.open(1, second);
  CHECK(gate.is_open(1));
  CHECK(gate.close(1).size() == 2);
  CHECK_FALSE(gate.is_open(1));
  CHECK(gate.close(1).empty());
}

TEST_CASE("what no open fill can ask about is forgotten") {
  write_gate gate;
  auto fill = gate.open_fill();
  for (int i = 0; i < 100; ++i)
    gate.on_change(k(std::to_string(i).c_str()));
  CHECK(gate.remembered_keys() == 100);
  gate.close_fill(fill);
  CHECK(gate.remembered_keys() == 0);
  gate.on_change(k("a"));
  CHECK(gate.remembered_keys() == 0);
}

TEST_CASE("too many touches refuse every open fill instead of growing") {
  write_gate gate;
  auto fill = gate.open_fill();
  for (size_t i = 0; i <= write_gate::max_touches_count; ++i)
    gate.on_change(k(std::to_string(i % 5000).c_str()));
  CHECK_FALSE(gate.may_install(k("untouched"), fill));
  CHECK(gate.remembered_keys() <= 5000);
}

TEST_CASE("each planted bug of the gate shows") {
  std::array keys{k("a")};
  SECTION("no seal on invalidation") {
    write_gate gate{planted_bugs{planted_bug::no_seal_on_invalidation}};
    auto fill = gate.open_fill();
    gate.on_change(k("a"));
    CHECK(gate.may_install(k("a"), fill));
  }
  SECTION("a fill installs while a ticket is open") {
    write_gate gate{planted_bugs{planted_bug::fill_installs_under_ticket}};
    auto fill = gate.open_fill();
    gate.open(1, keys);
    CHECK(gate.may_install(k("a"), fill));
  }
  SECTION("a late reply overwrites a foreign commit") {
    write_gate gate{planted_bugs{planted_bug::late_reply_overwrites_foreign}};
    gate.open(1, keys);
    gate.on_change(k("a"));
    CHECK(installs(gate, 1, k("a")));
  }
}

TEST_CASE("what the log told while a ticket was open is judged at its close") {
  write_gate gate;
  std::array keys{k("a"), k("b")};
  gate.on_logged(k("b"), 3); // before the ticket: of no concern to it
  gate.open(1, keys);
  auto fill = gate.open_fill();
  gate.on_logged(k("a"), 7);
  gate.on_logged(k("a"), 8);
  CHECK_FALSE(gate.may_install(k("a"), fill));
  auto closed = gate.close(1);
  REQUIRE(closed.size() == 2);
  CHECK(closed[0].how == write_gate::verdict::install);
  CHECK(closed[0].logged == 8u);
  CHECK_FALSE(closed[1].logged);
}
