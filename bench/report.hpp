// The figures of a run, as a table for people and JSON for programs. A value.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/environment.hpp"
#include "bench/measure.hpp"

namespace toadcache::bench {

struct figure {
  std::string name; ///< "hit.one_thread"
  std::string unit; ///< "ns", "rows/s", "bytes", "%"
  std::optional<double> value;
  std::string peer; ///< empty: none
  std::optional<double> peer_value;
  /// Lowest and highest of the repetitions, where there are several.
  std::optional<std::pair<double, double>> spread;
  std::optional<std::pair<double, double>> peer_spread;
  size_t repetitions = 1;
  /// Further numbers: {"allocations", 0}.
  std::vector<std::pair<std::string, double>> fields;
  std::string note;    ///< what exactly was measured, a sentence
  std::string skipped; ///< why there is no value

  /// value / peer_value; how many times better for names "*.vs_*": peer_value /
  /// value. Nothing without both.
  [[nodiscard]] std::optional<double> ratio() const;
};

/// A figure of a median with its spread.
[[nodiscard]] figure make_figure(std::string name, std::string unit,
                                 const samples& own);
/// The same beside a peer's.
[[nodiscard]] figure make_figure(std::string name, std::string unit,
                                 const samples& own, std::string peer,
                                 const samples& of_peer);

class report {
public:
  void add(figure f) { figures_.push_back(std::move(f)); }
  [[nodiscard]] const std::vector<figure>& figures() const { return figures_; }
  [[nodiscard]] bool has_skipped() const;

  /// One line each; skipped ones say why.
  [[nodiscard]] std::string text() const;
  /// {"format": 1, "environment": {...}, "results": [{"name", "unit", "value",
  /// "peer", "peer_value", "ratio", ...}]}; null where there is none.
  [[nodiscard]] std::string json(const environment& where) const;

private:
  std::vector<figure> figures_;
};

} // namespace toadcache::bench
