#include "tools/scenario.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <nlohmann/json.hpp>

namespace toadcache {

namespace {

using json = nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr std::array<std::string_view, action_kind_count> action_names{
    "poll", "score", "status", "setup", "set_team", "edit_profile"};

/// Thrown within this file only: "clients: expected ...".
struct bad_scenario {
  std::string what;
};

/// Reads the members of one JSON object and, at the end, refuses those that
/// nobody asked for.
class object_reader {
public:
  object_reader(const json& x, std::string path)
      : x_(x), path_(std::move(path)) {
    if (!x_.is_object())
      throw bad_scenario{(path_.empty() ? "the scenario" : path_)
                         + ": expected an object"};
  }

  [[nodiscard]] const json& member(const std::string& name) {
    seen_.insert(name);
    auto i = x_.find(name);
    if (i == x_.end())
      throw bad_scenario{full(name) + ": missing"};
    return *i;
  }
  [[nodiscard]] std::string text(const std::string& name) {
    const auto& x = member(name);
    if (!x.is_string())
      throw bad_scenario{full(name) + ": expected a string"};
    return x.get<std::string>();
  }
  [[nodiscard]] uint64_t whole(const std::string& name, uint64_t min,
                               uint64_t max) {
    const auto& x = member(name);
    if (!x.is_number_unsigned() || x.get<uint64_t>() < min
        || x.get<uint64_t>() > max)
      throw bad_scenario{full(name) + ": expected a whole number from "
                         + std::to_string(min) + " to " + std::to_string(max)
                         + ", got " + x.dump()};
    return x.get<uint64_t>();
  }
  [[nodiscard]] double number(const std::string& name, double min, double max) {
    const auto& x = member(name);
    if (!x.is_number() || x.get<double>() < min || x.get<double>() > max)
      throw bad_scenario{full(name) + ": expected a number from "
                         + json(min).dump() + " to " + json(max).dump()
                         + ", got " + x.dump()};
    return x.get<double>();
  }
  [[nodiscard]] std::string full(const std::string& name) const {
    return path_.empty() ? name : path_ + "." + name;
  }
  void refuse_others() const {
    for (const auto& item : x_.items())
      if (!seen_.contains(item.key()))
        throw bad_scenario{full(item.key()) + ": unknown key"};
  }

private:
  const json& x_;
  std::string path_;
  std::set<std::string> seen_;
};

constexpr uint64_t max_seconds = 86'400;
constexpr double max_rate = 1e6;

population_sizes read_population(const json& x) {
  object_reader in{x, "population"};
  population_sizes p;
  p.guilds_count = in.whole("guilds", 1, 1'000'000);
  p.channels_count = in.whole("channels", p.guilds_count, 10'000'000);
  p.users_count = in.whole("users", p.guilds_count, 100'000'000);
  p.overlays_count = in.whole("overlays", 0, p.channels_count);
  p.zipf = in.number("zipf", 0, 3);
  p.new_user_ratio = in.number("new_user_ratio", 0, 1);
  p.profile_bytes = in.whole("profile_bytes", 0, 128 << 10);
  in.refuse_others();
  return p;
}

std::vector<std::pair<action_kind, double>> read_commands(const json& x) {
  object_reader in{x, "commands"};
  std::vector<std::pair<action_kind, double>> out;
  double sum = 0;
  for (const auto& item : x.items()) {
    auto i
        = std::find(action_names.begin() + 2, action_names.end(), item.key());
    if (i == action_names.end())
      throw bad_scenario{in.full(item.key())
                         + ": unknown command; expected status, setup, "
                           "set_team or edit_profile"};
    auto weight = in.number(item.key(), 0, max_rate);
    out.emplace_back(static_cast<action_kind>(i - action_names.begin()),
                     weight);
    sum += weight;
  }
  if (sum <= 0)
    throw bad_scenario{"commands: expected at least one weight above 0"};
  return out;
}

std::vector<phase> read_phases(const json& x) {
  if (!x.is_array() || x.empty())
    throw bad_scenario{"phases: expected a list of at least one phase"};
  std::vector<phase> out;
  for (size_t i = 0; i < x.size(); ++i) {
    object_reader in{x[i], "phases[" + std::to_string(i) + "]"};
    phase p;
    p.name = in.text("name");
    p.duration = milliseconds{
        static_cast<int64_t>(in.number("seconds", 0.01, max_seconds) * 1000)};
    p.commands_per_second = in.number("commands_per_second", 0, max_rate);
    p.scores_per_second = in.number("scores_per_second", 0, max_rate);
    p.polls_per_second = in.number("polls_per_second", 0, max_rate);
    in.refuse_others();
    out.push_back(std::move(p));
  }
  return out;
}

std::vector<assertion> read_assertions(const json& x,
                                       const std::vector<std::string>& names) {
  object_reader all{x, "assertions"};
  std::vector<assertion> out;
  for (const auto& item : x.items()) {
    auto where = all.full(item.key());
    if (std::find(names.begin(), names.end(), item.key()) == names.end()) {
      std::string known;
      for (const auto& name : names)
        known += (known.empty() ? "" : ", ") + name;
      throw bad_scenario{where + ": unknown metric; expected one of " + known};
    }
    object_reader in{item.value(), where};
    for (const auto& bound : item.value().items()) {
      if (bound.key() != "at_least" && bound.key() != "at_most")
        throw bad_scenario{where + "." + bound.key()
                           + ": unknown key; expected at_least or at_most"};
      out.push_back({item.key(), bound.key() == "at_least",
                     in.number(bound.key(), -1e18, 1e18)});
    }
    if (item.value().empty())
      throw bad_scenario{where + ": expected at_least or at_most"};
  }
  return out;
}

scenario read_scenario(const json& x, const std::vector<std::string>& metrics) {
  object_reader in{x, ""};
  scenario s;
  if (in.whole("version", 0, 1'000'000) != scenario::format_version)
    throw bad_scenario{"version: expected "
                       + std::to_string(scenario::format_version)};
  s.name = in.text("name");
  s.seed = in.whole("seed", 0, UINT64_MAX);
  s.clients_count = in.whole("clients", 1, 256);
  s.population = read_population(in.member("population"));
  s.commands = read_commands(in.member("commands"));
  s.phases = read_phases(in.member("phases"));
  s.assertions = read_assertions(in.member("assertions"), metrics);
  in.refuse_others();
  double actions = 0;
  for (const auto& p : s.phases) {
    auto seconds = static_cast<double>(p.duration.count()) / 1000;
    actions
        += seconds
           * (p.commands_per_second + p.scores_per_second + p.polls_per_second);
    if (p.polls_per_second > 0 && s.population.overlays_count == 0)
      throw bad_scenario{"population.overlays: expected at least 1, since "
                         "phase '"
                         + p.name + "' has polls"};
  }
  constexpr double max_actions = 2e6;
  if (actions < 1 || actions > max_actions)
    throw bad_scenario{"phases: expected rates and times that make from 1 to "
                       "2000000 actions"};
  return s;
}

} // namespace

std::string_view to_string(action_kind k) noexcept {
  return action_names[static_cast<size_t>(k)];
}

milliseconds scenario::duration() const {
  milliseconds sum{0};
  for (const auto& p : phases)
    sum += p.duration;
  return sum;
}

tl::expected<scenario, std::string>
parse_scenario(std::string_view text, std::string_view origin,
               const std::vector<std::string>& metrics) {
  auto error = [&](const std::string& what) {
    return tl::unexpected<std::string>(std::string{origin} + ": " + what);
  };
  try {
    return read_scenario(json::parse(text), metrics);
  } catch (const bad_scenario& e) {
    return error(e.what);
  } catch (const json::parse_error& e) {
    std::string_view what = e.what();
    if (auto end = what.find("] "); end != std::string_view::npos)
      what.remove_prefix(end + 2);
    return error(std::string{what});
  }
}

} // namespace toadcache
