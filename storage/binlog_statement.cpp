#include "storage/binlog_statement.hpp"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <optional>

namespace toadcache {

namespace {

using kind_type = logged_statement::kind_type;
using table_name = logged_statement::table_name;

struct token {
  enum class kind_type : uint8_t { word, quoted, text, sign };
  kind_type kind = kind_type::sign;
  std::string text;  ///< without quotes
  std::string upper; ///< of a word
};

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'
         || c == '$' || c == '@' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// The words of a statement. Comments that a server runs count as their text.
class tokenizer {
public:
  explicit tokenizer(std::string_view text) : text_(text) {}

  std::vector<token> all() {
    std::vector<token> out;
    while (skip_blanks())
      out.push_back(next());
    return out;
  }

private:
  [[nodiscard]] bool at(std::string_view what) const {
    return text_.substr(at_).starts_with(what);
  }
  [[nodiscard]] size_t end_of(std::string_view what) const {
    auto end = text_.find(what, at_);
    return end == std::string_view::npos ? text_.size() : end + what.size();
  }

  /// False at the end.
  bool skip_blanks() {
    while (at_ < text_.size()) {
      auto dashes = at("--")
                    && (at_ + 2 == text_.size()
                        || static_cast<unsigned char>(text_[at_ + 2]) <= ' ');
      if (static_cast<unsigned char>(text_[at_]) <= ' ')
        ++at_;
      else if (at("/*!") || at("/*M!")) {
        at_ += at("/*!") ? 3 : 4;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9')
          ++at_;
      } else if (at("*/"))
        at_ += 2;
      else if (at("/*"))
        at_ = end_of("*/");
      else if (at("#") || dashes)
        at_ = end_of("\n");
      else
        return true;
    }
    return false;
  }

  token next() {
    auto c = text_[at_];
    if (c == '`' || c == '"')
      return {token::kind_type::quoted, until(c, false), {}};
    if (c == '\'')
      return {token::kind_type::text, until(c, true), {}};
    auto begin = at_;
    while (at_ < text_.size() && is_word(text_[at_]))
      ++at_;
    if (at_ == begin) {
      ++at_;
      return {token::kind_type::sign, std::string{c}, {}};
    }
    auto word = text_.substr(begin, at_ - begin);
    return {token::kind_type::word, std::string{word}, upper(word)};
  }

  std::string until(char quote, bool escapes) {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      auto c = text_[at_];
      auto twice = at_ + 1 < text_.size() && text_[at_ + 1] == quote;
      if (c == quote && !twice)
        break;
      if (c == quote || (c == '\\' && escapes && at_ + 1 < text_.size()))
        c = text_[++at_];
      out += c;
    }
    ++at_;
    return out;
  }

  std::string_view text_;
  size_t at_ = 0;
};

class scanner {
public:
  explicit scanner(std::string_view text)
      : text_(text), tokens_(tokenizer{text}.all()) {}

  logged_statement scan() {
    if (tokens_.empty())
      return of(kind_type::harmless);
    auto first = word();
    ++at_;
    if (first == "BEGIN")
      return of(kind_type::begin);
    if (first == "START")
      return of(word() == "TRANSACTION" ? kind_type::begin
                                        : kind_type::harmless);
    if (first == "COMMIT")
      return of(kind_type::commit);
    if (first == "ROLLBACK")
      return rollback();
    if (first == "SAVEPOINT")
      return named(kind_type::savepoint);
    if (first == "XA")
      return distributed();
    if (first == "CREATE" || first == "ALTER" || first == "DROP"
        || first == "RENAME" || first == "TRUNCATE")
      return definition(first);
    if (first == "INSERT" || first == "REPLACE" || first == "UPDATE"
        || first == "DELETE" || first == "LOAD")
      return data(first);
    // Both may also stand before a statement that changes rows.
    if (first == "SET" && word() == "STATEMENT")
      return of(kind_type::unknown);
    if (first == "ANALYZE" && word() != "TABLE" && word() != "LOCAL"
        && word() != "NO_WRITE_TO_BINLOG")
      return of(kind_type::unknown);
    for (auto harmless :
         {"RELEASE", "GRANT", "REVOKE", "SET", "ANALYZE", "OPTIMIZE", "REPAIR",
          "CHECK", "FLUSH", "USE", "INSTALL", "UNINSTALL"})
      if (first == harmless)
        return of(kind_type::harmless);
    return of(kind_type::unknown);
  }

private:
  [[nodiscard]] std::string word(size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead].upper
                                        : std::string{};
  }
  bool skip(std::string_view wanted) {
    auto found = word() == wanted;
    at_ += found ? 1 : 0;
    return found;
  }
  void skip_any(std::initializer_list<std::string_view> words) {
    while (std::any_of(words.begin(), words.end(),
                       [&](auto w) { return skip(w); }))
      continue;
  }
  bool sign(char c) {
    auto found = at_ < tokens_.size()
                 && tokens_[at_].kind == token::kind_type::sign
                 && tokens_[at_].text[0] == c;
    at_ += found ? 1 : 0;
    return found;
  }
  std::optional<std::string> identifier() {
    if (at_ >= tokens_.size())
      return std::nullopt;
    auto& t = tokens_[at_];
    if (t.kind != token::kind_type::word && t.kind != token::kind_type::quoted)
      return std::nullopt;
    ++at_;
    return t.text;
  }

  static logged_statement of(kind_type kind) {
    logged_statement out;
    out.kind = kind;
    return out;
  }
  logged_statement named(kind_type kind) {
    auto out = of(kind);
    out.name = identifier().value_or("");
    return out;
  }
  logged_statement of_tables(kind_type kind) {
    auto out = of(tables_.empty() ? kind_type::unknown : kind);
    out.tables = std::move(tables_);
    return out;
  }

