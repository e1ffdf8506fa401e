# Fails when an #include breaks the one-way order of the layers or a pinned
# third-party header is used outside its place. Run: cmake -DSOURCE_DIR=. -P.
set(order_config config)
set(order_model config model)
set(order_messages config model messages)
set(order_policy config model policy)
set(order_storage config model messages policy storage)
set(order_actors config model messages policy storage actors)
set(order_client config model messages policy storage actors client)
set(layers config model messages policy storage actors client)
set(problems "")

# header regex | regex of the files that may include it
set(pins
  "cppconn/|^storage/mysql_"
  "mariadb/|^storage/(mysql_|binlog_)"
  "sqlite3\\.h|^storage/sqlite_"
  "caf/io/|^actors/(remote|system_config)"
  "caf/openssl/|^actors/(remote|system_config)"
  "caf/all\\.hpp|^$"
  "prometheus/|^actors/(monitor|http)")

foreach(layer ${layers} tools examples)
  file(GLOB files RELATIVE "${SOURCE_DIR}" "${SOURCE_DIR}/${layer}/*.[ch]pp")
  foreach(file ${files})
    file(STRINGS "${SOURCE_DIR}/${file}" includes REGEX "^ *#include")
    foreach(line ${includes})
      if(DEFINED order_${layer}
         AND line MATCHES "\"([a-z_]+)/" AND NOT CMAKE_MATCH_1 IN_LIST
             order_${layer})
        string(APPEND problems "${file}: ${line} breaks the layer order\n")
      endif()
      if(layer MATCHES "^(config|model|policy)$" AND line MATCHES "<caf/")
        string(APPEND problems "${file}: ${line} (CAF below messages)\n")
      endif()
      foreach(pin ${pins})
        string(REPLACE "|" ";" parts "${pin}")
        list(GET parts 0 header)
        string(REGEX REPLACE "^[^|]*\\|" "" place "${pin}")
        if(line MATCHES "[<\"]${header}" AND NOT file MATCHES "${place}")
          string(APPEND problems "${file}: ${line} is pinned to ${place}\n")
        endif()
      endforeach()
    endforeach()
  endforeach()
endforeach()

# Nothing may wait for ever.
file(GLOB_RECURSE all "${SOURCE_DIR}/actors/*pp" "${SOURCE_DIR}/client/*pp"
     "${SOURCE_DIR}/storage/*pp" "${SOURCE_DIR}/messages/*pp"
     "${SOURCE_DIR}/tools/*pp" "${SOURCE_DIR}/examples/*pp")
foreach(file ${all})
  file(STRINGS "${file}" hits REGEX "(caf::)?infinite[,);]")
  if(hits)
    string(APPEND problems "${file}: infinite timeout: ${hits}\n")
  endif()
endforeach()

if(problems)
  message(FATAL_ERROR "${problems}")
endif()
