# Finds MySQL Connector/C++ with the JDBC interface, as Debian builds it over
# libmariadb (no CMake package there). Imported target: MySQL::connector.
include(FindPackageHandleStandardArgs)
find_path(MySQLConnector_INCLUDE_DIR cppconn/driver.h)
find_library(MySQLConnector_LIBRARY mysqlcppconn)
find_package_handle_standard_args(
  MySQLConnector REQUIRED_VARS MySQLConnector_LIBRARY
                               MySQLConnector_INCLUDE_DIR)
if(MySQLConnector_FOUND AND NOT TARGET MySQL::connector)
  add_library(MySQL::connector UNKNOWN IMPORTED)
  set_target_properties(
    MySQL::connector
    PROPERTIES IMPORTED_LOCATION "${MySQLConnector_LIBRARY}")
  if(NOT MySQLConnector_INCLUDE_DIR STREQUAL "/usr/include")
    target_include_directories(MySQL::connector SYSTEM
                               INTERFACE "${MySQLConnector_INCLUDE_DIR}")
  endif()
endif()
mark_as_advanced(MySQLConnector_INCLUDE_DIR MySQLConnector_LIBRARY)
