# The installed package: libraries, headers under include/toadcache, a CMake
# package, a pkg-config file, the program, the catalogs and the scenarios.
include(CMakePackageConfigHelpers)

add_library(toadcache_all INTERFACE)
add_library(toadcache::toadcache ALIAS toadcache_all)
set_target_properties(toadcache_all PROPERTIES EXPORT_NAME toadcache)
target_link_libraries(toadcache_all INTERFACE toadcache_client)

get_property(layers GLOBAL PROPERTY toadcache_layers)
install(TARGETS ${layers} EXPORT toadcache
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/toadcache")
install(TARGETS toadcache_all EXPORT toadcache)
install(TARGETS toadcache)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/toadcache")
install(EXPORT toadcache NAMESPACE toadcache:: FILE toadcacheTargets.cmake
        DESTINATION "${package_dir}")
configure_package_config_file(
  cmake/toadcacheConfig.cmake.in toadcacheConfig.cmake
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(toadcacheConfigVersion.cmake
                                 COMPATIBILITY SameMajorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/toadcacheConfig.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/toadcacheConfigVersion.cmake"
              cmake/FindCAF.cmake cmake/FindMySQLConnector.cmake
        DESTINATION "${package_dir}")

# The libraries are static, so a program links all of them, highest first.
set(pc_libs "")
foreach(layer ${layers})
  get_target_property(kind ${layer} TYPE)
  if(NOT kind STREQUAL "INTERFACE_LIBRARY")
    string(PREPEND pc_libs " -l${layer}")
  endif()
endforeach()
configure_file(cmake/toadcache.pc.in toadcache.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/toadcache.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

foreach(folder catalogs examples/simulations)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}")
    install(DIRECTORY ${folder} DESTINATION "${CMAKE_INSTALL_DATADIR}/toadcache"
            FILES_MATCHING PATTERN "*.json")
  endif()
endforeach()
