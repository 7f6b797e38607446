#include "runtime/image/document/index.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json_members.h"
#include "runtime/base/lock.h"
#include "runtime/base/text.h"

namespace mini::image {
namespace {

constexpr size_t kIndexLimit = 256 << 20;
constexpr const char* kName = "org.opencontainers.image.ref.name";
constexpr const char* kId = "mini.id";
constexpr const char* kCreated = "mini.created";
constexpr const char* kSize = "mini.size";
constexpr const char* kLabels = "mini.labels";
constexpr const char* kRepoDigests = "mini.repo-digests";  // separated by blanks
constexpr const char* kLockMeaning = "the list of images";

std::map<std::string, std::string> parse_labels(const std::string& text) {
  return read_json<std::map<std::string, std::string>>(text, kLabels);
}

// Annotations are strings, so numbers and labels are written as such.
void describe_annotations(JsonMembers& json, IndexRow& row) {
  std::string created = std::to_string(row.created_ns), size = std::to_string(row.layers_size);
  std::string labels = row.labels.empty() ? "" : write_json(row.labels);
  std::string digests = join(row.repo_digests, " ");
  json.required(kId, row.id);
  json.required(kCreated, created);
  json.required(kSize, size);
  json(kName, row.tag);
  json(kLabels, labels);
  json(kRepoDigests, digests);
  if (!json.reading()) return;
  const auto created_ns = parse_number(created, INT64_MAX), layers_size = parse_number(size);
  json.check(created_ns.has_value(), kCreated, "expected a number");
  json.check(layers_size.has_value(), kSize, "expected a number");
  row.created_ns = static_cast<int64_t>(*created_ns);
  row.layers_size = *layers_size;
  if (!labels.empty()) row.labels = parse_labels(labels);
  if (!digests.empty()) row.repo_digests = split(digests, ' ');
}

}  // namespace

static void describe(JsonMembers& json, IndexRow& row) {
  json.required("mediaType", row.manifest_type);
  json.check(is_manifest_type(row.manifest_type), "mediaType", "is no image manifest");
  json.required("digest", row.manifest);
  json.required("size", row.manifest_size);
  json.required_object("annotations",
                       [&](JsonMembers& inner) { describe_annotations(inner, row); });
}

namespace {

struct IndexDocument {
  Index manifests;
};

void describe(JsonMembers& json, IndexDocument& index) {
  json.required("manifests", index.manifests);
}

// One row a line, which is JSON as well as any and lets the reader below take one row at a time.
constexpr std::string_view kHead = "{\"manifests\":[\n";
std::string tail() {
  return cat("],\"mediaType\":\"", kIndexType, "\",\"schemaVersion\":2}\n");
}

std::string index_json(const Index& index) {
  std::string text(kHead);
  for (size_t i = 0; i < index.size(); ++i)
    text += cat(write_json(index[i]), i + 1 < index.size() ? ",\n" : "\n");
  return text + tail();
}

// Reads exactly what `row_json` writes, in a hundredth of the time that a JSON parser takes: a
// store may hold thousands of images, and every run looks one up. Anything else is left to the
// parser.
class RowScanner {
 public:
  explicit RowScanner(std::string_view line) : rest_(line) {}

  std::optional<IndexRow> scan() {
    IndexRow row;
    std::string_view created, id, size, manifest, manifest_size;
    if (!text("{\"annotations\":{\"mini.created\":\"", created) || !text(",\"mini.id\":\"", id))
      return {};
    if (std::string_view labels; text(",\"mini.labels\":\"", labels)) {
      row.labels = parse_labels(read_json<std::string>(cat('"', labels, '"'), kLabels));
    }
    if (std::string_view digests; text(",\"mini.repo-digests\":\"", digests))
      row.repo_digests = split(digests, ' ');
    if (!text(",\"mini.size\":\"", size)) return {};
    if (std::string_view name; text(",\"org.opencontainers.image.ref.name\":\"", name))
      row.tag = name;
    std::string_view type;
    if (!text("},\"digest\":\"", manifest) || !text(",\"mediaType\":\"", type) ||
        !is_manifest_type(type) || !literal(",\"size\":"))
      return {};
    row.manifest_type = type;
    manifest_size = rest_.substr(0, rest_.find('}'));
    rest_.remove_prefix(manifest_size.size());
    const auto numbers = {parse_number(created, INT64_MAX), parse_number(size),
                          parse_number(manifest_size)};
    for (const auto& value : numbers) {
      if (!value) return {};
    }
    if (rest_ != "}" || row.tag.find('\\') != std::string::npos) return {};
    row.created_ns = static_cast<int64_t>(**numbers.begin());
    row.layers_size = **(numbers.begin() + 1);
    row.manifest_size = **(numbers.begin() + 2);
    row.id = Digest::parse(id);
    row.manifest = Digest::parse(manifest);
    return row;
  }

