#include "builder/build/step_key.h"

#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr const char* kVersion = "mini step 1";

std::string octal(uint32_t value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + value % 8));
    value /= 8;
  } while (value != 0);
  return digits;
}

void feed(Sha256& hash, std::string_view text) {
  const uint64_t size = text.size();
  hash.update(&size, sizeof size).update(text);
}

const char* type_name(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "link";
    case S_IFREG:
      return "file";
    case S_IFIFO:
      return "fifo";
    case S_IFBLK:
      return "block device";
    default:
      return "character device";
  }
}

}  // namespace

std::string hex_of(const ContentHash& hash) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * hash.size());
  for (const unsigned char byte : hash) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

void StepKey::add(std::string name, std::string value) {
  parts_.push_back({std::move(name), std::move(value)});
}

void StepKey::add_files(const std::vector<PlannedEntry>& entries) {
  Sha256 hash;
  files_.reserve(files_.size() + entries.size());
  for (const PlannedEntry& entry : entries) {
    File file{entry.path, entry.source.path, {}, {}};
    file.meta =
        cat(type_name(entry.mode), ' ', octal(entry.mode & 07777), ' ', entry.uid, ':', entry.gid);
    if (entry.mtime) file.meta += cat(" mtime ", *entry.mtime);
    for (const auto& [name, value] : entry.attributes) {
      file.meta += cat(' ', name, '=', Digest::of(value).hex());
    }
    if (!entry.hard_link_to.empty()) {
      file.content = "link to " + entry.hard_link_to;
    } else if (entry.is_inline) {
      file.content = Digest::of(entry.text).hex();
    } else if (S_ISREG(entry.mode)) {
      file.content = hex_of(entry.source.content);
    } else if (S_ISLNK(entry.mode)) {
      file.content = entry.text;
    } else if (!S_ISDIR(entry.mode)) {
      file.content = cat(entry.source.rdev);
    }
    feed(hash, file.path);
    feed(hash, file.meta);
    feed(hash, file.content);
    files_.push_back(std::move(file));
  }
  add("files", hash.finish().hex());
}

void StepKey::add_files(const std::string& name, const std::vector<FileEntry>& entries) {
  std::vector<PlannedEntry> planned;
  planned.reserve(entries.size());
  for (const FileEntry& entry : entries) {
    PlannedEntry file;
    file.path = entry.path;
    file.mode = entry.mode;
    file.uid = entry.uid;
    file.gid = entry.gid;
    file.text = entry.target;
    file.source = entry;
    planned.push_back(std::move(file));
  }
  add_files(planned);
  parts_.back().name = name;
}

Digest StepKey::digest() const {
  Sha256 hash;
  feed(hash, kVersion);
  for (const KeyPart& part : parts_) {
    feed(hash, part.name);
    feed(hash, part.value);
  }
  return hash.finish();
}

std::string StepKey::listing() const {
  std::string text;
  for (const File& file : files_) {
    text += cat(file.path, '\0', file.meta, '\0', file.content, '\0');
  }
  return text;
}

}  // namespace mini::build
