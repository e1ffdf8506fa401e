#include "tools/process_memory.hpp"

#include <fstream>

#ifdef __linux__
#include <unistd.h>
#endif

namespace toadcache {

uint64_t resident_bytes() {
#ifdef __linux__
  std::ifstream in{"/proc/self/statm"};
  uint64_t all = 0;
  uint64_t resident = 0;
  if (in >> all >> resident)
    return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
#endif
  return 0;
}

} // namespace toadcache
