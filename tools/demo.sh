#!/bin/sh
# usage: tools/demo.sh
# From nothing to the main job: installs what is missing, builds the program and
# runs an evening of ToadOverlay with and without the cache, about 20 s.
set -eu
cd "$(dirname "$0")/.."

sh tools/setup.sh build libraries
echo "toadcache: building (build/release)" >&2
cmake --preset release -DTOADCACHE_TESTS=OFF -DTOADCACHE_EXAMPLES=OFF >/dev/null
cmake --build --preset release --target toadcache
exec build/release/tools/toadcache simulate examples/simulations/evening.json
