# Fails when an #include breaks the one-way order of the layers, a pinned
# third-party header is used outside its place, or something may wait for ever.
# Run: cmake -DSOURCE_DIR=. -P layers.cmake
cmake_minimum_required(VERSION 3.25)
set(order_config config)
set(order_model config model)
set(order_messages config model messages)
set(order_policy config model policy)
set(order_storage config model messages policy storage)
set(order_actors config model messages policy storage actors)
set(order_client config model messages policy storage actors client)
set(layers config model messages policy storage actors client)
set(problems "")

# header => the files that may include it
set(pins
  "cppconn/ => ^(storage/mysql_|bench/raw_connector)"
  "mariadb/ => ^storage/(mysql_|binlog_)"
  "sqlite3\\.h => ^storage/sqlite_"
  "caf/io/ => ^actors/(remote|system_config)"
  "caf/openssl/ => ^actors/(remote|system_config)"
  "caf/all\\.hpp => ^$"
  "prometheus/ => ^actors/(monitor|http)")

foreach(layer ${layers} tools examples bench)
  file(GLOB files RELATIVE "${SOURCE_DIR}" "${SOURCE_DIR}/${layer}/*.[ch]pp")
  foreach(file ${files})
    file(STRINGS "${SOURCE_DIR}/${file}" includes REGEX "^ *#include")
    foreach(line ${includes})
      if(DEFINED order_${layer} AND line MATCHES "\"([a-z_]+)/")
        if(NOT CMAKE_MATCH_1 IN_LIST order_${layer})
          list(APPEND problems "${file}: ${line} breaks the layer order")
        endif()
      endif()
      if(layer MATCHES "^(config|model|policy)$" AND line MATCHES "<caf/")
        list(APPEND problems "${file}: ${line}: CAF below messages")
      endif()
      foreach(pin ${pins})
        string(REGEX MATCH "^(.*) => (.*)$" pin "${pin}")
        set(header "${CMAKE_MATCH_1}")
        set(place "${CMAKE_MATCH_2}")
        if(line MATCHES "[<\"]${header}" AND NOT file MATCHES "${place}")
          list(APPEND problems "${file}: ${line} is pinned to ${place}")
        endif()
      endforeach()
    endforeach()
    file(STRINGS "${SOURCE_DIR}/${file}" hits REGEX "infinite *[,);]")
    if(hits)
      list(APPEND problems "${file}: waits for ever: ${hits}")
    endif()
  endforeach()
endforeach()

if(problems)
  list(JOIN problems "\n" problems)
  message(NOTICE "${problems}")
  message(FATAL_ERROR "The layers are not in order.")
endif()
