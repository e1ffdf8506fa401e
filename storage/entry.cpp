#include "storage/entry.hpp"

#include <algorithm>

namespace toadcache {

namespace {

using list_size = entry::list_size;
using key_size = entry::key_size;

size_t list_bytes(const key_list& list) {
  auto size = sizeof(list_size);
  for (auto& k : list)
    size += sizeof(key_size) + k.bytes().size();
  return size;
}

template <class Number>
void append(char*& to, Number n) {
  std::memcpy(to, &n, sizeof(n));
  to += sizeof(n);
}

void append(char*& to, std::string_view bytes) {
  std::memcpy(to, bytes.data(), bytes.size());
  to += bytes.size();
}

size_t payload_of(const entry_parts& p) {
  if (p.id.is_row())
    return p.content.bytes().size();
  return list_bytes(p.list);
}

} // namespace

bool fits_entry(const entry_parts& p) noexcept {
  auto short_enough = [](const key& k) {
    return k.bytes().size() <= shared_block::max_prefix_bytes - sizeof(entry);
  };
  return short_enough(p.id) && p.id.index() <= UINT8_MAX
         && list_bytes(p.list) <= row::max_bytes
         && std::all_of(p.list.begin(), p.list.end(), short_enough);
}

size_t bytes_of(const entry_parts& p) noexcept {
  return shared_block::bytes_of(sizeof(entry) + p.id.bytes().size(),
                                payload_of(p));
}

entry_ptr make_entry(const entry_parts& p, uint64_t birth, slot_id slot) {
  auto name = p.id.bytes();
  auto payload
      = shared_block::allocate(sizeof(entry) + name.size(), payload_of(p));
  auto prefix = shared_block::prefix_of(shared_block::start_of(payload));
  auto e = new (prefix) entry;
  e->fetched_ms_ = static_cast<uint64_t>(
      std::chrono::floor<milliseconds>(p.fetched).time_since_epoch().count());
  e->birth_ = birth;
  e->slot_ = slot;
  e->key_size_ = name.size();
  e->index_ = p.id.index();
  e->flags_ = static_cast<uint8_t>(p.from);
  if (p.id.is_row() && p.content)
    e->flags_ |= entry::has_row_flag;
  auto to = prefix + sizeof(entry);
  append(to, name);
  if (e->has_content()) {
    append(payload, p.content.bytes());
  } else if (!p.id.is_row()) {
    append(payload, static_cast<list_size>(list_bytes(p.list)));
    for (auto& k : p.list) {
      append(payload, static_cast<key_size>(k.bytes().size()));
      append(payload, k.bytes());
    }
  }
  return {e, false};
}

size_t entry::payload_bytes() const noexcept {
  if (is_row()) {
    size_t size = 0;
    with_content([&](const row& r) { size = r.bytes().size(); });
    return size;
  }
  list_size size = 0;
  std::memcpy(&size, payload(), sizeof(size));
  return size;
}

size_t entry::bytes() const noexcept {
  return shared_block::bytes_of(sizeof(entry) + key_size_.get(),
                                payload_bytes());
}

key_list entry::list(entity_id type) const {
  key_list all;
  for_each_listed([&](std::string_view bytes) {
    all.emplace_back(type, primary_index, bytes);
    return true;
  });
  return all;
}

} // namespace toadcache
