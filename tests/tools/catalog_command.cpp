// `toadcache schema ...` and `toadcache catalog ...`, as a user sees them.
#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/program.hpp"

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string on_file = "--database=sqlite:toad.db";

} // namespace

TEST_CASE("a created schema matches the catalog, and is learned back") {
  temporary_folder folder;
  for (int i = 0; i < 2; ++i) { // the second time nothing is missing
    auto made = run_program(folder.path(), {"schema", "create", on_file});
    CHECK(made.code == 0);
    CHECK(made.err.empty());
    CHECK(has(made.out, "7 tables"));
  }
  auto same = run_program(folder.path(), {"catalog", "check", on_file});
  CHECK(same.code == 0);
  CHECK(same.err.empty());
  CHECK(has(same.out, "ok: the catalog's 7 entities match"));

  auto learned = run_program(
      folder.path(), {"catalog", "learn", on_file, "--output", "own.json"});
  CHECK(learned.code == 0);
  CHECK(learned.out.empty());
  auto again = run_program(folder.path(), {"catalog", "check", on_file, "--set",
                                           "catalog_file=own.json"});
  CHECK(again.code == 0);
  CHECK(again.err.empty());
  auto printed = run_program(folder.path(), {"catalog", "learn", on_file});
  CHECK(printed.code == 0);
  auto names = nlohmann::json::parse(printed.out);
  CHECK(names.is_object());
}

TEST_CASE("an output that cannot be written is told") {
  temporary_folder folder;
  run_program(folder.path(), {"schema", "create", on_file});
  auto r = run_program(folder.path(), {"catalog", "learn", on_file, "--output",
                                       "missing/own.json"});
  CHECK(r.code == 3);
  CHECK(r.err == "toadcache: missing/own.json: cannot be written\n");
}

TEST_CASE("a catalog that does not match the database is told by line") {
  temporary_folder folder;
  auto r = run_program(folder.path(), {"catalog", "check", on_file});
  CHECK(r.code == 1);
  CHECK(r.out.empty());
  CHECK(r.err.find("toadcache: catalog does not match sqlite") == 0);
  CHECK(has(r.err, "user_channel"));
}

TEST_CASE("a bad catalog is one line and exit code 2") {
  temporary_folder folder;
  folder.write("bad.json", R"({"format": 1, "entities": 3})");
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"catalog", "check"}, {"schema", "create"}, {"config", "check"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(),
                     {on_file, "--set", "catalog_file=bad.json"});
    auto r = run_program(folder.path(), arguments);
    CHECK(r.code == 2);
    CHECK(r.out.empty());
    CHECK(is_one_line(r.err));
    CHECK(r.err.find("toadcache: bad.json") == 0);
  }
}
