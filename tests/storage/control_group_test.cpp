// The control group's memory, from folders that look like it.
#include "storage/control_group.hpp"

#include <cmath>

#include "tests/catch.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;

namespace {

struct group_folder {
  temporary_folder folder;

  void put(const std::string& file, const std::string& text) const {
    folder.write(file, text);
  }
  [[nodiscard]] memory_load read() const {
    return control_group{folder.path().string()}.read();
  }
  /// -1: no limit.
  [[nodiscard]] int percent() const {
    auto r = read().used_ratio;
    return r ? static_cast<int>(std::lround(*r * 100)) : -1;
  }
};

} // namespace

TEST_CASE_METHOD(group_folder, "control group: in use of the limit, without "
                               "file pages that can be dropped") {
  CHECK(percent() == -1); // no files at all
  put("memory.current", "900000\n");
  CHECK(percent() == -1);
  put("memory.max", "max\n");
  CHECK(percent() == -1);
  put("memory.max", "1000000\n");
  CHECK(percent() == 90);
  put("memory.stat", "anon 500000\ninactive_file 300000\nactive_file 100000\n");
  CHECK(percent() == 60);
  put("memory.high", "800000\n"); // the tighter one
  CHECK(percent() == 75);
}

TEST_CASE_METHOD(group_folder, "control group: version 1") {
  put("memory.usage_in_bytes", "500000\n");
  put("memory.limit_in_bytes", "9223372036854771712\n"); // none
  CHECK(percent() == -1);
  put("memory.limit_in_bytes", "1000000\n");
  put("memory.stat", "inactive_file 5\ntotal_inactive_file 100000\n");
  CHECK(percent() == 40);
}

TEST_CASE_METHOD(group_folder,
                 "control group: how long all tasks stood still") {
  CHECK(read().stalled_ratio == 0);
  put("memory.pressure", "some avg10=50.00 avg60=9.00 avg300=1.00 total=1\n"
                         "full avg10=12.50 avg60=3.00 avg300=0.00 total=1\n");
  CHECK(std::abs(read().stalled_ratio - 0.125) < 1e-9);
}

TEST_CASE_METHOD(group_folder, "control group: nonsense is no pressure") {
  put("memory.current", "many\n");
  put("memory.max", "0\n");
  put("memory.pressure", "full avg10=lots\n");
  put("memory.stat", "inactive_file\n");
  CHECK(percent() == -1);
  CHECK(read().stalled_ratio == 0);
}

TEST_CASE("control group: the own one can be read") {
  auto load = control_group{""}.read();
  CHECK((!load.used_ratio || *load.used_ratio >= 0));
  control_group::give_back(0);
}
