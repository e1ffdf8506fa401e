# Installs the build tree BUILD_DIR into the scratch folder WORK_DIR, then
# builds and runs the outside project beside this file twice: through
# find_package and through pkg-config. Run: cmake -D... -P.
cmake_minimum_required(VERSION 3.25)
function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${WORK_DIR}"
                  RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "failed (${code}): ${ARGN}\n${text}")
  endif()
  set(text "${text}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}/cmake" "${WORK_DIR}/pkg-config")
run(${CMAKE_COMMAND} --install "${BUILD_DIR}" --prefix "${WORK_DIR}/prefix")
run("${WORK_DIR}/prefix/bin/toadcache" --help)

run(${CMAKE_COMMAND} -G Ninja -S "${CMAKE_CURRENT_LIST_DIR}" -B cmake
    -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix -DCMAKE_CXX_COMPILER=${COMPILER}
    "-DCMAKE_CXX_FLAGS=${FLAGS}")
run(${CMAKE_COMMAND} --build cmake)
run("${WORK_DIR}/cmake/outside")

file(GLOB_RECURSE pc "${WORK_DIR}/prefix/*/toadcache.pc")
get_filename_component(pc_dir "${pc}" DIRECTORY)
set(ENV{PKG_CONFIG_PATH} "${pc_dir}")
run(${PKG_CONFIG} --define-variable=prefix=${WORK_DIR}/prefix --cflags --libs
    toadcache)
separate_arguments(pc_flags UNIX_COMMAND "${text}")
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
run(${COMPILER} ${flags} "${CMAKE_CURRENT_LIST_DIR}/main.cpp" ${pc_flags}
    -o pkg-config/outside)
run("${WORK_DIR}/pkg-config/outside")
