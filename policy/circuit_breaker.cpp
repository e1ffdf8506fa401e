#include "policy/circuit_breaker.hpp"

#include <algorithm>

namespace toadcache {

circuit_breaker::circuit_breaker(size_t failures_count, milliseconds open_time,
                                 milliseconds open_time_max)
    : failures_count_(std::max<size_t>(failures_count, 1)),
      open_time_(open_time), open_time_max_(std::max(open_time, open_time_max)),
      next_open_time_(open_time) {}

circuit_breaker::admission circuit_breaker::admit(time_point now) {
  if (state_ == state_type::closed)
    return admission::pass;
  if (state_ == state_type::half_open || now < retry_at_)
    return admission::refuse;
  state_ = state_type::half_open;
  return admission::probe;
}

void circuit_breaker::succeeded() {
  state_ = state_type::closed;
  failures_ = 0;
  next_open_time_ = open_time_;
}

bool circuit_breaker::failed(time_point now) {
  ++failures_;
  if (state_ == state_type::closed && failures_ < failures_count_)
    return false;
  if (state_ == state_type::open) // one that was sent before it opened
    return false;
  auto opened = state_ == state_type::closed;
  state_ = state_type::open;
  retry_at_ = now + next_open_time_;
  next_open_time_ = std::min(next_open_time_ * 2, open_time_max_);
  return opened;
}

void circuit_breaker::abandoned() {
  if (state_ == state_type::half_open)
    state_ = state_type::open; // retry_at_ has passed already
}

} // namespace toadcache
