#include "model/views.hpp"

#include <string>

namespace toadcache {

namespace {

constexpr auto int64 = column_type::int64;
constexpr auto text_type = column_type::text;
constexpr auto datetime = column_type::datetime;

// In the order of each view's accessors.
constexpr view_column user_columns[] = {
    {"id", int64},
    {"name", text_type, true},
    {"discriminator", text_type, true},
    {"fc_switch", text_type, true},
    {"created", datetime},
    {"updated", datetime},
};

constexpr view_column guild_columns[] = {
    {"id", int64},
    {"name", text_type, true},
    {"created", datetime},
    {"updated", datetime},
};

constexpr view_column channel_columns[] = {
    {"id", int64},
    {"guild_id", int64},
    {"name", text_type, true},
    {"guest_current", int64},
    {"guest_penalties", text_type, true},
    {"guest_mkc_url", text_type, true},
    {"guest_tag", text_type, true},
    {"guest_name", text_type, true},
    {"guest_img", text_type, true},
    {"home_current", int64},
    {"home_penalties", text_type, true},
    {"home_mkc_url", text_type, true},
    {"home_tag", text_type, true},
    {"home_name", text_type, true},
    {"home_img", text_type, true},
    {"created", datetime},
    {"updated", datetime},
};

constexpr view_column profile_columns[] = {
    {"id", text_type},
    {"user_id", int64},
    {"name", text_type, true},
    {"bg_url", text_type, true},
    {"css", text_type, true},
    {"html", text_type, true},
    {"update_span", int64, true},
    {"created", datetime},
    {"updated", datetime},
};

constexpr view_column user_channel_columns[] = {
    {"user_id", int64},        {"channel_id", int64}, {"auth", int64},
    {"isActive", int64, true}, {"created", datetime}, {"updated", datetime},
};

constexpr view_column guild_user_columns[] = {
    {"user_id", int64},
    {"guild_id", int64},
    {"displayname", text_type, true},
    {"created", datetime},
    {"updated", datetime},
};

constexpr view_column channel_profile_columns[] = {
    {"channel_id", int64},
    {"profile_id", text_type},
    {"created", datetime},
    {"updated", datetime},
};

} // namespace

result<void> row_view::bind(const catalog& c, std::string_view entity,
                            std::span<const view_column> columns) {
  auto where = "view of '" + std::string{entity} + "': ";
  const auto* type = c.find(entity);
  if (type == nullptr)
    return fail(errc::invalid, where
                                   + "expected an entity of that name in the "
                                     "catalog");
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto& expected = columns[i];
    auto as_expected = [&](const column& got) {
      return got.name == expected.name && got.type == expected.type
             && (expected.nullable || !got.nullable);
    };
    if (i >= type->columns.size() || !as_expected(type->columns[i]))
      return fail(errc::invalid, where + "expected column "
                                     + std::to_string(i + 1) + " to be "
                                     + std::string{expected.name} + " "
                                     + std::string{to_string(expected.type)}
                                     + (expected.nullable ? "" : " NOT NULL"));
  }
  return {};
}

result<void> user_view::bind(const catalog& c) {
  return row_view::bind(c, "user", user_columns);
}

result<void> guild_view::bind(const catalog& c) {
  return row_view::bind(c, "guild", guild_columns);
}

result<void> channel_view::bind(const catalog& c) {
  return row_view::bind(c, "channel", channel_columns);
}

result<void> profile_view::bind(const catalog& c) {
  return row_view::bind(c, "profile", profile_columns);
}

result<void> user_channel_view::bind(const catalog& c) {
  return row_view::bind(c, "user_channel", user_channel_columns);
}

result<void> guild_user_view::bind(const catalog& c) {
  return row_view::bind(c, "guild_user", guild_user_columns);
}

result<void> channel_profile_view::bind(const catalog& c) {
  return row_view::bind(c, "channel_profile", channel_profile_columns);
}

result<void> bind_views(const catalog& c) {
  for (auto bind : {&user_view::bind, &guild_view::bind, &channel_view::bind,
                    &profile_view::bind, &user_channel_view::bind,
                    &guild_user_view::bind, &channel_profile_view::bind})
    if (auto bound = bind(c); !bound)
      return bound;
  return {};
}

} // namespace toadcache
