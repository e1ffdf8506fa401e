#include "tools/scratch_folder.hpp"

#include <random>
#include <utility>

namespace toadcache {

result<scratch_folder> scratch_folder::make() {
  std::error_code error;
  auto base = std::filesystem::temp_directory_path(error);
  std::random_device random;
  constexpr int tries = 10;
  for (int i = 0; !error && i < tries; ++i) {
    auto path = base / ("toadcache-" + std::to_string(random()));
    if (!std::filesystem::create_directory(path, error))
      continue; // taken, or not allowed
    std::filesystem::permissions(path, std::filesystem::perms::owner_all,
                                 error);
    return scratch_folder{path};
  }
  return fail(errc::unavailable, "no folder for temporary files: "
                                     + (error ? error.message() : "all taken"));
}

scratch_folder::scratch_folder(scratch_folder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  if (!path_.empty())
    std::filesystem::remove_all(path_, ignored);
}

std::string scratch_folder::file(const std::string& name) const {
  return (path_ / name).generic_string();
}

} // namespace toadcache
