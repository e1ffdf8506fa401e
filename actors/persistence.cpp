#include "actors/persistence.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <stdexcept>
#include <utility>

#include <caf/event_based_actor.hpp>

#include "actors/spawn_blocking.hpp"

namespace toadcache {

struct persistence_state::attempt {
  std::unique_ptr<cache_store> store;
  result<store_opening> opened = fail(errc::tier_closed, "disk tier: opening");
};

namespace {

/// Adds the wall time of a scope to a counter; for statistics only.
class stopwatch {
public:
  explicit stopwatch(std::atomic<uint64_t>& nanoseconds)
      : nanoseconds_(nanoseconds), begin_(std::chrono::steady_clock::now()) {}
  ~stopwatch() {
    auto spent = std::chrono::steady_clock::now() - begin_;
    nanoseconds_ += static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count());
  }

private:
  std::atomic<uint64_t>& nanoseconds_;
  std::chrono::steady_clock::time_point begin_;
};

} // namespace

persistence_state::persistence_state(persistence_self::pointer self)
    : self_(self), backoff_(defaults::disk_reopen_min) {}

persistence_state::~persistence_state() = default;

persistence_self::behavior_type
persistence_state::start(shared_ptr_state shared) {
  shared_ = std::move(shared);
  queue_
      = std::make_unique<write_queue>(shared_->config.persistence.queue_count);
  self_->set_exception_handler(
      [](std::exception_ptr& thrown) { return to_caf(thrown); });
  shared_->count.disk_closed = 1;
  if (shared_->make_store) {
    begin_open();
    after(shared_->config.memory.check_period, step::clean_up);
  } else {
    why_closed_.what = "disk tier: switched off";
  }
  return {
      [this](put_entries& msg) { on_put(msg); },
      [this](const erase_entries& msg) { on_erase(msg); },
      [this](const erase_type& msg) { on_erase_type(msg); },
      [this](const load_entries& msg) { return on_load(msg); },
      [this](const scan_keys& msg) { return on_scan(msg); },
      [this](const read_checkpoint&) { return on_read_checkpoint(); },
      [this](store_checkpoint& msg) { on_checkpoint(msg); },
      [this](log_invalidation& msg) { on_log(msg); },
      [this](const read_log& msg) { return on_read_log(msg); },
      [this](const flush_disk&) { return on_flush(); },
      [this](const drain&) { return on_drain(); },
      [](const fail_now&) {
        throw std::runtime_error("PERSISTENCE: asked to fail");
      },
      [this](caf::tick_atom, uint8_t what) {
        on_step(static_cast<step>(what));
      },
  };
}

void persistence_state::on_put(put_entries& msg) {
  std::vector<key> lost;
  for (auto& entry : msg.entries) {
    auto id = entry.id;
    if (!store_) {
      lost.push_back(std::move(id));
    } else if (!queue_->put(std::move(entry))) {
      ++shared_->count.disk_shed;
      lost.push_back(std::move(id));
    }
  }
  tell_lost(lost);
  schedule_commit();
}

// While the tier is closed nothing needs erasing: all that the file holds is of
// an earlier run when it is opened again.
void persistence_state::on_erase(const erase_entries& msg) {
  if (!store_)
    return;
  for (auto& id : msg.ids)
    queue_->erase(id);
  schedule_commit();
}

void persistence_state::on_erase_type(const erase_type& msg) {
  if (!store_)
    return;
  queue_->erase_type(msg.type);
  schedule_commit();
}

caf::result<loaded_entries>
persistence_state::on_load(const load_entries& msg) {
  if (!commit())
    return to_caf(closed());
  auto loaded = store_->load(msg.ids);
  if (!loaded) {
    close_tier(loaded.error());
    return to_caf(closed());
  }
  return loaded_entries{std::move(*loaded)};
}

caf::result<scanned_keys> persistence_state::on_scan(const scan_keys& msg) {
  if (opening_ && !draining_ && scans_.size() < shared_->types->size()) {
    auto promise = self_->make_response_promise<scanned_keys>();
    scans_.push_back({msg, promise});
    return promise;
  }
  auto scanned = scan(msg);
  if (!scanned)
    return to_caf(scanned.error());
  return std::move(*scanned);
}

