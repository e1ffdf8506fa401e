# toadcache_precompile(TARGET [header...]): reads the headers that cost seconds
# in every file once per target. Every file still includes what it uses: the
# step `headers` of .ci/run and clang-tidy compile without this.
function(toadcache_precompile target)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <atomic> <chrono> <deque> <functional> <map> <memory> <mutex>
    <optional> <random> <set> <stdexcept> <string> <string_view> <thread>
    <unordered_map> <utility> <variant> <vector>
    <caf/actor_system.hpp> <caf/actor_system_config.hpp>
    <caf/event_based_actor.hpp> <caf/send.hpp> <caf/stateful_actor.hpp>
    <caf/typed_event_based_actor.hpp> <spdlog/logger.h> ${ARGN})
endfunction()
