# Builds the shipped catalog into the model library: the JSON file is the only
# source, configuring turns it into a string.
set(shipped_catalog_file "${PROJECT_SOURCE_DIR}/catalogs/toadoverlay.json")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             "${shipped_catalog_file}")
file(READ "${shipped_catalog_file}" shipped_catalog)
configure_file("${PROJECT_SOURCE_DIR}/model/shipped_catalog.cpp.in"
               "${PROJECT_BINARY_DIR}/generated/shipped_catalog.cpp" @ONLY)
target_sources(toadcache_model PRIVATE
               "${PROJECT_BINARY_DIR}/generated/shipped_catalog.cpp")
