// A folder for an example's database and cache file, removed at the end.
#pragma once

#include <filesystem>
#include <random>
#include <string>

class scratch_folder {
public:
  scratch_folder()
      : path_(
          std::filesystem::temp_directory_path()
          / ("toadcache-example-" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(path_);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const std::string& name) const {
    return (path_ / name).string();
  }

private:
  std::filesystem::path path_;
};
