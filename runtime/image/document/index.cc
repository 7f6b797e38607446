#include "runtime/image/document/index.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
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

uint64_t number(const JsonView& annotations, const char* key) {
  const auto value = parse_number(annotations.at(key).string(), INT64_MAX);
  if (!value) throw Error(cat(annotations.path(), ".", key, ": expected a number"));
  return *value;
}

std::map<std::string, std::string> parse_labels(const std::string& text) {
  const Json document = parse_json(text, kLabels);
  return JsonView(document, kLabels).string_map();
}

IndexRow parse_row(const JsonView& view) {
  IndexRow row;
  row.manifest_type = view.at("mediaType").string();
  if (!is_manifest_type(row.manifest_type))
    throw Error(cat(view.path(), ".mediaType: is no image manifest"));
  row.manifest = Digest::parse(view.at("digest").string());
  row.manifest_size = view.at("size").unsigned_integer();
  const JsonView annotations = view.at("annotations");
  row.tag = annotations.string_or(kName);
  row.id = Digest::parse(annotations.at(kId).string());
  row.created_ns = static_cast<int64_t>(number(annotations, kCreated));
  row.layers_size = number(annotations, kSize);
  if (const std::string labels = annotations.string_or(kLabels); !labels.empty())
    row.labels = parse_labels(labels);
  if (const std::string digests = annotations.string_or(kRepoDigests); !digests.empty())
    row.repo_digests = split(digests, ' ');
  return row;
}

Json row_json(const IndexRow& row) {
  Json annotations = {{kId, row.id.str()},
                      {kCreated, std::to_string(row.created_ns)},
                      {kSize, std::to_string(row.layers_size)}};
  if (!row.tag.empty()) annotations[kName] = row.tag;
  if (!row.labels.empty()) annotations[kLabels] = canonical(row.labels);
  if (!row.repo_digests.empty()) annotations[kRepoDigests] = join(row.repo_digests, " ");
  return {{"mediaType", row.manifest_type},
          {"digest", row.manifest.str()},
          {"size", row.manifest_size},
          {"annotations", std::move(annotations)}};
}

// One row a line, which is JSON as well as any and lets the reader below take one row at a time.
constexpr std::string_view kHead = "{\"manifests\":[\n";
std::string tail() {
  return cat("],\"mediaType\":\"", kIndexType, "\",\"schemaVersion\":2}\n");
}

std::string index_json(const Index& index) {
  std::string text(kHead);
  for (size_t i = 0; i < index.size(); ++i)
    text += cat(canonical(row_json(index[i])), i + 1 < index.size() ? ",\n" : "\n");
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
      const Json unescaped = parse_json(cat('"', labels, '"'), kLabels);
      row.labels = parse_labels(unescaped.get_ref<const std::string&>());
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
  const Json document = parse_json(text, path, kIndexLimit);
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
