#include "actors/change_feed.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "actors/ask.hpp"
#include "messages/errors.hpp"

namespace toadcache {

namespace {

constexpr milliseconds rewind_pause{10};
// Between two looks at a log that is silent; each has waited by itself.
constexpr milliseconds idle_pause{1};

bool says_nothing(const changes& news) {
  return news.rows.empty() && news.flushed.empty()
         && news.scope == invalidation_scope::none;
}

} // namespace

changes changes_of(logged_commit commit, const catalog& types) {
  changes out;
  out.source = change_source::feed;
  out.at = std::move(commit.end.at);
  for (auto& c : commit.changes) {
    if (c.new_id && !c.rows.complete) // its new place is no image's
      out.rows.push_back({*c.new_id, {}, {}, false});
    out.rows.push_back(std::move(c.rows));
  }
  auto flush = [&](entity_id type) {
    if (std::find(out.flushed.begin(), out.flushed.end(), type)
        == out.flushed.end())
      out.flushed.push_back(type);
  };
  for (auto& f : commit.flushes)
    if (f.type)
      flush(*f.type);
    else
      for (auto& t : types.types())
        flush(t.id);
  return out;
}

change_feed_self::behavior_type
change_feed_state::start(shared_ptr_state shared,
                         std::shared_ptr<change_stream> stream) {
  shared_ = std::move(shared);
  stream_ = std::move(stream);
  self_->set_exception_handler(
      [](std::exception_ptr& thrown) { return to_caf(thrown); });
  auto& o = shared_->feed;
  pause_.emplace(o.reconnect_backoff_min, o.reconnect_backoff_max, 1);
  from_ = shared_->fed.get();
  if (!from_ && shared_->make_store
      && shared_->fed_from.load() != feed_history::begins)
    ask_checkpoint();
  else
    later(milliseconds{0}, feed_tick::connect);
  later(o.probe_period, feed_tick::probe);
  later(o.checkpoint_period, feed_tick::checkpoint);
  return {
      [](const fail_now&) { throw std::runtime_error("asked to fail"); },
      [this](caf::tick_atom, uint8_t what) {
        on_tick(static_cast<feed_tick>(what));
      },
  };
}

void change_feed_state::on_tick(feed_tick what) {
  if (shared_->stopping.load(std::memory_order_acquire))
    return; // the exit message is on its way
  switch (what) {
  case feed_tick::connect:
    connect();
    break;
  case feed_tick::follow:
    follow();
    break;
  case feed_tick::rewind:
    rewinding_ = false;
    go_on();
    break;
  case feed_tick::probe:
    later(shared_->feed.probe_period, feed_tick::probe);
    probe();
    break;
  case feed_tick::checkpoint:
    later(shared_->feed.checkpoint_period, feed_tick::checkpoint);
    if (auto from = shared_->fed_from.load();
        from == feed_history::continues || from == feed_history::begins)
      if (auto place = shared_->fed.get(); place && place != stored_)
        store(store_checkpoint::kind_type::goes_on, *place);
    break;
  }
}

// -- the checkpoint -----------------------------------------------------------

void change_feed_state::ask_checkpoint() {
  auto target = shared_->actors.persistence();
  if (!target) {
    connect();
    return;
  }
  ask(self_, target, shared_->config.client.request_timeout, read_checkpoint{})
      .then(
          [this](const checkpoint_found& found) {
            on_checkpoint_found(found.text);
            connect();
          },
          [this](caf::error&) { connect(); });
}

void change_feed_state::on_checkpoint_found(const std::string& text) {
  if (text.empty())
    return;
  auto place = parse_resume_point(text);
  if (!place) {
    shared_->log->warn("change feed: the checkpoint of the cache file is "
                       "dropped: {}",
                       place.error().what);
    return;
  }
  shared_->log->info("change feed: goes on from the checkpoint {}",
                     to_string(place->at));
  from_ = std::move(*place);
  shared_->fed_from = feed_history::replays;
}

void change_feed_state::store(store_checkpoint::kind_type kind,
                              const resume_point& place) {
  if (auto target = shared_->actors.persistence()) {
    self_->send(target, store_checkpoint{to_string(place), kind});
    stored_ = place;
  }
}

// -- the log ------------------------------------------------------------------

void change_feed_state::connect() {
  auto at = stream_->connect(from_);
  if (!at) {
    on_failure(at.error());
    return;
  }
  auto& count = shared_->count;
  count.feed_connects.fetch_add(1, std::memory_order_relaxed);
  count.feed_followed.store(1, std::memory_order_relaxed);
  connected_ = true;
  said_.clear();
  if (std::exchange(unusable_, false))
    trust(now()); // no longer without limit
  if (!from_) {
    shared_->log->info("change feed: follows the log from {}",
                       to_string(at->at));
    changes missed;
    missed.source = change_source::feed;
    missed.scope = invalidation_scope::unseen;
    missed.at = at->at;
    shared_->fed_from = feed_history::unknown;
    begun_ = newest_ + 1;
    keep(std::move(missed), *at);
  } else if (!shared_->fed.get()) {
    shared_->fed.set(*at);
  }
  from_ = std::move(*at);
  probe(); // trust as early as possible
  later(milliseconds{0}, feed_tick::follow);
}

void change_feed_state::follow() {
  if (!connected_)
    return;
  waits_for_room_ = kept_.size() >= shared_->feed.window_count;
  if (waits_for_room_)
    return;
  auto commit = stream_->next(shared_->feed.wait);
  if (!commit) {
    on_failure(commit.error());
    return;
  }
  pause_->reset();
  from_ = stream_->place();
  if (*commit) {
    auto replays = shared_->fed_from.load() == feed_history::replays;
    if (replays && ++replayed_count_ > shared_->feed.max_replay_count) {
      on_failure({stream_fault::position_lost,
                  "more than " + std::to_string(shared_->feed.max_replay_count)
                      + " commits since the checkpoint",
                  ""});
      return;
    }
    on_commit(std::move(**commit));
  }
  judge_probe();
  later(*commit ? milliseconds{0} : idle_pause, feed_tick::follow);
}

void change_feed_state::on_commit(logged_commit commit) {
  shared_->count.feed_commits.fetch_add(1, std::memory_order_relaxed);
  for (auto& f : commit.flushes)
    shared_->log->info("change feed: {} emptied: {}",
                       f.type ? "the cache of "
                                    + (*shared_->types)[*f.type].name + " is"
                              : "all caches are",
                       f.why);
  auto end = commit.end;
  keep(changes_of(std::move(commit), *shared_->types), std::move(end));
}

void change_feed_state::on_failure(const stream_failure& why) {
  if (shared_->stopping.load(std::memory_order_acquire))
    return; // interrupted for good
  connected_ = false;
  waits_for_room_ = false;
  probe_.reset();
  auto news = std::exchange(said_, why.what) != why.what;
  switch (why.fault) {
  case stream_fault::connection_lost:
  case stream_fault::interrupted:
    if (news)
      shared_->log->warn("change feed: {}: {}", to_string(why.fault), why.what);
    break;
  case stream_fault::position_lost:
    shared_->log->error("change feed: the place in the log is lost, starting "
                        "anew: {}",
                        why.what);
    shared_->count.feed_losses.fetch_add(1, std::memory_order_relaxed);
    from_.reset();
    break;
  case stream_fault::not_decodable:
  case stream_fault::privileges_missing:
  case stream_fault::log_off:
    if (news)
      shared_->log->error("change feed: the log cannot be followed; {}: {}{}{}",
                          shared_->feed.mode == feed_mode::required
                              ? "reads go to the database until it can"
                              : "what other programs write is seen when the "
                                "times to live end",
                          why.what,
                          why.remedy.empty() ? "" : "; remedy: ", why.remedy);
    cannot_follow();
    return;
  }
  later(pause_->next(), feed_tick::connect);
}

void change_feed_state::cannot_follow() {
  shared_->count.feed_followed.store(0, std::memory_order_relaxed);
  from_.reset();
  unusable_ = shared_->feed.mode != feed_mode::required;
  if (unusable_)
    trust(time_point::max());
  later(shared_->feed.retry_period, feed_tick::connect);
}

// -- the caches ---------------------------------------------------------------

void change_feed_state::keep(changes news, resume_point end) {
  auto applied = says_nothing(news);
  kept_.push_back({++newest_, std::move(news), std::move(end), applied});
  tell();
  retire();
}

void change_feed_state::tell() {
  if (rewinding_)
    return;
  for (; told_ < kept_.size(); ++told_) {
    auto& k = kept_[told_];
    if (k.applied)
      continue;
    if (one_by_one_ && told_ > 0)
      return;
    auto target = shared_->actors.invalidation();
    if (!target) {
      rewind();
      return;
    }
    ask(self_, target, shared_->config.client.request_timeout, k.news)
        .then(
            [this, round = round_, number = k.number](const applied&) {
              if (round == round_)
                on_applied(number);
            },
            [this, round = round_, number = k.number](caf::error& why) {
              if (round != round_)
                return;
              if (shared_->config.planted.has(
                      planted_bug::fan_out_lost_at_restart)) {
                on_applied(number);
                return;
              }
              shared_->log->warn("change feed: tells again what may be lost: "
                                 "{}",
                                 to_failure(why).what);
              rewind();
            });
  }
}

void change_feed_state::on_applied(uint64_t number) {
  kept_[number - kept_.front().number].applied = true;
  one_by_one_ = false;
  go_on();
}

void change_feed_state::go_on() {
  tell();
  retire();
  judge_probe();
  if (waits_for_room_ && kept_.size() < shared_->feed.window_count) {
    waits_for_room_ = false;
    later(milliseconds{0}, feed_tick::follow);
  }
}

// What is applied, with all before it, need not be told again.
void change_feed_state::retire() {
  std::optional<resume_point> end;
  while (!kept_.empty() && kept_.front().applied && told_ > 0) {
    applied_ = kept_.front().number;
    end = std::move(kept_.front().end);
    kept_.pop_front();
    --told_;
  }
  if (!end)
    return;
  shared_->fed.set(end);
  if (begun_ && applied_ >= *begun_) {
    begun_.reset();
    store(store_checkpoint::kind_type::begins, *end);
    shared_->fed_from = feed_history::begins;
  }
}

// Nobody knows which of these the caches have heard of, and in which order.
void change_feed_state::rewind() {
  ++round_;
  told_ = 0;
  one_by_one_ = true;
  for (auto& k : kept_)
    k.applied = says_nothing(k.news);
  if (std::exchange(rewinding_, true))
    return;
  shared_->count.feed_rewinds.fetch_add(1, std::memory_order_relaxed);
  later(rewind_pause, feed_tick::rewind);
}

// -- trust --------------------------------------------------------------------

void change_feed_state::probe() {
  if (unusable_)
    trust(time_point::max()); // a cache that was started anew has not heard it
  if (!connected_ || probe_)
    return;
  auto taken = now();
  auto end = stream_->probe();
  if (!end) {
    on_failure(end.error());
    return;
  }
  probe_ = probe_of_log{taken, std::move(*end)};
  judge_probe();
}

void change_feed_state::judge_probe() {
  if (!probe_)
    return;
  if (!probe_->last && stream_->place().at.covers(probe_->end))
    probe_->last = newest_;
  if (!probe_->last || applied_ < *probe_->last)
    return;
  using std::chrono::nanoseconds;
  auto lag = std::chrono::duration_cast<nanoseconds>(now() - probe_->taken);
  shared_->count.feed_lag_nanoseconds.store(static_cast<uint64_t>(lag.count()),
                                            std::memory_order_relaxed);
  if (shared_->fed_from.load() == feed_history::replays) {
    shared_->log->info("change feed: caught up with {} commits since the "
                       "checkpoint",
                       replayed_count_);
    // Before the caches hear of it, and ask for what the disk holds.
    store(store_checkpoint::kind_type::continues, *shared_->fed.get());
    shared_->fed_from = feed_history::continues;
  }
  trust(probe_->taken + shared_->feed.max_staleness);
  probe_.reset();
}

void change_feed_state::trust(time_point until) {
  extend_trust msg;
  msg.until_nanoseconds
      = std::chrono::nanoseconds{until.time_since_epoch()}.count();
  msg.replayed = shared_->fed_from.load() == feed_history::continues;
  for (cache_id id = 0; id < shared_->caches.size(); ++id)
    if (auto target = shared_->actors.cache(id))
      self_->send(target, msg);
}

void change_feed_state::later(milliseconds delay, feed_tick what) {
  auto number = static_cast<uint8_t>(what);
  if (delay.count() == 0)
    self_->send(self_, caf::tick_atom::value, number);
  else
    self_->delayed_send(self_, delay, caf::tick_atom::value, number);
}

change_feed_self::behavior_type
change_feed(change_feed_self::stateful_pointer<change_feed_state> self,
            shared_ptr_state shared, std::shared_ptr<change_stream> stream) {
  return self->state.start(std::move(shared), std::move(stream));
}

} // namespace toadcache
