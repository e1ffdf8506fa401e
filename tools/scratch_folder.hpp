// A folder of its own under the system's temporary one, removed at the end.
#pragma once

#include <filesystem>
#include <string>

#include "model/error.hpp"

namespace toadcache {

class scratch_folder {
public:
  /// errc::unavailable when it cannot be made.
  [[nodiscard]] static result<scratch_folder> make();
  scratch_folder(scratch_folder&& other) noexcept;
  scratch_folder& operator=(scratch_folder&&) = delete;
  ~scratch_folder();

  /// The path of a file in it, in generic form.
  [[nodiscard]] std::string file(const std::string& name) const;

private:
  explicit scratch_folder(std::filesystem::path path)
      : path_(std::move(path)) {}
  std::filesystem::path path_; ///< empty: moved from
};

} // namespace toadcache
