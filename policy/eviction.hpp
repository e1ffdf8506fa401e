// Which entry leaves when space is needed. One instance per partition, called
// by its owner alone; never blocks, no I/O, no clock. Readers never call it:
// they leave a small count in the entry, which the policy takes when it comes
// by. docs/hit_ratio.md compares the policies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "model/error.hpp"

namespace toadcache {

/// The owner's number of a resident entry: dense (policies keep arrays by it),
/// used again after the entry has left.
using slot_id = uint32_t;
inline constexpr slot_id no_slot = UINT32_MAX;

/// Why an entry left.
enum class removal_cause : uint8_t { expired, evicted, invalidated, removed };

/// How often readers have used an entry since it was last asked: 0 to
/// `max_mark`, set to zero by asking. A reader adds one without a
/// read-modify-write (`if (m < max_mark) store(m + 1, relaxed)`); two
/// readers at once may count as one: if half of all uses were lost, the default
/// policy would lose 0.3 points of hit ratio.
using take_mark = std::function<uint8_t(slot_id)>;
inline constexpr uint8_t max_mark = 3;

class eviction_policy {
public:
  virtual ~eviction_policy() = default;

  /// An entry became resident. `marks` may be asked about any resident entry.
  /// Requires: `slot` is not resident. Amortised O(1); allocates only when
  /// there are more entries than ever before.
  virtual void on_insert(slot_id slot, uint64_t key_hash, size_t weight_bytes,
                         const take_mark& marks)
      = 0;
  /// Its content was replaced; it keeps its place.
  virtual void on_replace(slot_id slot, size_t weight_bytes) = 0;
  /// It left. `unread_marks` are those that readers left since they were last
  /// taken. Requires: `slot` is resident, inserted with this hash. O(1).
  virtual void on_erase(slot_id slot, uint64_t key_hash, removal_cause why,
                        uint8_t unread_marks)
      = 0;

  /// The entry to evict next, absent only when nothing is resident. It stays
  /// resident until `on_erase`. Ask before an insert rather than after, so that
  /// the newcomer cannot be chosen. Amortised O(1) per mark and victim;
  /// a few thousand steps at worst, after which an entry in use may go.
  [[nodiscard]] virtual std::optional<slot_id> victim(const take_mark& marks)
      = 0;

  /// Resident entries.
  [[nodiscard]] virtual size_t size() const = 0;
  /// What the policy itself occupies: at most 16 bytes per slot, and what it
  /// remembers of entries that have left.
  [[nodiscard]] virtual size_t bookkeeping_bytes() const = 0;
};

/// By its name in the catalog. errc::invalid lists the known names.
[[nodiscard]] result<std::unique_ptr<eviction_policy>>
make_eviction_policy(std::string_view name);

} // namespace toadcache
