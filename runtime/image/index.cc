#include "runtime/image/index.h"

#include <sys/stat.h>

#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/lock.h"
#include "runtime/base/text.h"
#include "runtime/image/manifest.h"

namespace mini::image {
namespace {

constexpr size_t kIndexLimit = 256 << 20;
constexpr const char* kName = "org.opencontainers.image.ref.name";
constexpr const char* kId = "mini.id";
constexpr const char* kCreated = "mini.created";
constexpr const char* kSize = "mini.size";
constexpr const char* kLabels = "mini.labels";
constexpr const char* kLockMeaning = "the list of images";

uint64_t number(const JsonView& annotations, const char* key) {
  const auto value = parse_number(annotations.at(key).string(), INT64_MAX);
  if (!value) throw Error(cat(annotations.path(), ".", key, ": expected a number"));
  return *value;
}

IndexRow parse_row(const JsonView& view) {
  IndexRow row;
  if (view.at("mediaType").string() != kManifestType)
    throw Error(cat(view.path(), ".mediaType: is no image manifest"));
  row.manifest = Digest::parse(view.at("digest").string());
  row.manifest_size = view.at("size").unsigned_integer();
  const JsonView annotations = view.at("annotations");
  row.tag = annotations.string_or(kName);
  row.id = Digest::parse(annotations.at(kId).string());
  row.created_ns = static_cast<int64_t>(number(annotations, kCreated));
  row.layers_size = number(annotations, kSize);
  if (const std::string labels = annotations.string_or(kLabels); !labels.empty()) {
    const Json document = parse_json(labels, kLabels);
    row.labels = JsonView(document, kLabels).string_map();
  }
  return row;
}

Json row_json(const IndexRow& row) {
  Json annotations = {{kId, row.id.str()},
                      {kCreated, std::to_string(row.created_ns)},
                      {kSize, std::to_string(row.layers_size)}};
  if (!row.tag.empty()) annotations[kName] = row.tag;
  if (!row.labels.empty()) annotations[kLabels] = canonical(row.labels);
  return {{"mediaType", kManifestType},
          {"digest", row.manifest.str()},
          {"size", row.manifest_size},
          {"annotations", std::move(annotations)}};
}

std::string index_json(const Index& index) {
  Json rows = Json::array();
  for (const IndexRow& row : index) rows.push_back(row_json(row));
  return canonical(
      {{"schemaVersion", 2}, {"mediaType", kIndexType}, {"manifests", std::move(rows)}});
}

}  // namespace

void IndexFile::make_layout() const {
  if (exists(directory_ + "/index.json")) return;
  make_directories(directory_, 0700);
  make_directories(directory_ + "/blobs/sha256", 0755);
  const FileLock lock =
      FileLock::acquire(directory_ + "/index.lock", LockMode::exclusive, kLockMeaning);
  if (exists(directory_ + "/index.json")) return;
  replace_file(directory_ + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})", true);
  replace_file(directory_ + "/index.json", index_json({}), true);
}

Index IndexFile::read() const {
  const std::string path = directory_ + "/index.json";
  const Json document = parse_json(read_file(path, kIndexLimit), path, kIndexLimit);
  const JsonView view(document, path);
  Index index;
  for (const JsonView& item : view.at("manifests").items()) {
    index.push_back(with_context(item.path(), [&] { return parse_row(item); }));
  }
  return index;
}

Index IndexFile::read_settled() const {
  const FileLock lock =
      FileLock::acquire(directory_ + "/index.lock", LockMode::shared, kLockMeaning);
  return read();
}

void IndexFile::update(const std::function<void(Index&)>& change) const {
  const FileLock lock =
      FileLock::acquire(directory_ + "/index.lock", LockMode::exclusive, kLockMeaning);
  const Index before = read();
  Index after = before;
  change(after);
  if (after != before) replace_file(directory_ + "/index.json", index_json(after), true);
}

}  // namespace mini::image
