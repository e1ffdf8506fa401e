# Finds the C++ Actor Framework 0.17 (Debian ships no CMake package for it).
#
# Components: core (always), io, openssl.
# Imported targets: CAF::core, CAF::io, CAF::openssl.
# The include directory is deliberately not added when it is a default system
# directory: `-isystem /usr/include` breaks libstdc++'s #include_next.
include(FindPackageHandleStandardArgs)
find_path(CAF_INCLUDE_DIR caf/config.hpp)
if(CAF_INCLUDE_DIR AND EXISTS "${CAF_INCLUDE_DIR}/caf/config.hpp")
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" _caf_version_line
       REGEX "#define CAF_VERSION [0-9]+")
  string(REGEX REPLACE ".*CAF_VERSION ([0-9]+).*" "\\1" _caf_v
                       "${_caf_version_line}")
  math(EXPR _caf_major "${_caf_v} / 10000")
  math(EXPR _caf_minor "(${_caf_v} / 100) % 100")
  math(EXPR _caf_patch "${_caf_v} % 100")
  set(CAF_VERSION "${_caf_major}.${_caf_minor}.${_caf_patch}")
endif()
set(_caf_required CAF_INCLUDE_DIR)
foreach(_caf_component core ${CAF_FIND_COMPONENTS})
  find_library(CAF_${_caf_component}_LIBRARY caf_${_caf_component})
  list(APPEND _caf_required CAF_${_caf_component}_LIBRARY)
  if(CAF_${_caf_component}_LIBRARY)
    set(CAF_${_caf_component}_FOUND TRUE)
  endif()
endforeach()
list(REMOVE_DUPLICATES _caf_required)
find_package_handle_standard_args(CAF REQUIRED_VARS ${_caf_required}
                                  VERSION_VAR CAF_VERSION HANDLE_COMPONENTS)
if(CAF_FOUND)
  find_package(Threads REQUIRED)
  foreach(_caf_component core ${CAF_FIND_COMPONENTS})
    if(NOT TARGET CAF::${_caf_component})
      add_library(CAF::${_caf_component} UNKNOWN IMPORTED)
      set_target_properties(
        CAF::${_caf_component}
        PROPERTIES IMPORTED_LOCATION "${CAF_${_caf_component}_LIBRARY}")
      if(NOT CAF_INCLUDE_DIR STREQUAL "/usr/include")
        target_include_directories(CAF::${_caf_component} SYSTEM
                                   INTERFACE "${CAF_INCLUDE_DIR}")
      endif()
      target_link_libraries(CAF::${_caf_component} INTERFACE Threads::Threads)
      if(NOT _caf_component STREQUAL "core")
        target_link_libraries(CAF::${_caf_component} INTERFACE CAF::core)
      endif()
    endif()
  endforeach()
endif()
mark_as_advanced(CAF_INCLUDE_DIR)