 private:
  bool literal(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  // `expected`, which opens a string, and the string, still escaped.
  bool text(std::string_view expected, std::string_view& value) {
    if (!literal(expected)) return false;
    size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) return false;
    value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }
  std::string_view rest_;
};

void take_tag(Index& index, const std::string& tag) {
  const auto holder =
      std::find_if(index.begin(), index.end(), [&](const IndexRow& row) { return row.tag == tag; });
  if (holder == index.end()) return;
  const bool last = std::count_if(index.begin(), index.end(),
                                  [&](const IndexRow& row) { return row.id == holder->id; }) == 1;
  if (last) {
    holder->tag.clear();
  } else {
    index.erase(holder);
  }
}

std::optional<Index> scan_index(std::string_view text) {
  const std::string end = tail();
  if (!text.starts_with(kHead) || !text.ends_with(end)) return {};
  text = text.substr(kHead.size(), text.size() - kHead.size() - end.size());
  Index index;
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    if (newline == std::string_view::npos) return {};
    const bool last = newline + 1 == text.size();
    std::string_view line = text.substr(0, newline);
    if (!last && !line.ends_with(',')) return {};
    if (!last) line.remove_suffix(1);
    auto row = RowScanner(line).scan();
    if (!row) return {};
    index.push_back(*std::move(row));
    text.remove_prefix(newline + 1);
  }
  return index;
}

}  // namespace

void give_tag(Index& index, const IndexRow& image, const std::string& tag) {
  IndexRow row = image;
  row.tag = tag;
  if (std::find(index.begin(), index.end(), row) != index.end()) return;
  if (!tag.empty()) take_tag(index, tag);
  std::erase_if(index, [&](const IndexRow& other) {
    return other.id == row.id && (other.tag.empty() || other.tag == tag);
  });
  index.push_back(std::move(row));
}

void add_image(Index& index, IndexRow row, const std::vector<Reference>& tags) {
  const auto known = std::find_if(index.begin(), index.end(),
                                  [&](const IndexRow& other) { return other.id == row.id; });
  const std::vector<std::string> digests = std::exchange(row.repo_digests, {});
  const bool is_new = known == index.end();
  if (!is_new) {
    row.created_ns = known->created_ns;
    row.repo_digests = known->repo_digests;
  }
  for (const Reference& tag : tags) {
    const std::string name = tag.tag.empty() ? "latest" : tag.tag;
    give_tag(index, row, Reference{tag.registry, tag.repository, name, {}}.full());
  }
  if (tags.empty() && is_new) give_tag(index, row, "");
  add_repo_digests(index, row.id, digests);
}

void add_repo_digests(Index& index, const Digest& id, const std::vector<std::string>& digests) {
  for (IndexRow& row : index) {
    if (row.id != id) continue;
    std::set<std::string> all(row.repo_digests.begin(), row.repo_digests.end());
    all.insert(digests.begin(), digests.end());
    row.repo_digests.assign(all.begin(), all.end());
  }
}

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
  const std::string text = read_file(path, kIndexLimit);
  if (auto index = with_context(path, [&] { return scan_index(text); })) return *std::move(index);
  return read_json<IndexDocument>(text, path, kIndexLimit).manifests;
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
