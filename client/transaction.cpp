#include "client/transaction.hpp"

#include "client/ask_again.hpp"
#include "client/operations.hpp"
#include "client/transaction_state.hpp"
#include "client/writer.hpp"

namespace toadcache {

namespace {

using state_ptr = std::shared_ptr<transaction_state>;

failure over() {
  return {errc::invalid, "the transaction is over: begin a new one"};
}

// An error of a step: which ones end the transaction.
failure as_step_failure(transaction_state& s, failure f) {
  if (f.code == errc::tier_closed || f.code == errc::internal) {
    s.open.store(false, std::memory_order_release);
    return {errc::unavailable,
            "the transaction is lost and rolled back: " + f.what};
  }
  if (f.code == errc::deadlock || f.code == errc::unavailable)
    s.open.store(false, std::memory_order_release);
  return f;
}

// One operation; `map(const operation_result&)` makes the caller's answer.
template <class T, class Map>
answer<T> step(const state_ptr& s, result<operation> op, Map map) {
  if (!op)
    return fail(std::move(op.error()));
  if (!s->open.load(std::memory_order_acquire))
    return fail(over());
  auto remaining = s->core->time_of({});
  return s->core->request<T>(
      remaining, errc::timeout,
      [s, op = std::move(*op), remaining, map](dispatcher_context context,
                                               const completion_ptr<T>& done) {
        transaction_step msg{s->id, op, {}};
        msg.header.remaining = remaining;
        context.ask<step_done>(
            s->core->shared->actors.pool(), remaining + client_core::slack,
            std::move(msg),
            [done, map](step_done& reply) { done->deliver(map(reply.result)); },
            [done, s](failure f) {
              done->deliver(fail(as_step_failure(*s, std::move(f))));
            });
      });
}

answer<void> end(const state_ptr& s, bool commit) {
  if (!s->open.exchange(false, std::memory_order_acq_rel))
    return fail(over());
  auto remaining = s->core->time_of({});
  return s->core->request<void>(
      remaining, commit ? errc::outcome_unknown : errc::timeout,
      [s, commit, remaining](dispatcher_context context,
                             const completion_ptr<void>& done) {
        auto pool = s->core->shared->actors.pool();
        if (!pool) { // and its workers with it: nothing was committed
          done->deliver(fail(errc::unavailable, "the transaction is lost and "
                                                "rolled back"));
          return;
        }
        if (commit)
          done->may_have_effect();
        end_transaction msg{s->id, commit, {}};
        msg.header.remaining = remaining;
        auto silent_from
            = s->core->deadline_of(remaining) + client_core::slack / 2;
        context.ask<transaction_done>(
            pool, remaining + client_core::slack, std::move(msg),
            [done](transaction_done&) { done->deliver({}); },
            [done, s, commit, silent_from](failure f) {
              const bool silent = s->core->shared->time.now() >= silent_from;
              done->deliver(fail(commit ? as_write_failure(f, silent) : f));
            });
      });
}

records found_records(const entity_type& type, const operation_result& r) {
  records out;
  for (auto& x : r.rows)
    out.emplace_back(type,
                     row_reply{x, tier::database, freshness::fresh, {}, 0});
  return out;
}

operation make_read(const entity_type& type, operation::kind_type kind,
                    bool for_update) {
  operation op;
  op.kind = kind;
  op.type = type.id;
  op.for_update = for_update;
  return op;
}

} // namespace

answer<transaction> begin_transaction_on(client_core& core) {
  auto remaining = core.time_of({});
  return core.request<transaction>(
      remaining, errc::timeout,
      [self = core.shared_from_this(), deadline = core.deadline_of(remaining)](
          dispatcher_context context, const completion_ptr<transaction>& done) {
        ask_again<transaction_begun>(
            context, self, deadline,
            [self] { return self->shared->actors.pool(); },
            [](milliseconds left) {
              begin_transaction msg;
              msg.header.remaining = left;
              return msg;
            },
            [self, done](result<transaction_begun> r) {
              if (!r) {
                done->deliver(fail(std::move(r.error())));
                return;
              }
              auto s = std::make_shared<transaction_state>();
              s->core = self;
              s->id = r->id;
              done->deliver(transaction{std::move(s)});
            });
      });
}

transaction::transaction(std::shared_ptr<transaction_state> s)
    : state_(std::move(s)) {}
transaction::transaction(transaction&&) noexcept = default;

transaction& transaction::operator=(transaction&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

transaction::~transaction() {
  if (state_ && open())
    std::move(rollback()).then([](const result<void>&) {});
}

transaction_entity transaction::entity(std::string_view name) const {
  return {state_, std::string{name}};
}

answer<void> transaction::commit() {
  return end(state_, true);
}

answer<void> transaction::rollback() {
  return end(state_, false);
}

bool transaction::open() const noexcept {
  return state_->open.load(std::memory_order_acquire);
}

transaction_entity::transaction_entity(std::shared_ptr<transaction_state> s,
                                       std::string name)
    : state_(std::move(s)), name_(std::move(name)) {}

result<const entity_type*> transaction_entity::type() const {
  auto t = state_->core->shared->types->find(name_);
  if (t == nullptr)
    return fail(errc::invalid, "there is no entity '" + name_ + "'");
  return t;
}

answer<record> transaction_entity::find_by_pk(const values& id,
                                              bool for_update) const {
  auto t = type();
  if (!t)
    return fail(std::move(t.error()));
  auto k = (*t)->make_key(primary_index, id.all());
  if (!k)
    return fail(std::move(k.error()));
  auto op = make_read(**t, operation::kind_type::read_keys, for_update);
  op.keys = {std::move(*k)};
  return step<record>(
      state_, std::move(op),
      [t = *t](const operation_result& r) { return written_record(*t, r); });
}

answer<records> transaction_entity::find_all(std::string_view index,
                                             const values& v,
                                             bool for_update) const {
  auto t = type();
  if (!t)
    return fail(std::move(t.error()));
  auto k = list_key(**t, index, v);
  if (!k)
    return fail(std::move(k.error()));
  auto op = make_read(**t, operation::kind_type::read_index, for_update);
  op.keys = {std::move(*k)};
  return step<records>(
      state_, std::move(op),
      [t = *t](const operation_result& r) { return found_records(*t, r); });
}

answer<records> transaction_entity::find_where(const query& q,
                                               bool for_update) const {
  auto t = type();
  if (!t)
    return fail(std::move(t.error()));
  auto f = to_filter(**t, q);
  if (!f)
    return fail(std::move(f.error()));
  auto op = make_read(**t, operation::kind_type::read_where, for_update);
  op.where = std::move(*f);
  return step<records>(
      state_, std::move(op),
      [t = *t](const operation_result& r) { return found_records(*t, r); });
}

answer<record> transaction_entity::create(const fields& set) const {
  auto t = type();
  if (!t)
    return fail(std::move(t.error()));
  return step<record>(
      state_, make_insert(**t, set, state_->core->shared->wall_now()),
      [t = *t](const operation_result& r) { return written_record(*t, r); });
}

answer<record> transaction_entity::update(const values& id,
                                          const fields& set) const {
  auto t = type();
  if (!t)
    return fail(std::move(t.error()));
  return step<record>(
      state_, make_update(**t, id, set, state_->core->shared->wall_now()),
      [t = *t](const operation_result& r) { return written_record(*t, r); });
}

answer<affected> transaction_entity::update_where(const query& q,
                                                  const fields& set) const {
  auto t = type();
  if (!t)
    return fail(std::move(t.error()));
  return step<affected>(
      state_, make_update_where(**t, q, set, state_->core->shared->wall_now()),
      [](const operation_result& r) {
        return affected{r.matched, r.changed};
      });
}

answer<affected> transaction_entity::destroy(const values& id) const {
  auto t = type();
  if (!t)
    return fail(std::move(t.error()));
  return step<affected>(state_, make_erase(**t, id),
                        [](const operation_result& r) {
                          return affected{r.matched, r.changed};
                        });
}

answer<affected> transaction_entity::destroy_where(const query& q) const {
  auto t = type();
  if (!t)
    return fail(std::move(t.error()));
  return step<affected>(state_, make_erase_where(**t, q),
                        [](const operation_result& r) {
                          return affected{r.matched, r.changed};
                        });
}

answer<found_or_created>
transaction_entity::find_or_create(const fields& where,
                                   const fields& defaults) const {
  auto t = type();
  if (!t)
    return fail(std::move(t.error()));
  return step<found_or_created>(
      state_,
      make_find_or_create(**t, where, defaults,
                          state_->core->shared->wall_now()),
      [t = *t](const operation_result& r) {
        return found_or_created{written_record(*t, r), r.created};
      });
}

} // namespace toadcache
