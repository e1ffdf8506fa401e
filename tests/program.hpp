// Runs the built program `toadcache` as a user would and keeps what it prints.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/temporary_folder.hpp"

struct program_result {
  int code = -1; ///< exit code; -1: ended by a signal
  std::string out;
  std::string err;
};

/// Runs the program with nothing in its environment but `variables` and where a
/// coverage build writes its counts, in the folder `in`; `before` is a command
/// that starts it (timeout). Blocks until it ends.
inline program_result
run_program(const std::filesystem::path& in,
            const std::vector<std::string>& arguments,
            const std::map<std::string, std::string>& variables = {},
            const std::vector<std::string>& before = {}) {
  auto quoted = [](const std::string& text) {
    std::string out = "'";
    for (auto c : text)
      out += c == '\'' ? std::string{"'\\''"} : std::string{c};
    return out + "'";
  };
  auto content = [](const std::filesystem::path& file) {
    std::ifstream stream{file, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{stream}, {}};
  };
  temporary_folder output;
  auto out = output.path() / "out";
  auto err = output.path() / "err";
  auto line = "cd " + quoted(in.string()) + " && exec env -i";
  for (const auto& [name, text] : variables)
    line += " " + quoted(name + "=" + text);
  if (const auto* profile = std::getenv("LLVM_PROFILE_FILE"))
    line += " " + quoted(std::string{"LLVM_PROFILE_FILE="} + profile);
  for (const auto& word : before)
    line += " " + quoted(word);
  line += " " + quoted(TOADCACHE_BINARY_DIR "/tools/toadcache");
  for (const auto& argument : arguments)
    line += " " + quoted(argument);
  line += " >" + quoted(out.string()) + " 2>" + quoted(err.string())
          + " </dev/null";
  auto status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(out),
          content(err)};
}

/// True when `text` is exactly one line, ended by a line break.
inline bool is_one_line(const std::string& text) {
  return !text.empty() && text.find('\n') == text.size() - 1;
}