result<scanned_keys> persistence_state::scan(const scan_keys& msg) {
  if (!commit())
    return fail(closed());
  auto slice = store_->scan(msg.type, msg.after, defaults::scan_slice_count);
  if (!slice) {
    close_tier(slice.error());
    return fail(closed());
  }
  if (!tells_followed_)
    for (auto& [id, followed] : slice->keys)
      followed = false;
  return scanned_keys{std::move(slice->keys), slice->last, clean_start_};
}

caf::result<checkpoint_found> persistence_state::on_read_checkpoint() {
  if (opening_ && !draining_) {
    auto promise = self_->make_response_promise<checkpoint_found>();
    asked_.push_back(promise);
    return promise;
  }
  return checkpoint_found{checkpoint_.value_or("")};
}

// Sent after the caches' erases that it stands for, queued after them, and
// written with or after them.
void persistence_state::on_checkpoint(store_checkpoint& msg) {
  using kind = store_checkpoint::kind_type;
  if (!store_)
    return;
  if (msg.kind != kind::goes_on) {
    // What an earlier incarnation had not written may be missing in that run.
    auto continues = msg.kind == kind::continues && checkpoint_.has_value();
    checkpoint_.reset();
    tells_followed_ = continues;
    if (!commit())
      return;
    auto done = continues ? store_->continue_run() : store_->begin_run();
    if (!done) {
      close_tier(done.error());
      return;
    }
  }
  if (shared_->config.planted.has(planted_bug::checkpoint_before_removal)) {
    cache_store::batch alone;
    alone.checkpoint = std::move(msg.text);
    (void)apply(alone);
    return;
  }
  queue_->set_checkpoint(std::move(msg.text));
  schedule_commit();
}

void persistence_state::answer_waiting() {
  for (auto& promise : std::exchange(asked_, {}))
    promise.deliver(checkpoint_found{checkpoint_.value_or("")});
  for (auto& waiting : std::exchange(scans_, {})) {
    if (auto scanned = scan(waiting.request))
      waiting.promise.deliver(std::move(*scanned));
    else
      waiting.promise.deliver(to_caf(scanned.error()));
  }
}

void persistence_state::on_log(log_invalidation& msg) {
  if (!store_)
    return;
  queue_->log(std::move(msg.record));
  schedule_commit();
}

caf::result<log_records> persistence_state::on_read_log(const read_log& msg) {
  if (!commit())
    return to_caf(closed());
  auto records = store_->log(msg.limit);
  if (!records) {
    close_tier(records.error());
    return to_caf(closed());
  }
  return log_records{std::move(*records)};
}

caf::result<flushed_disk> persistence_state::on_flush() {
  if (!commit())
    return to_caf(closed());
  return flushed_disk{};
}

caf::result<stopped> persistence_state::on_drain() {
  draining_ = true;
  if (opening_) {
    auto promise = self_->make_response_promise<stopped>();
    drains_.push_back(promise);
    return promise;
  }
  finish();
  return stopped{};
}

void persistence_state::on_step(step what) {
  switch (what) {
  case step::commit:
    commit();
    return;
  case step::clean_up:
    // In small steps, so that loads get their turn.
    after(clean_up() ? shared_->config.memory.check_period
                     : shared_->config.persistence.group_commit_delay,
          step::clean_up);
    return;
  case step::open:
    begin_open();
    return;
  case step::opened:
    on_opened();
    return;
  }
}

void persistence_state::begin_open() {
  if (opening_ || store_ || draining_)
    return;
  opening_ = std::make_shared<attempt>();
  // The slot is this actor's again when the message arrives.
  auto work = [slot = opening_, shared = shared_,
               owner = persistence_self{self_}](caf::event_based_actor* self) {
    try {
      slot->store = shared->make_store();
      if (slot->store)
        slot->opened = slot->store->open();
    } catch (const std::exception& e) {
      slot->opened
          = fail(errc::internal, std::string{"disk tier: "} + e.what());
    }
    self->send(owner, caf::tick_atom::value,
               static_cast<uint8_t>(step::opened));
  };
  spawn_blocking(self_->system(), std::move(work));
}

