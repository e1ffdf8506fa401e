#include "client/administration.hpp"

#include "client/ask_again.hpp"
#include "config/setting.hpp"

namespace toadcache {

namespace {

answer<void> tell_invalidation(client_core& core, changes what) {
  what.source = change_source::admin;
  auto remaining = core.time_of({});
  return core.request<void>(
      remaining, errc::timeout,
      [self = core.shared_from_this(), what = std::move(what),
       deadline = core.deadline_of(remaining)](
          dispatcher_context context, const completion_ptr<void>& done) {
        ask_again<applied>(
            context, self, deadline,
            [self] { return self->shared->actors.invalidation(); },
            [what](milliseconds) { return what; },
            [done](result<applied> r) {
              if (r)
                done->deliver({});
              else
                done->deliver(fail(std::move(r.error())));
            });
      });
}

// Waits for the answers of several actors; the first error wins.
struct gathering {
  size_t open = 0;
  result<void> outcome;
};

} // namespace

answer<void> invalidate_row(client_core& core, result<key> id,
                            invalidation_scope scope) {
  if (!id)
    return fail(std::move(id.error()));
  changes what;
  what.scope = scope;
  what.type = id->type();
  what.target = std::move(*id);
  return tell_invalidation(core, std::move(what));
}

answer<void> invalidate_type(client_core& core, entity_id type) {
  changes what;
  what.scope = invalidation_scope::type;
  what.type = type;
  return tell_invalidation(core, std::move(what));
}

answer<void> invalidate_everything(client_core& core) {
  changes what;
  what.scope = invalidation_scope::all;
  return tell_invalidation(core, std::move(what));
}

answer<void> switch_cache(client_core& core, std::vector<entity_id> types,
                          bool everything, bool on) {
  auto set_flags = [everything, types](shared_state& shared, bool to) {
    if (everything)
      shared.enabled.store(to, std::memory_order_seq_cst);
    else
      for (auto t : types)
        shared.type_enabled[t].store(to, std::memory_order_seq_cst);
  };
  if (!on) // readers pass through from here on
    set_flags(*core.shared, false);
  auto remaining = core.time_of({});
  return core.request<void>(
      remaining, errc::timeout,
      [self = core.shared_from_this(), types, on, set_flags,
       deadline = core.deadline_of(remaining)](
          dispatcher_context context, const completion_ptr<void>& done) {
        auto all = std::make_shared<gathering>();
        std::vector<cache_id> caches;
        for (auto t : types)
          for (auto id : self->shared->caches.of(t))
            caches.push_back(id);
        all->open = caches.size();
        for (auto id : caches)
          ask_again<enabled_set>(
              context, self, deadline,
              [self, id] { return self->shared->actors.cache(id); },
              [on](milliseconds) { return set_enabled{on}; },
              [self, all, on, set_flags, done](result<enabled_set> r) {
                if (!r && all->outcome)
                  all->outcome = fail(std::move(r.error()));
                if (--all->open != 0)
                  return;
                if (on && all->outcome)
                  set_flags(*self->shared, true);
                done->deliver(all->outcome);
              });
      });
}

answer<void> set_memory_budget(client_core& core, size_t bytes) {
  const auto* range = find_setting("memory.budget_bytes");
  if (setting_value wanted{uint64_t{bytes}}; !in_range(*range, wanted))
    return fail(errc::invalid, "memory budget: expected " + expectation(*range)
                                   + ", got '" + format_value(*range, wanted)
                                   + "'");
  auto remaining = core.time_of({});
  return core.request<void>(
      remaining, errc::timeout,
      [self = core.shared_from_this(), bytes,
       deadline = core.deadline_of(remaining)](
          dispatcher_context context, const completion_ptr<void>& done) {
        ask_again<budget_set>(
            context, self, deadline,
            [self] { return self->shared->actors.budget(); },
            [bytes](milliseconds) { return set_budget{bytes}; },
            [done](result<budget_set> r) {
              if (r)
                done->deliver({});
              else
                done->deliver(fail(std::move(r.error())));
            });
      });
}

} // namespace toadcache
