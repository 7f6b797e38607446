#include "builder/build/cache/step_record.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr size_t kRecordLimit = 16 << 20;
constexpr size_t kListingLimit = 256 << 20;
constexpr int64_t kUseGranularity = 3600LL * 1'000'000'000;

Json to_json(const std::vector<KeyPart>& parts) {
  Json list = Json::array();
  for (const KeyPart& part : parts) list.push_back({{"name", part.name}, {"value", part.value}});
  return list;
}

StepRecord parse_record(const std::string& text, const Digest& key) {
  const Json json = parse_json(text, "build record", kRecordLimit);
  const JsonView view(json, "build record");
  StepRecord record;
  record.key = key;
  record.description = view.at("description").string();
  for (const JsonView& part : view.at("parts").items()) {
    record.parts.push_back({part.at("name").string(), part.at("value").string()});
  }
  record.layer = Digest::parse(view.at("layer").string());
  record.size = view.at("size").unsigned_integer();
  record.created_ns = view.at("created").integer();
  return record;
}

// What is torn or of another version is as good as missing.
template <class Read>
auto lenient(const std::string& path, Read&& read) -> decltype(read()) {
  try {
    return read();
  } catch (const Error& error) {
    debug("build cache: ", path, ": ", error.what());
    return {};
  }
}

}  // namespace

RecordStore::RecordStore(const StatePaths& paths)
    : records_(paths.root + "/cache/build"), history_(paths.root + "/cache/history") {}

std::string RecordStore::path(const Digest& key) const {
  return cat(records_, '/', key.hex());
}

std::optional<StepRecord> RecordStore::find(const Digest& key) const {
  const std::string file = path(key);
  return lenient(file, [&]() -> std::optional<StepRecord> {
    const std::optional<std::string> text = read_file_if_exists(file, kRecordLimit);
    if (!text) return {};
    StepRecord record = parse_record(*text, key);
    struct stat info;
    if (stat(file.c_str(), &info) == 0) {
      record.used_ns = int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
    }
    return record;
  });
}

std::string RecordStore::listing(const Digest& key) const {
  const std::string file = path(key) + ".files";
  return lenient(file,
                 [&] { return read_file_if_exists(file, kListingLimit).value_or(std::string()); });
}

void RecordStore::put(const StepRecord& record, const std::string& listing) const {
  make_directories(records_, 0700);
  const Json json = {{"description", record.description},
                     {"parts", to_json(record.parts)},
                     {"layer", record.layer.str()},
                     {"size", record.size},
                     {"created", record.created_ns}};
  if (!listing.empty()) replace_file(path(record.key) + ".files", listing, false, 0600);
  replace_file(path(record.key), canonical(json), false, 0600);
}

void RecordStore::mark_used(const StepRecord& record) const {
  if (now_ns() - record.used_ns < kUseGranularity) return;
  // A read-only store still builds from its cache.
  if (utimensat(AT_FDCWD, path(record.key).c_str(), nullptr, AT_SYMLINK_NOFOLLOW) < 0) {
    debug("build cache: ", record.key.hex(), ": the time of use cannot be kept");
  }
}

void RecordStore::remove(const Digest& key) const {
  unlink(path(key).c_str());
  unlink((path(key) + ".files").c_str());
}

std::vector<StepRecord> RecordStore::list() const {
  std::vector<StepRecord> records;
  for (const std::string& name : list_directory(records_)) {
    if (!Digest::is_valid("sha256:" + name)) continue;
    if (std::optional<StepRecord> record = find(Digest::from_hex(name))) {
      records.push_back(std::move(*record));
    }
  }
  return records;
}

std::string RecordStore::history_path(const std::string& identity, const std::string& stage) const {
  return cat(history_, '/', Digest::of(cat(identity, '\0', stage)).hex());
}

std::vector<PastStep> RecordStore::history(const std::string& identity,
                                           const std::string& stage) const {
  const std::string file = history_path(identity, stage);
  return lenient(file, [&] {
    std::vector<PastStep> steps;
    const std::optional<std::string> text = read_file_if_exists(file, kRecordLimit);
    if (!text) return steps;
    const Json json = parse_json(*text, "build history", kRecordLimit);
    for (const JsonView& step : JsonView(json, "build history").items()) {
      steps.push_back({step.at("instruction").string(), Digest::parse(step.at("key").string())});
    }
    return steps;
  });
}

void RecordStore::put_history(const std::string& identity, const std::string& stage,
                              const std::vector<PastStep>& steps) const {
  if (steps == history(identity, stage)) return;
  make_directories(history_, 0700);
  Json list = Json::array();
  for (const PastStep& step : steps) {
    list.push_back({{"instruction", step.instruction}, {"key", step.key.str()}});
  }
  replace_file(history_path(identity, stage), canonical(list), false, 0600);
}

}  // namespace mini::build
