// The simulated bot on top of the cache.
#include "tools/bot_backend.hpp"

namespace toadcache {

namespace {

class cached_backend : public bot_backend {
public:
  explicit cached_backend(const cache& of) : cache_(of), checks_(of) {}

  result<bool> check_base_data(const discord_guild& guild,
                               const discord_channel& channel,
                               const discord_user& user) override {
    auto answer = checks_.check_base_data(guild, channel, user);
    return whether_ready(answer);
  }
  result<bool> activate_user_channel(int64_t user_id,
                                     int64_t channel_id) override {
    auto answer = checks_.check_user_channel(user_id, channel_id, true);
    return whether_ready(answer);
  }
  result<found> find(std::string_view entity,
                     const std::vector<value>& id) override {
    auto answer = cache_.entity(entity).find_by_pk(id);
    auto ready = answer.ready();
    auto r = answer.get();
    if (!r)
      return fail(r.error());
    found out{{}, ready};
    if (r->found())
      out.rows.push_back(std::move(*r));
    return out;
  }
  result<found> list(std::string_view entity, std::string_view index,
                     const std::vector<value>& of) override {
    auto answer = cache_.entity(entity).find_all(index, of);
    auto ready = answer.ready();
    auto r = answer.get();
    if (!r)
      return fail(r.error());
    return found{std::move(*r), ready};
  }
  result<void> update(std::string_view entity, const std::vector<value>& id,
                      const fields& set) override {
    auto r = cache_.entity(entity).update(id, set).get();
    return r ? result<void>{} : fail(r.error());
  }

private:
  template <class Answer>
  static result<bool> whether_ready(Answer& answer) {
    auto ready = answer.ready();
    auto r = answer.get();
    if (!r)
      return fail(r.error());
    return ready;
  }
  const cache& cache_;
  checks checks_;
};

} // namespace

std::unique_ptr<bot_backend> make_cached_backend(const cache& of) {
  return std::make_unique<cached_backend>(of);
}

} // namespace toadcache
