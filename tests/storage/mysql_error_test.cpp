// Which of the server's errors mean what.
#include "storage/mysql_error.hpp"

#include "tests/catch.hpp"

using namespace toadcache;

TEST_CASE("the server's error numbers are the product's errors") {
  struct line {
    errc code;
    std::vector<int> numbers;
  };
  for (auto& [code, numbers] :
       {line{errc::duplicate, {1022, 1062, 1586, 1859}},
        line{errc::foreign_key, {1216, 1217, 1451, 1452, 1761, 1762}},
        line{errc::deadlock, {1020, 1205, 1213, 3572}},
        line{errc::timeout, {1317, 1969, 3024}},
        line{errc::unavailable,
             {1040, 1044, 1045, 1047, 1049, 1053, 1129, 1130, 1152, 1158, 1159,
              1160, 1161, 1184, 1203, 1226, 1243, 1290, 1698, 1836, 1927, 2002,
              2003, 2006, 2013, 2014, 2026, 2027, 2030, 2055, 3159, 4031}},
        line{errc::invalid,
             {1048, 1054, 1064, 1142, 1146, 1264, 1364, 1366, 1406, 4025}},
        line{errc::internal, {0}}})
    for (auto number : numbers) {
      INFO(number);
      CHECK(to_string(mysql_code(number)) == to_string(code));
    }
}

TEST_CASE("a collision is reported by its key, not by the row's values") {
  auto why = mysql_failure(
      {"Duplicate entry 'secret' for key 'PRIMARY'", "23000", 1062},
      "table user");
  CHECK(why.code == errc::duplicate);
  CHECK(why.what
        == "table user: a row with these values exists already for key "
           "'PRIMARY' (MySQL 1062)");
  why = mysql_failure({"Server has gone away", "HY000", 2006}, "table user");
  CHECK(why.code == errc::unavailable);
  CHECK(why.what == "table user: Server has gone away (MySQL 2006)");
}
