#include "bench/environment.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

#include <sys/utsname.h>

#ifndef TOADCACHE_BUILD_TYPE
#define TOADCACHE_BUILD_TYPE "unknown"
#endif

namespace toadcache::bench {

namespace {

/// What follows `label` in the first line that begins with it.
std::string line_of(const char* file, const std::string& label) {
  std::ifstream in{file};
  std::string line;
  while (std::getline(in, line))
    if (line.starts_with(label)) {
      auto at = line.find_first_not_of(" \t:=\"", label.size());
      if (at == std::string::npos)
        break;
      line.erase(0, at);
      if (line.ends_with('"'))
        line.pop_back();
      return line;
    }
  return "unknown";
}

std::string utc_now() {
  auto t = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&t, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", x);
  return text;
}

} // namespace

double load_now() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

environment this_environment() {
  environment e;
  e.cpu = line_of("/proc/cpuinfo", "model name");
  e.cores = std::thread::hardware_concurrency();
  utsname u{};
  e.kernel = uname(&u) == 0 ? std::string{u.sysname} + " " + u.release
                            : std::string{"unknown"};
  e.system = line_of("/etc/os-release", "PRETTY_NAME");
#if defined(__clang__)
  e.compiler = "clang " __clang_version__;
#else
  e.compiler = "g++ " __VERSION__;
#endif
  e.build_type = TOADCACHE_BUILD_TYPE;
#if defined(NDEBUG) && defined(__OPTIMIZE__)
  e.optimized = true;
#endif
  e.date = utc_now();
  e.load_at_start = e.load_at_end = load_now();
  return e;
}

std::vector<std::string> environment::warnings() const {
  std::vector<std::string> out;
  if (!optimized)
    out.emplace_back("built without optimization or with assertions: the "
                     "figures mean nothing");
  if (auto load = std::max(load_at_start, load_at_end); load > cores)
    out.push_back("the machine is busy with other work (load " + number(load)
                  + " on " + std::to_string(cores)
                  + " cores): trust ratios more than times, and those of two "
                    "threads least");
  return out;
}

std::string environment::text() const {
  std::string out = cpu + ", " + std::to_string(cores) + " cores; " + kernel
                    + "; " + system + "\n" + compiler + ", " + build_type + "; "
                    + date + "; load " + number(load_at_start) + "\n";
  for (auto& w : warnings())
    out += "warning: " + w + "\n";
  return out;
}

} // namespace toadcache::bench
