#include "model/catalog.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

namespace toadcache {

namespace {

/// What may be equal for the database although the bytes differ.
enum class comparison_class {
  bytes,   ///< nothing
  padded,  ///< trailing blanks
  folded,  ///< case, accents, trailing blanks; printable ASCII keeps apart
  unknown, ///< more than that: 'v' and 'w', 1.5 and 1.50
  foreign, ///< anything: text of an old character set, even 'e' and '`'
};

// By the collation's name: character set, then kind. Those of a language are
// unknown (Swedish ones take 'v' for 'w', Lithuanian ones 'i' for 'y'), those
// of old character sets foreign (koi8u, macce and geostd8 take some signs for
// one, big5 takes a letter for a sign).
comparison_class text_class(std::string_view collation) {
  constexpr std::string_view charsets[]
      = {"utf8mb4", "utf8mb3", "utf8", "latin1", "ascii"};
  constexpr std::string_view exact[] = {"nopad_bin", "0900_bin"};
  constexpr std::string_view folded[]
      = {"general_ci",           "general_nopad_ci",    "general_mysql500_ci",
         "unicode_ci",           "unicode_nopad_ci",    "unicode_520_ci",
         "unicode_520_nopad_ci", "0900_ai_ci",          "0900_as_ci",
         "0900_as_cs",           "uca1400_ai_ci",       "uca1400_ai_cs",
         "uca1400_as_ci",        "uca1400_as_cs",       "uca1400_nopad_ai_ci",
         "uca1400_nopad_ai_cs",  "uca1400_nopad_as_ci", "uca1400_nopad_as_cs"};
  auto among = [](std::string_view name, const auto& names) {
    return std::find(std::begin(names), std::end(names), name)
           != std::end(names);
  };
  if (collation == "binary")
    return comparison_class::bytes;
  auto end_of_charset = std::min(collation.find('_'), collation.size());
  if (!among(collation.substr(0, end_of_charset), charsets))
    return comparison_class::foreign;
  auto name = collation.substr(std::min(end_of_charset + 1, collation.size()));
  // The default of old servers: unlike its namesakes it knows no contractions,
  // and the letters that it takes for ASCII ones are beyond ASCII.
  if (collation == "latin1_swedish_ci"
      || collation == "latin1_swedish_nopad_ci")
    return comparison_class::folded;
  if (among(name, exact))
    return comparison_class::bytes;
  if (name == "bin")
    return comparison_class::padded;
  if (among(name, folded))
    return comparison_class::folded;
  return comparison_class::unknown;
}

comparison_class class_of(const column& c) {
  switch (c.type) {
  case column_type::int64:
  case column_type::uint64:
  case column_type::binary:
    return comparison_class::bytes;
  case column_type::text:
    return text_class(c.collation);
  default:
    return comparison_class::unknown;
  }
}

bool keeps_apart(comparison_class c, std::string_view text) {
  auto fold = fold_text(text);
  switch (c) {
  case comparison_class::bytes:
    return true;
  case comparison_class::padded:
    return is_utf8(text) && !text.ends_with(' ');
  case comparison_class::folded:
    return fold.exact && fold.bytes == text;
  case comparison_class::unknown:
  case comparison_class::foreign:
    return false;
  }
  return false;
}

// The form of `text` under which an absence may be cached; nothing when it
// cannot be named.
std::optional<std::string> cacheable_form(comparison_class c,
                                          std::string_view text) {
  auto fold = fold_text(text);
  if (c == comparison_class::folded) {
    if (!fold.exact)
      return std::nullopt;
    return std::move(fold.bytes);
  }
  if (c == comparison_class::padded)
    text = text.substr(0, text.find_last_not_of(' ') + 1);
  return std::string{text};
}

// What no collation keeps apart, of folded ASCII text: signs count as one, so
// do u, v and w (Latin, Swedish); left out are the letters that Hungarian
// doubles in short ('ccs' for 'cscs'), those that may equal one of them (i, j
// and y: Latin, Lithuanian), and h ('ch' for 'c': Lithuanian).
std::string coarsest(std::string_view folded) {
  constexpr std::string_view left_out = "cdghijlnstyz";
  std::string out;
  for (auto c : folded) {
    auto plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (c == 'v' || c == 'w')
      out += 'u';
    else if (left_out.find(c) == std::string_view::npos)
      out += plain ? c : '.';
  }
  return out;
}

std::optional<std::string> common_text(comparison_class c,
                                       std::string_view text) {
  switch (c) {
  case comparison_class::bytes:
    return std::string{text};
  case comparison_class::padded:
    return std::string{text.substr(0, text.find_last_not_of(' ') + 1)};
  case comparison_class::foreign:
    return std::string{}; // all share one
  case comparison_class::folded:
  case comparison_class::unknown:
    break;
  }
  auto fold = fold_text(text);
  if (!fold.exact)
    return std::nullopt;
  return c == comparison_class::folded ? std::move(fold.bytes)
                                       : coarsest(fold.bytes);
}

} // namespace

bool column::compares_bytes() const noexcept {
  return class_of(*this) == comparison_class::bytes;
}

std::optional<size_t> entity_type::find_column(std::string_view n) const {
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == n)
      return i;
  return std::nullopt;
}