  /// Takes [schema.]table; false where there is none.
  bool table() {
    auto first = identifier();
    if (!first)
      return false;
    if (!sign('.')) {
      tables_.push_back({"", std::move(*first)});
      return true;
    }
    auto second = identifier();
    if (!second)
      return false;
    tables_.push_back({std::move(*first), std::move(*second)});
    return true;
  }
  void skip_exists() {
    if (skip("IF")) {
      skip("NOT");
      skip("EXISTS");
    }
  }

  logged_statement rollback() {
    skip("WORK");
    if (!skip("TO"))
      return of(kind_type::rollback);
    skip("SAVEPOINT");
    return named(kind_type::rollback_to);
  }

  logged_statement distributed() {
    auto verb = word();
    if (verb != "COMMIT" && verb != "ROLLBACK")
      return of(kind_type::harmless);
    auto out
        = of(verb == "COMMIT" ? kind_type::xa_commit : kind_type::xa_rollback);
    auto at = upper(text_).find(verb);
    out.name = text_.substr(at + verb.size());
    out.name.erase(0, out.name.find_first_not_of(" \t"));
    out.name.erase(out.name.find_last_not_of(" \t;") + 1);
    return out;
  }

  logged_statement definition(const std::string& verb) {
    if (verb == "TRUNCATE") {
      skip("TABLE");
      table();
      return of_tables(kind_type::table_change);
    }
    auto made = at_;
    skip_any({"OR", "REPLACE", "TEMPORARY", "UNIQUE", "FULLTEXT", "SPATIAL",
              "VECTOR", "ONLINE", "OFFLINE", "IGNORE"});
    auto temporary
        = std::any_of(tokens_.begin() + static_cast<ptrdiff_t>(made),
                      tokens_.begin() + static_cast<ptrdiff_t>(at_),
                      [](auto& t) { return t.upper == "TEMPORARY"; });
    if (temporary)
      return of(kind_type::harmless);
    if (skip("TABLE") || (verb == "RENAME" && skip("TABLES"))
        || (verb == "DROP" && skip("TABLES")))
      return table_definition(verb);
    if (skip("INDEX"))
      return index_definition();
    if (skip("DATABASE") || skip("SCHEMA")) {
      skip_exists();
      return named(kind_type::schema_change);
    }
    return other_definition();
  }

  logged_statement table_definition(const std::string& verb) {
    skip_exists();
    if (!table())
      return of(kind_type::unknown);
    if (verb == "DROP") {
      while (sign(','))
        if (!table())
          return of(kind_type::unknown);
    } else if (verb == "RENAME") {
      while (at_ < tokens_.size()) {
        skip_any({"TO", "WAIT", "NOWAIT"});
        if (!sign(',') && !table())
          return of(kind_type::unknown);
        skip_exists();
      }
    } else if (verb == "ALTER") {
      other_tables();
    }
    return of_tables(kind_type::table_change);
  }

  /// ALTER TABLE a RENAME TO b; ... EXCHANGE PARTITION p WITH TABLE b.
  void other_tables() {
    for (; at_ < tokens_.size(); ++at_) {
      if (word() == "WITH" && word(1) == "TABLE") {
        at_ += 2;
        table();
      } else if (word() == "RENAME" && word(1) != "COLUMN" && word(1) != "INDEX"
                 && word(1) != "KEY") {
        ++at_;
        if (!skip("TO") && !skip("AS"))
          sign('=');
        table();
      }
      if (at_ >= tokens_.size())
        break;
    }
  }

  logged_statement index_definition() {
    while (at_ < tokens_.size() && !skip("ON"))
      ++at_;
    table();
    return of_tables(kind_type::table_change);
  }

  /// CREATE [DEFINER=..] [SQL SECURITY ..] TRIGGER and their like.
  logged_statement other_definition() {
    for (; at_ < tokens_.size(); ++at_)
      for (auto kind :
           {"VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "USER", "ROLE",
            "SERVER", "SEQUENCE", "PACKAGE", "TABLESPACE", "LOGFILE",
            "RESOURCE", "INSTANCE", "PREPARE"})
        if (word() == kind)
          return of(kind_type::harmless);
    return of(kind_type::unknown);
  }

  logged_statement data(const std::string& verb) {
    skip_any({"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "QUICK", "IGNORE"});
    if (verb == "LOAD")
      return load();
    if (verb == "DELETE" && !skip("FROM"))
      return of(kind_type::data_change); // of several tables
    if (verb == "INSERT" || verb == "REPLACE")
      skip("INTO");
    if (!table())
      return of(kind_type::data_change);
    if (verb == "UPDATE" && !one_table_updated())
      tables_.clear();
    // DELETE FROM a, b USING ...; DELETE FROM a USING a JOIN b
    if (verb == "DELETE" && (sign(',') || sign('.') || word() == "USING"))
      tables_.clear();
    auto out = of(kind_type::data_change);
    out.tables = std::move(tables_);
    return out;
  }

  bool one_table_updated() {
    skip("AS");
    if (word() != "SET")
      identifier(); // an alias
    return word() == "SET";
  }

  logged_statement load() {
    while (at_ < tokens_.size() && !(word() == "INTO" && word(1) == "TABLE"))
      ++at_;
    at_ += 2;
    table();
    auto out = of(kind_type::data_change);
    out.tables = std::move(tables_);
    return out;
  }

  std::string_view text_;
  std::vector<token> tokens_;
  size_t at_ = 0;
  std::vector<table_name> tables_;
};

} // namespace

logged_statement scan_statement(std::string_view text) {
  return scanner{text}.scan();
}

} // namespace toadcache
