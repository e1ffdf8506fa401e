// The clients of a simulated process and the foreign writers: what they ask,
// and how their answers are told to the oracle. One thread.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/entity_handle.hpp"
#include "tests/simulation/simulation.hpp"

namespace toadcache::simulation {

/// Of every request of the workload, as the facade's default.
inline constexpr milliseconds request_timeout{5000};

class workload {
public:
  /// Of the process in that seat.
  workload(simulation& run, size_t seat);

  /// The rows that are there before the first process begins.
  void fill_database();
  /// Some idle client asks something. False: all are busy, or all is done.
  bool start_one();
  [[nodiscard]] bool done() const;
  /// Every client that waits for the process gets no answer any more.
  void process_gone();
  [[nodiscard]] bool idle() const { return busy_ == 0; }

  /// Another program changes a row; `notified`: it tells the cache afterwards.
  void foreign_write(bool notified);
  /// The cache hears of one notified change.
  void tell_foreign();
  /// Switches a type's cache off, or on again.
  void toggle();
  /// Switches on what is off; false while there was something.
  bool all_enabled();
  /// Reads every key once.
  void read_everything();

private:
  struct target {
    const entity_type* type = nullptr;
    std::vector<value> id;
  };

  // -- questions --------------------------------------------------------------
  void read_row(const target& t, read_options how);
  void read_list(const entity_type& type, std::string name,
                 std::vector<value> of, read_options how);
  void write();
  void invalidate();
  void create(const target& t);
  void update(const target& t);
  void change_key(const target& t);
  void upsert(const target& t);
  void destroy(const target& t);
  void find_or_create(const target& t);
  void transaction();
  std::string foreign_change(uint64_t connection, const target& t);

  // -- choices ----------------------------------------------------------------
  target some_row();
  std::vector<value> some_id(const entity_type& type);
  /// Columns beside the key; with all that a new row needs when `whole`.
  fields some_fields(const entity_type& type, int64_t mark, bool whole);
  read_options some_options();

  // -- the oracle's side ------------------------------------------------------
  struct write_ticket {
    uint64_t number = 0;
    uint64_t life = 0;
  };
  write_ticket begin_write(const std::string& what);
  void end_write(write_ticket w, const failure* why,
                 const std::vector<write_effect>& effects,
                 const std::vector<row>& seen, const entity_type& type);
  template <class T, class F>
  void then(answer<T> a, F f);
  [[nodiscard]] entity_handle handle(const entity_type& type);
  [[nodiscard]] key canonical(const entity_type& type,
                              const std::vector<value>& id);
  void switch_to(entity_id type, bool on);
  [[nodiscard]] const entity_type* type_of(const key& id) const;
  void judge_age(const record& r, const entity_type& type, bool negative,
                 const read_options& how);
  void judge_error(const failure& why, const std::string& what);

  [[nodiscard]] sim_process& process() const;

  simulation& run_;
  size_t seat_;
  size_t busy_ = 0;
  size_t started_ = 0;
  uint64_t life_ = 0; ///< counts the processes
  int64_t foreign_marks_ = 0;
  std::set<entity_id> off_;
  std::deque<std::pair<key, std::vector<value>>> told_;
};

template <class T, class F>
void workload::then(answer<T> a, F f) {
  ++busy_;
  std::move(a).then([this, f, life = life_](result<T> r) {
    if (life != life_)
      return;
    --busy_;
    f(std::move(r));
  });
}

} // namespace toadcache::simulation
