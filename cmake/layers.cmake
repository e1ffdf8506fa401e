# One static library per layer: toadcache_layer(NAME [LINK lib...]
# [PRIVATE lib...]) compiles NAME/*.cpp into toadcache_NAME and installs it with
# its headers. LINK names lower layers (by their short name) and public
# dependencies.

# In-tree code says "layer/file.hpp"; programs say <toadcache/layer/file.hpp>.
# A symbolic link gives the build tree the prefix that an installation has.
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/include")
file(CREATE_LINK "${PROJECT_SOURCE_DIR}"
     "${PROJECT_BINARY_DIR}/include/toadcache" SYMBOLIC)

add_library(toadcache_flags INTERFACE)
target_compile_features(toadcache_flags INTERFACE cxx_std_20)
target_compile_options(toadcache_flags INTERFACE
  $<BUILD_INTERFACE:-Wall;-Wextra;-Wshadow;-Wnon-virtual-dtor;-Werror>)
# Optimising, GCC takes the unused members of a std::variant for uninitialised
# ones (GCC bug 80635 and its kin) and, in version 12, "text" + std::string for
# overlapping copies (105651). What guesses about values after inlining warns
# only; everything else stays an error.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(toadcache_flags INTERFACE
    $<BUILD_INTERFACE:-Wno-maybe-uninitialized;-Wno-restrict;-Wno-error=array-bounds;-Wno-error=stringop-overflow;-Wno-error=stringop-overread;-Wno-error=dangling-pointer>)
endif()

function(toadcache_layer name)
  cmake_parse_arguments(arg "" "" "LINK;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${name}/*.cpp")
  file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${name}/*.hpp")
  set(target toadcache_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    set(private PRIVATE)
    target_link_libraries(${target} PRIVATE
                          $<BUILD_INTERFACE:toadcache_flags>)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
    set(private INTERFACE)
  endif()
  add_library(toadcache::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_compile_definitions(${target} ${scope} CAF_ENABLE_TYPE_ID_CHECKS)
  target_include_directories(${target} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/toadcache>)
  if(headers)
    target_sources(${target} ${scope} FILE_SET HEADERS
                   BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${headers})
  endif()
  foreach(dependency ${arg_LINK})
    if(TARGET toadcache_${dependency})
      set(dependency toadcache_${dependency})
    endif()
    target_link_libraries(${target} ${scope} ${dependency})
  endforeach()
  if(arg_PRIVATE)
    target_link_libraries(${target} ${private} ${arg_PRIVATE})
  endif()
  set_property(GLOBAL APPEND PROPERTY toadcache_layers ${target})
endfunction()
