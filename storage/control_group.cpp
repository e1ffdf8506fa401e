#include "storage/control_group.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

namespace toadcache {

namespace {

namespace fs = std::filesystem;

// As cgroup v1 says "no limit": the largest number of whole pages.
constexpr uint64_t unlimited = uint64_t{1} << 62;

std::string content_of(const fs::path& file) {
  std::ifstream in{file};
  std::ostringstream text;
  if (in)
    text << in.rdbuf();
  return text.str();
}

std::optional<uint64_t> number_in(std::string_view text) {
  uint64_t n = 0;
  auto [end, error]
      = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{}) // "max", or nothing
    return std::nullopt;
  return n;
}

std::optional<uint64_t> number_in(const fs::path& file) {
  return number_in(std::string_view{content_of(file)});
}

/// The number after a name at the start of a line.
std::optional<uint64_t> field_of(const std::string& text,
                                 const std::string& name) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + " "))
      return number_in(std::string_view{line}.substr(name.size() + 1));
  return std::nullopt;
}

/// "full avg10=1.23 avg60=..." as a ratio.
double stalled_in(const std::string& text) {
  auto at = text.find("full avg10=");
  if (at == std::string::npos)
    return 0;
  std::istringstream in{text.substr(at + 11)};
  in.imbue(std::locale::classic());
  double percent = 0;
  return in >> percent ? percent / 100 : 0;
}

std::optional<double> ratio_of(std::optional<uint64_t> used, uint64_t cached,
                               std::optional<uint64_t> limit) {
  if (!used || !limit || *limit == 0 || *limit >= unlimited)
    return std::nullopt;
  auto held = *used > cached ? *used - cached : 0;
  return static_cast<double>(held) / static_cast<double>(*limit);
}

memory_load load_of(const fs::path& folder) {
  memory_load load;
  if (auto used = number_in(folder / "memory.current")) {
    auto cached = field_of(content_of(folder / "memory.stat"), "inactive_file");
    for (const auto* limit : {"memory.max", "memory.high"})
      if (auto r
          = ratio_of(used, cached.value_or(0), number_in(folder / limit)))
        load.used_ratio = std::max(load.used_ratio.value_or(0), *r);
  } else {
    auto stat = content_of(folder / "memory.stat");
    load.used_ratio
        = ratio_of(number_in(folder / "memory.usage_in_bytes"),
                   field_of(stat, "total_inactive_file").value_or(0),
                   number_in(folder / "memory.limit_in_bytes"));
  }
  load.stalled_ratio = stalled_in(content_of(folder / "memory.pressure"));
  return load;
}

/// The group and those above it. In a container the own path may not be there:
/// then the root of what is mounted is the own group.
std::vector<fs::path> own_folders() {
  std::vector<fs::path> found;
  auto add = [&](const fs::path& root, fs::path own) {
    for (own = own.relative_path();; own = own.parent_path()) {
      found.push_back(root / own);
      if (own.empty())
        return;
    }
  };
  std::istringstream lines{content_of("/proc/self/cgroup")};
  for (std::string line; std::getline(lines, line);) {
    auto colon = line.find(':', line.find(':') + 1);
    if (colon == std::string::npos)
      continue;
    auto own = line.substr(colon + 1);
    if (line.starts_with("0::"))
      add("/sys/fs/cgroup", own);
    else if (line.find(":memory:") != std::string::npos)
      add("/sys/fs/cgroup/memory", own);
  }
  return found;
}

} // namespace

control_group::control_group(const std::string& folder) {
  if (folder.empty())
    folders_ = own_folders();
  else
    folders_.emplace_back(folder);
}

memory_load control_group::read() const {
  memory_load worst;
  for (const auto& folder : folders_) {
    auto load = load_of(folder);
    if (load.used_ratio)
      worst.used_ratio
          = std::max(worst.used_ratio.value_or(0), *load.used_ratio);
    // The own group's alone: others stand still for reasons of their own.
    if (&folder == folders_.data())
      worst.stalled_ratio = load.stalled_ratio;
  }
  return worst;
}

void control_group::give_back(size_t bytes) {
#ifdef __GLIBC__
  if (bytes == 0 || mallinfo2().fordblks > bytes)
    malloc_trim(0);
#endif
}

} // namespace toadcache
