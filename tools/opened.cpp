#include "tools/opened.hpp"

#include "tools/command.hpp"

namespace toadcache {

std::unique_ptr<opened> open_all(const config_sources& sources, int& code) {
  auto config = load_config(sources);
  if (!config) {
    code = complain(exit_usage, config.error());
    return nullptr;
  }
  const auto& o = config->values;
  auto types = catalog::load(o.catalog_file, o.ttl);
  if (!types) {
    code = complain(exit_usage, types.error().what);
    return nullptr;
  }
  auto source = make_database(o.database, *types);
  if (!source) {
    code = complain(exit_failed, to_string(source.error()));
    return nullptr;
  }
  return std::make_unique<opened>(
      opened{std::move(*config), std::move(*types), std::move(*source)});
}

} // namespace toadcache
