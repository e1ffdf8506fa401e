#include <toadcache/storage/clock.hpp>

int main() {
  return toadcache::coarse_clock().now().time_since_epoch().count() > 0 ? 0 : 1;
}
