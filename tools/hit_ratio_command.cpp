// `hit-ratio TRACE...`.
#include <algorithm>
#include <charconv>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "model/eviction_names.hpp"
#include "tools/clairvoyant.hpp"
#include "tools/command.hpp"
#include "tools/hit_ratio_table.hpp"
#include "tools/progress.hpp"

namespace toadcache {

namespace {

struct hit_ratio_options {
  std::vector<std::string> traces;
  std::vector<std::string> sizes;
  std::vector<std::string> policies;
  std::string format;
  bool as_json = false;
  bool show_progress = false;
};

/// A size as written: a number, or a share of all there is.
struct asked_size {
  double number = 0;
  bool is_percent = false;
};

std::optional<asked_size> parse_size(std::string_view text) {
  asked_size s;
  s.is_percent = text.ends_with('%');
  if (s.is_percent)
    text.remove_suffix(1);
  auto [end, problem]
      = std::from_chars(text.data(), text.data() + text.size(), s.number);
  if (problem != std::errc{} || end != text.data() + text.size()
      || !(s.number > 0) || s.number > (s.is_percent ? 100.0 : 1e15)
      || (!s.is_percent && s.number < 1))
    return std::nullopt;
  return s;
}

// All keys, or the bytes of all values at their first request.
uint64_t everything(const request_trace& t) {
  if (!t.is_weighted())
    return t.key_count;
  uint64_t sum = 0;
  uint32_t next = 0; // keys are numbered by first appearance
  for (const auto& r : t.requests)
    if (r.key == next) {
      ++next;
      sum += uint64_t{r.value_bytes} + entry_overhead_bytes;
    }
  return sum;
}

uint64_t entries_or_bytes(const asked_size& s, const request_trace& t) {
  auto n = s.is_percent ? s.number / 100.0 * static_cast<double>(everything(t))
                        : s.number;
  return std::max<uint64_t>(static_cast<uint64_t>(n), 1);
}

trace_format format_of(const hit_ratio_options& asked,
                       const std::string& trace) {
  if (!asked.format.empty())
    return asked.format == "full" ? trace_format::full : trace_format::u64;
  return trace.ends_with(".full") || trace.ends_with(".full.zst")
             ? trace_format::full
             : trace_format::u64;
}

result<void> measure_trace(const request_trace& t,
                           const std::vector<asked_size>& sizes,
                           const std::vector<std::string>& policies,
                           progress& told, hit_ratio_table& out) {
  for (const auto& s : sizes) {
    auto capacity = entries_or_bytes(s, t);
    auto where = t.name + ", " + std::to_string(capacity)
                 + (t.is_weighted() ? " bytes: " : " entries: ");
    std::vector<hit_count> counts;
    for (const auto& p : policies) {
      told.step(where + p);
      auto counted = count_hits(t, capacity, p);
      if (!counted)
        return fail(counted.error());
      counts.push_back(*counted);
    }
    told.step(where + "OPT");
    out.add(t, capacity, most_hits(t, capacity, entry_overhead_bytes),
            std::move(counts));
  }
  return {};
}

int hit_ratio(const hit_ratio_options& asked) {
  auto policies = asked.policies;
  if (policies.empty()) {
    policies.assign(eviction_names.begin(), eviction_names.end());
    policies.emplace_back(exact_lru_name);
  }
  for (const auto& p : policies)
    if (p != exact_lru_name && !is_eviction(p))
      return complain(exit_usage, "--policy " + p + ": expected "
                                      + known_evictions() + " or "
                                      + std::string{exact_lru_name});
  std::vector<asked_size> sizes;
  for (const auto& text : asked.sizes) {
    auto s = parse_size(text);
    if (!s)
      return complain(exit_usage, "--size " + text
                                      + ": expected a number from 1 on, or a "
                                        "percentage as in 0.1%");
    sizes.push_back(*s);
  }
  if (sizes.empty())
    sizes = {{0.1, true}, {1, true}, {10, true}};
  hit_ratio_table out{policies};
  {
    progress told{progress::usual(asked.show_progress)};
    for (const auto& name : asked.traces) {
      told.step(name);
      auto t = read_trace(name, format_of(asked, name));
      if (!t)
        return complain(exit_usage, t.error());
      if (auto ok = measure_trace(*t, sizes, policies, told, out); !ok)
        return complain(exit_usage, ok.error().what);
    }
  }
  std::fputs((asked.as_json ? out.json() : out.text()).c_str(), stdout);
  return exit_ok;
}

} // namespace

void register_hit_ratio(CLI::App& app, command_context& context) {
  auto* command = app.add_subcommand(
      "hit-ratio", "Run eviction policies over streams of keys and print their "
                   "hit ratios beside the clairvoyant bound");
  auto asked = std::make_shared<hit_ratio_options>();
  command
      ->add_option("TRACE", asked->traces,
                   "Files of requests, plain or zstd; or loop:KEYS:ROUNDS, "
                   "zipf:KEYS:REQUESTS:EXPONENT:SEED")
      ->required();
  command
      ->add_option("--size", asked->sizes,
                   "Entries (format full: bytes), or percent of all keys "
                   "(bytes); several by comma (default: 0.1%,1%,10%)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("N");
  command
      ->add_option("--policy", asked->policies,
                   "One policy; repeatable (default: all)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME");
  command
      ->add_option("--format", asked->format,
                   "u64: keys of 8 bytes; full: records of 24 bytes (default: "
                   "full for *.full and *.full.zst, else u64)")
      ->check(CLI::IsMember({"u64", "full"}));
  command->add_flag("--json", asked->as_json, "Print the table as JSON");
  command->add_flag("--progress", asked->show_progress,
                    "Tell the progress on stderr although it is no terminal");
  command->callback([&context, asked] {
    context.run = [asked] { return hit_ratio(*asked); };
  });
}

} // namespace toadcache