void persistence_state::on_opened() {
  auto slot = std::exchange(opening_, nullptr);
  auto first = !shared_->disk_was_opened.exchange(true);
  if (slot->opened) {
    if (!slot->opened->moved_to.empty())
      shared_->log->error("disk tier: {}; moved to {}, new file built",
                          slot->opened->reason, slot->opened->moved_to);
    store_ = std::move(slot->store);
    clean_start_ = slot->opened->clean || !slot->opened->existed;
    if (first)
      checkpoint_ = std::move(slot->opened->checkpoint);
    tells_followed_ = checkpoint_.has_value();
    backoff_ = defaults::disk_reopen_min;
    shared_->count.disk_closed = 0;
    shared_->log->info("disk tier: open{}",
                       clean_start_ ? "" : ", after an unclean end");
  } else {
    if (why_closed_ != slot->opened.error())
      shared_->log->error("disk tier: closed, going on without: {}",
                          slot->opened.error().what);
    why_closed_ = slot->opened.error();
    slot->store.reset();
    retry_open();
  }
  answer_waiting();
  if (draining_)
    finish();
}

bool persistence_state::commit() {
  commit_timed_ = commit_asked_ = false;
  if (!store_)
    return false;
  if (queue_->empty())
    return true;
  auto batch = queue_->take();
  auto done = apply(batch);
  if (done)
    return true;
  std::vector<key> lost;
  for (auto& item : batch.items) {
    if (!item.erase)
      lost.push_back(item.entry.id);
    item.erase = true;
  }
  // What cannot be put must at least be gone.
  if (!lost.empty() && done.error().code != errc::corrupt) {
    shared_->log->warn("disk tier: {} puts failed: {}", lost.size(),
                       done.error().what);
    done = apply(batch);
  }
  tell_lost(lost);
  if (!done)
    close_tier(done.error());
  return static_cast<bool>(done);
}

result<void> persistence_state::apply(const cache_store::batch& b) {
  auto& count = shared_->count;
  stopwatch watch{count.disk_nanoseconds};
  auto done = store_->apply(b);
  if (!done)
    return done;
  auto erases = std::count_if(b.items.begin(), b.items.end(),
                              [](auto& item) { return item.erase; });
  count.disk_erases += static_cast<uint64_t>(erases);
  count.disk_puts += b.items.size() - static_cast<uint64_t>(erases);
  ++count.disk_commits;
  return done;
}

bool persistence_state::clean_up() {
  if (!commit())
    return true;
  auto removed = store_->clean_up(shared_->wall_now(), clean_up_count);
  if (!removed) {
    close_tier(removed.error());
    return true;
  }
  tell_lost(*removed);
  return removed->size() < clean_up_count;
}

void persistence_state::close_tier(const failure& why) {
  shared_->log->error("disk tier: closed, going on without: {}", why.what);
  why_closed_ = why;
  store_.reset();
  checkpoint_.reset();
  tells_followed_ = false;
  shared_->count.disk_closed = 1;
  retry_open();
}

void persistence_state::retry_open() {
  if (draining_)
    return;
  after(backoff_, step::open);
  backoff_ = std::min<milliseconds>(backoff_ * 2, defaults::disk_reopen_max);
}

void persistence_state::schedule_commit() {
  if (queue_->empty())
    return;
  auto& o = shared_->config.persistence;
  if (queue_->size() >= o.group_commit_count && !commit_asked_) {
    commit_asked_ = true;
    self_->send(self_, caf::tick_atom::value,
                static_cast<uint8_t>(step::commit));
  } else if (!commit_timed_ && !commit_asked_) {
    commit_timed_ = true;
    after(o.group_commit_delay, step::commit);
  }
}

void persistence_state::tell_lost(const std::vector<key>& ids) {
  std::map<cache_id, std::vector<key>> by_owner;
  for (auto& id : ids)
    by_owner[shared_->caches.owner_of(id)].push_back(id);
  for (auto& [owner, keys] : by_owner)
    if (auto cache = shared_->actors.cache(owner))
      self_->send(cache, erase_entries{std::move(keys)});
}

void persistence_state::finish() {
  if (commit()) {
    if (auto done = store_->close(); !done)
      shared_->log->error("disk tier: not closed cleanly: {}",
                          done.error().what);
  }
  store_.reset();
  for (auto& promise : std::exchange(drains_, {}))
    promise.deliver(stopped{});
  self_->quit();
}

failure persistence_state::closed() const {
  return {errc::tier_closed, why_closed_.what};
}

void persistence_state::after(milliseconds delay, step what) {
  self_->delayed_send(self_, delay, caf::tick_atom::value,
                      static_cast<uint8_t>(what));
}

persistence_self::behavior_type
persistence(persistence_self::stateful_pointer<persistence_state> self,
            shared_ptr_state shared) {
  return self->state.start(std::move(shared));
}

} // namespace toadcache