const std::vector<size_t>& entity_type::index_columns(index_id i) const {
  return i == primary_index ? primary_key : indexes[i - 1u].columns;
}

std::optional<index_id> entity_type::find_index(std::string_view n) const {
  for (size_t i = 0; i < indexes.size(); ++i)
    if (indexes[i].name == n)
      return static_cast<index_id>(i + 1);
  return std::nullopt;
}

result<key> entity_type::make_key(index_id i, std::span<const value> v) const {
  if (i > indexes.size())
    return fail(errc::invalid,
                name + ": there is no index " + std::to_string(i));
  const auto& at = index_columns(i);
  if (v.size() != at.size())
    return fail(
        errc::invalid,
        name + "." + (i == primary_index ? "primary key" : indexes[i - 1u].name)
            + ": expected " + std::to_string(at.size()) + " values, got "
            + std::to_string(v.size()));
  key_bytes bytes;
  for (size_t k = 0; k < v.size(); ++k) {
    const auto& c = columns[at[k]];
    if (v[k].is_null())
      return fail(errc::invalid, name + "." + c.name + ": expected "
                                     + std::string{to_string(c.type)}
                                     + ", got NULL, which equals nothing");
    auto x = coerce(v[k], c.type);
    if (!x)
      return fail(errc::invalid, name + "." + c.name + ": " + x.error().what);
    append_to_key(bytes, x->view());
  }
  return key{id, i, std::move(bytes)};
}

key entity_type::key_of(const row& r, index_id i) const {
  key_bytes bytes;
  for (auto column : index_columns(i))
    append_to_key(bytes, r.at(column));
  return key{id, i, std::move(bytes)};
}

bool entity_type::may_cache_absence(const key& k) const {
  auto values = decode_key(k.bytes());
  const auto& at = index_columns(k.index());
  if (!values || values->size() != at.size())
    return false;
  for (size_t i = 0; i < at.size(); ++i) {
    const auto& v = (*values)[i].data();
    const auto* text = std::get_if<std::string>(&v);
    if (!keeps_apart(class_of(columns[at[i]]),
                     text == nullptr ? std::string_view{} : *text))
      return false;
  }
  return true;
}

entity_type::aliases entity_type::aliases_of(const key& k) const {
  auto values = decode_key(k.bytes());
  const auto& at = index_columns(k.index());
  if (!values || values->size() != at.size())
    return {std::nullopt, true};
  for (size_t i = 0; i < at.size(); ++i) {
    auto* text = std::get_if<std::string>(&(*values)[i].data());
    if (text == nullptr)
      continue;
    auto form = cacheable_form(class_of(columns[at[i]]), *text);
    if (!form)
      return {std::nullopt, true};
    *text = std::move(*form);
  }
  key folded{id, k.index(), encode_key(*values)};
  if (folded == k)
    return {};
  return {std::move(folded), false};
}

bool entity_type::folds(index_id i) const {
  const auto& at = index_columns(i);
  return std::any_of(at.begin(), at.end(), [&](size_t c) {
    return types[c] == column_type::text && !columns[c].compares_bytes();
  });
}

std::optional<key> entity_type::common_form(const key& k) const {
  if (!folds(k.index()))
    return k;
  auto values = decode_key(k.bytes());
  const auto& at = index_columns(k.index());
  if (!values || values->size() != at.size())
    return std::nullopt;
  for (size_t i = 0; i < at.size(); ++i) {
    auto* text = std::get_if<std::string>(&(*values)[i].data());
    if (text == nullptr)
      continue;
    auto form = common_text(class_of(columns[at[i]]), *text);
    if (!form)
      return std::nullopt;
    *text = std::move(*form);
  }
  return key{id, k.index(), encode_key(*values)};
}

result<std::shared_ptr<const catalog>>
catalog::load(const std::string& path, const ttl_options& defaults) {
  if (path.empty())
    return parse(shipped_json(), "shipped catalog", defaults);
  std::ifstream in{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in)
    return fail(errc::invalid, path + ": expected a readable catalog file");
  return parse(text, path, defaults);
}

const entity_type* catalog::find(std::string_view name) const {
  auto at = std::find_if(types_.begin(), types_.end(),
                         [&](const auto& t) { return t.name == name; });
  return at == types_.end() ? nullptr : &*at;
}

std::span<const catalog::child_relation>
catalog::children(entity_id parent) const {
  return children_[parent];
}

std::optional<catalog::child_relation>
catalog::find_list(entity_id parent, std::string_view list_name) const {
  for (const auto& c : children_[parent])
    if (types_[c.child].relations[c.relation].list_name == list_name)
      return c;
  return std::nullopt;
}

} // namespace toadcache
