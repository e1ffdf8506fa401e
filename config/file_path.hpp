// Paths of files as configurations name them, in Windows or Linux form. Pure.
#pragma once

#include <string>
#include <string_view>

namespace toadcache {

/// `path` in the form of this platform. Backslashes become slashes. A drive
/// letter ("C:\data\cache.db") is kept on Windows; elsewhere it becomes a top
/// folder of that name ("/c/data/cache.db").
[[nodiscard]] std::string normalise_path(std::string_view path);

} // namespace toadcache
