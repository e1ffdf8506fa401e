// Typed views of the seven ToadOverlay entities: a row and named accessors that
// return what the row's own bytes hold, without a copy. A view shares its row;
// what it returns lives as long as any view or row of that block. Immutable,
// thread-safe, never blocks.
//
// `bind` tells once, at start, whether a catalog has the columns where a view
// expects them; a view over a row of such a catalog is always right. Over any
// other row it returns zero, "" and nothing, but stays within the row.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "model/catalog.hpp"

namespace toadcache {

/// What a view expects of one column of its entity.
struct view_column {
  std::string_view name;
  column_type type;
  bool nullable = false;
};

/// What the seven have in common.
class row_view {
public:
  explicit row_view(row r) : row_(std::move(r)) {}
  /// False for "no such row".
  [[nodiscard]] explicit operator bool() const noexcept {
    return static_cast<bool>(row_);
  }
  [[nodiscard]] const row& content() const noexcept { return row_; }

protected:
  using optional_text = std::optional<std::string_view>;

  /// errc::invalid names entity, column and what was expected.
  static result<void> bind(const catalog& c, std::string_view entity,
                           std::span<const view_column> columns);
  [[nodiscard]] int64_t number(size_t i) const noexcept {
    return row_.int_at(i);
  }
  [[nodiscard]] std::string_view text(size_t i) const noexcept {
    return row_.text_at(i);
  }
  [[nodiscard]] std::optional<int64_t> maybe_number(size_t i) const noexcept {
    return row_.is_null(i) ? std::nullopt : std::optional{row_.int_at(i)};
  }
  [[nodiscard]] optional_text maybe_text(size_t i) const noexcept {
    return row_.is_null(i) ? std::nullopt : std::optional{row_.text_at(i)};
  }

private:
  row row_;
};

class user_view : public row_view {
public:
  using row_view::row_view;
  static result<void> bind(const catalog& c);
  [[nodiscard]] int64_t id() const { return number(0); }
  [[nodiscard]] optional_text name() const { return maybe_text(1); }
  [[nodiscard]] optional_text discriminator() const { return maybe_text(2); }
  [[nodiscard]] optional_text fc_switch() const { return maybe_text(3); }
  [[nodiscard]] std::string_view created() const { return text(4); }
  [[nodiscard]] std::string_view updated() const { return text(5); }
};

class guild_view : public row_view {
public:
  using row_view::row_view;
  static result<void> bind(const catalog& c);
  [[nodiscard]] int64_t id() const { return number(0); }
  [[nodiscard]] optional_text name() const { return maybe_text(1); }
  [[nodiscard]] std::string_view created() const { return text(2); }
  [[nodiscard]] std::string_view updated() const { return text(3); }
};

class channel_view : public row_view {
public:
  using row_view::row_view;
  static result<void> bind(const catalog& c);
  [[nodiscard]] int64_t id() const { return number(0); }
  [[nodiscard]] int64_t guild_id() const { return number(1); }
  [[nodiscard]] optional_text name() const { return maybe_text(2); }
  [[nodiscard]] int64_t guest_current() const { return number(3); }
  [[nodiscard]] optional_text guest_penalties() const { return maybe_text(4); }
  [[nodiscard]] optional_text guest_mkc_url() const { return maybe_text(5); }
  [[nodiscard]] optional_text guest_tag() const { return maybe_text(6); }
  [[nodiscard]] optional_text guest_name() const { return maybe_text(7); }
  [[nodiscard]] optional_text guest_img() const { return maybe_text(8); }
  [[nodiscard]] int64_t home_current() const { return number(9); }
  [[nodiscard]] optional_text home_penalties() const { return maybe_text(10); }
  [[nodiscard]] optional_text home_mkc_url() const { return maybe_text(11); }
  [[nodiscard]] optional_text home_tag() const { return maybe_text(12); }
  [[nodiscard]] optional_text home_name() const { return maybe_text(13); }
  [[nodiscard]] optional_text home_img() const { return maybe_text(14); }
  [[nodiscard]] std::string_view created() const { return text(15); }
  [[nodiscard]] std::string_view updated() const { return text(16); }
};

class profile_view : public row_view {
public:
  using row_view::row_view;
  static result<void> bind(const catalog& c);
  [[nodiscard]] std::string_view id() const { return text(0); }
  [[nodiscard]] int64_t user_id() const { return number(1); }
  [[nodiscard]] optional_text name() const { return maybe_text(2); }
  [[nodiscard]] optional_text bg_url() const { return maybe_text(3); }
  [[nodiscard]] optional_text css() const { return maybe_text(4); }
  [[nodiscard]] optional_text html() const { return maybe_text(5); }
  /// Milliseconds between two polls of an overlay.
  [[nodiscard]] std::optional<int64_t> update_span() const {
    return maybe_number(6);
  }
  [[nodiscard]] std::string_view created() const { return text(7); }
  [[nodiscard]] std::string_view updated() const { return text(8); }
};

class user_channel_view : public row_view {
public:
  using row_view::row_view;
  static result<void> bind(const catalog& c);
  [[nodiscard]] int64_t user_id() const { return number(0); }
  [[nodiscard]] int64_t channel_id() const { return number(1); }
  /// The overlay's access code: a secret, never logged.
  [[nodiscard]] int64_t auth() const { return number(2); }
  /// Column `isActive`: zero is no.
  [[nodiscard]] std::optional<int64_t> is_active() const {
    return maybe_number(3);
  }
  [[nodiscard]] std::string_view created() const { return text(4); }
  [[nodiscard]] std::string_view updated() const { return text(5); }
};

class guild_user_view : public row_view {
public:
  using row_view::row_view;
  static result<void> bind(const catalog& c);
  [[nodiscard]] int64_t user_id() const { return number(0); }
  [[nodiscard]] int64_t guild_id() const { return number(1); }
  [[nodiscard]] optional_text displayname() const { return maybe_text(2); }
  [[nodiscard]] std::string_view created() const { return text(3); }
  [[nodiscard]] std::string_view updated() const { return text(4); }
};

class channel_profile_view : public row_view {
public:
  using row_view::row_view;
  static result<void> bind(const catalog& c);
  [[nodiscard]] int64_t channel_id() const { return number(0); }
  [[nodiscard]] std::string_view profile_id() const { return text(1); }
  [[nodiscard]] std::string_view created() const { return text(2); }
  [[nodiscard]] std::string_view updated() const { return text(3); }
};

/// All seven `bind`s; the first that fails.
[[nodiscard]] result<void> bind_views(const catalog& c);

} // namespace toadcache
