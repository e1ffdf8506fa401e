#include "storage/mysql_error.hpp"

#include <string>

namespace toadcache {

errc mysql_code(int number) noexcept {
  switch (number) {
  case 0: // thrown by the driver itself: a call it does not allow
    return errc::internal;
  case 1022: // duplicate key while writing
  case 1062: // duplicate entry
  case 1586: // duplicate entry, in another form
  case 1859: // duplicate entry, unknown key
    return errc::duplicate;
  case 1216: // no parent row
  case 1217: // a child row exists
  case 1451: // a child row exists, with the constraint's name
  case 1452: // no parent row, with the constraint's name
  case 1761: // foreign key with a duplicate in the child
  case 1762:
    return errc::foreign_key;
  case 1020: // the record has changed since it was read (snapshot isolation)
  case 1205: // lock wait timeout
  case 1213: // deadlock
  case 3572: // NOWAIT
    return errc::deadlock;
  case 1317: // interrupted
  case 1969: // max_statement_time
  case 3024: // max_execution_time
    return errc::timeout;
  case 1040: // too many connections
  case 1044: // no access to the schema
  case 1045: // access denied
  case 1047: // Galera node not ready
  case 1049: // no such schema
  case 1053: // server shutdown
  case 1129: // host blocked
  case 1130: // host not allowed
  case 1152: // aborted connection
  case 1158: // network packets, and the next three
  case 1159:
  case 1160:
  case 1161:
  case 1184: // aborted connection
  case 1203: // too many connections of the user
  case 1226: // resource limit of the user
  case 1243: // unknown prepared statement: the connection was replaced
  case 1290: // read-only server
  case 1698: // access denied
  case 1836: // read-only mode
  case 1927: // connection killed
  case 3159: // secure transport required
  case 4031: // disconnected for inactivity
    return errc::unavailable;
  default:
    // The client library's own: lost, refused, out of sync, TLS.
    return number >= 2000 && number < 2100 ? errc::unavailable : errc::invalid;
  }
}

failure mysql_failure(const sql::SQLException& e, std::string_view where) {
  auto number = e.getErrorCode();
  auto code = mysql_code(number);
  std::string words = e.what();
  if (code == errc::duplicate) {
    // "Duplicate entry '<the row's values>' for key 'name'"
    auto key = words.rfind(" for key ");
    words = "a row with these values exists already"
            + (key == std::string::npos ? "" : words.substr(key));
  }
  return {code, std::string{where} + ": " + words + " (MySQL "
                    + std::to_string(number) + ")"};
}

} // namespace toadcache
