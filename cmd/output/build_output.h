// build -o: where the result goes besides the store. Docker's syntax: type=oci|docker|tar|local
// with dest=…, a directory alone for type=local, - for a tar on standard output. What cannot work
// is refused before anything is built; a file is whole or not there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builder/build/stage/build.h"
#include "cmd/output/output_file.h"

namespace mini::cmd {

class BuildOutput {
 public:
  explicit BuildOutput(const std::string& text);  // throws Error (usage)

  const std::vector<image::Reference>& names() const { return names_; }  // name=…
  bool to_stdout() const { return file_ && dest_ == "-"; }
  void write(const image::ImageStore& store, const build::BuildResult& result);

 private:
  void parse(const std::string& text);
  void option(const std::string& key, const std::string& value);

  std::string type_, dest_;
  bool tar_ = true;
  std::vector<image::Reference> names_;
  std::unique_ptr<OutputFile> file_;
};

}  // namespace mini::cmd
