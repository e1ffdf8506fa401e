#include "config/config_file.hpp"

#include <fstream>
#include <iterator>
#include <set>
#include <string_view>

#include <nlohmann/json.hpp>

namespace toadcache {

namespace {

using json = nlohmann::ordered_json;

/// Receives the parser's events and keeps scalars under their dotted names.
class settings_reader : public nlohmann::json_sax<json> {
public:
  bool null() override { return refuse("null"); }
  bool boolean(bool x) override {
    return add(x ? "true" : "false", file_setting::json_type::boolean);
  }
  bool number_integer(number_integer_t x) override {
    return add(std::to_string(x), file_setting::json_type::number);
  }
  bool number_unsigned(number_unsigned_t x) override {
    return add(std::to_string(x), file_setting::json_type::number);
  }
  bool number_float(number_float_t, const string_t& text) override {
    return add(text, file_setting::json_type::number);
  }
  bool string(string_t& text) override {
    return add(text, file_setting::json_type::string);
  }
  bool binary(binary_t&) override { return refuse("binary"); }
  bool start_object(size_t) override {
    prefixes_.push_back(prefixes_.empty() ? "" : name_ + ".");
    return true;
  }
  bool key(string_t& k) override {
    name_ = prefixes_.back() + k;
    return true;
  }
  bool end_object() override {
    prefixes_.pop_back();
    return true;
  }
  bool start_array(size_t) override { return refuse("an array"); }
  bool end_array() override { return true; }
  bool parse_error(size_t, const std::string&,
                   const nlohmann::detail::exception& e) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ...;
    // last read: '...'": what was read may be a secret.
    std::string_view text = e.what();
    if (auto end = text.find("] "); end != std::string_view::npos)
      text.remove_prefix(end + 2);
    text = text.substr(0, text.find("; last read"));
    error_ = text;
    return false;
  }

  std::vector<file_setting> found;
  [[nodiscard]] const std::string& error() const { return error_; }

private:
  bool add(std::string text, file_setting::json_type type) {
    if (prefixes_.empty())
      return refuse("a single value");
    if (!names_.insert(name_).second) {
      error_ = name_ + ": named twice";
      return false;
    }
    found.push_back({name_, std::move(text), type});
    return true;
  }
  bool refuse(std::string_view what) {
    error_
        = name_.empty()
              ? "expected an object of settings, got " + std::string{what}
              : name_ + ": expected a single value, got " + std::string{what};
    return false;
  }
  std::vector<std::string> prefixes_; // of the open objects
  std::string name_;                  // of the last key
  std::set<std::string> names_;
  std::string error_;
};

} // namespace

tl::expected<std::vector<file_setting>, std::string>
read_config_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::string content{std::istreambuf_iterator<char>{in}, {}};
  if (!in.is_open() || in.bad())
    return tl::unexpected<std::string>("file " + path + ": cannot be read");
  settings_reader reader;
  if (!json::sax_parse(content, &reader))
    return tl::unexpected<std::string>("file " + path + ": " + reader.error());
  return std::move(reader.found);
}

} // namespace toadcache
