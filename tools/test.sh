#!/bin/sh
# usage: tools/test.sh [--preset release|debug|asan|coverage|tsan] [ctest args]
# Installs what is missing, builds everything and runs all tests. The tests
# that need MariaDB start a private one and stop it; nothing of the system's
# own is touched.
set -eu
cd "$(dirname "$0")/.."

preset=release
if [ "${1:-}" = --preset ]; then
  [ $# -ge 2 ] || { echo "toadcache: --preset needs a name" >&2; exit 2; }
  preset=$2
  shift 2
fi
case $preset in
  release) sh tools/setup.sh build libraries tests ;;
  debug | asan | coverage | tsan) sh tools/setup.sh ;; # compiled by clang
  *)
    echo "toadcache: unknown preset '$preset'; expected release, debug," \
      "asan, coverage or tsan" >&2
    exit 2
    ;;
esac

echo "toadcache: building (build/$preset)" >&2
cmake --preset "$preset" -DTOADCACHE_TESTS=ON -DTOADCACHE_EXAMPLES=ON >/dev/null
cmake --build --preset "$preset"
exec ctest --preset "$preset" "$@"
