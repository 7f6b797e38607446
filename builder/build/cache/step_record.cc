#include "builder/build/cache/step_record.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json_members.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr size_t kRecordLimit = 16 << 20;
constexpr size_t kListingLimit = 256 << 20;
constexpr int64_t kUseGranularity = 3600LL * 1'000'000'000;

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

void describe(JsonMembers& json, KeyPart& part) {
  json.required("name", part.name);
  json.required("value", part.value);
}

static void describe(JsonMembers& json, StepRecord& record) {
  json.required("description", record.description);
  json.required("parts", record.parts);
  json.required("layer", record.layer);
  json.required("size", record.size);
  json.required("created", record.created_ns);
}

static void describe(JsonMembers& json, PastStep& step) {
  json.required("instruction", step.instruction);
  json.required("key", step.key);
}

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
    auto record = read_json<StepRecord>(*text, "build record", kRecordLimit);
    record.key = key;
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
  if (!listing.empty()) replace_file(path(record.key) + ".files", listing, false, 0600);
  replace_file(path(record.key), write_json(record), false, 0600);
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
    const std::optional<std::string> text = read_file_if_exists(file, kRecordLimit);
    if (!text) return std::vector<PastStep>();
    return read_json<std::vector<PastStep>>(*text, "build history", kRecordLimit);
  });
}

void RecordStore::put_history(const std::string& identity, const std::string& stage,
                              const std::vector<PastStep>& steps) const {
  if (steps == history(identity, stage)) return;
  make_directories(history_, 0700);
  replace_file(history_path(identity, stage), write_json(steps), false, 0600);
}

}  // namespace mini::build
