// Includes: rows with the rows related to them, assembled from lists and rows
// at read time, never cached as a whole. Memory answers in the caller's thread;
// whatever is missing makes the rest go on in the executor.
#pragma once

#include <string>
#include <vector>

#include "client/client_core.hpp"
#include "client/record.hpp"
#include "client/task.hpp"

namespace toadcache {

/// The trees of `roots` along `paths` ("profiles", "user_channels.channel").
/// errc::invalid names entity and relation that do not exist.
[[nodiscard]] task<result<trees>> expand(client_core_ptr core,
                                         const entity_type* type, records roots,
                                         std::vector<std::string> paths,
                                         read_options how);

/// Waits for one answer or several, then expands.
[[nodiscard]] task<result<tree>>
expand_row(client_core_ptr core, const entity_type* type, answer<record> root,
           std::vector<std::string> paths, read_options how);
[[nodiscard]] task<result<trees>> expand_rows(client_core_ptr core,
                                              const entity_type* type,
                                              answer<records> roots,
                                              std::vector<std::string> paths,
                                              read_options how);

} // namespace toadcache
