#include "builder/build/cache/step_key.h"

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

std::string meta_of(const PlannedEntry& entry) {
  std::string meta = type_name(entry.mode);
  meta += ' ';
  meta += octal(entry.mode & 07777);
  meta += ' ';
  meta += std::to_string(entry.uid);
  meta += ':';
  meta += std::to_string(entry.gid);
  if (entry.mtime) meta += cat(" mtime ", *entry.mtime);
  for (const auto& [name, value] : entry.attributes) {
    meta += cat(' ', name, '=', Digest::of(value).hex());
  }
  return meta;
}

std::string content_of(const PlannedEntry& entry) {
  if (!entry.hard_link_to.empty()) return "link to " + entry.hard_link_to;
  if (entry.is_inline) return Digest::of(entry.text).hex();
  if (S_ISREG(entry.mode)) return hex_of(entry.source.content);
  if (S_ISLNK(entry.mode)) return entry.text;
  return S_ISDIR(entry.mode) ? std::string() : std::to_string(entry.source.rdev);
}

}  // namespace

std::string hex_of(const files::ContentHash& hash) {
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

std::vector<PlannedEntry> planned_as_they_are(std::vector<files::Entry> entries) {
  std::vector<PlannedEntry> planned;
  planned.reserve(entries.size());
  for (files::Entry& entry : entries) {
    PlannedEntry& file = planned.emplace_back();
    file.path = entry.path;
    file.mode = entry.mode;
    file.uid = entry.uid;
    file.gid = entry.gid;
    file.text = entry.target;
    file.source = std::move(entry);
  }
  return planned;
}

// Many small pieces: collected, because each update of a hash has a fixed cost.
void StepKey::add_files(const std::vector<PlannedEntry>& entries) {
  constexpr size_t kChunk = 64 << 10;
  Sha256 hash;
  std::string buffer;
  buffer.reserve(kChunk + 8192);
  const auto feed_piece = [&](std::string_view text) {
    const uint64_t size = text.size();
    buffer.append(reinterpret_cast<const char*>(&size), sizeof size).append(text);
  };
  for (const PlannedEntry& entry : entries) {
    feed_piece(entry.path);
    feed_piece(meta_of(entry));
    const bool plain = S_ISREG(entry.mode) && !entry.is_inline && entry.hard_link_to.empty();
    const auto* raw = reinterpret_cast<const char*>(entry.source.content.data());
    feed_piece(plain ? std::string_view(raw, entry.source.content.size())
                     : std::string_view(content_of(entry)));
    if (buffer.size() < kChunk) continue;
    hash.update(buffer);
    buffer.clear();
  }
  add("files", hash.update(buffer).finish().hex());
  files_.push_back(&entries);
}

std::vector<StepKey::File> StepKey::files() const {
  std::vector<File> result;
  for (const std::vector<PlannedEntry>* entries : files_) {
    for (const PlannedEntry& entry : *entries) {
      result.push_back({entry.path, entry.source.path, meta_of(entry), content_of(entry)});
    }
  }
  return result;
}

size_t StepKey::file_count() const {
  size_t count = 0;
  for (const std::vector<PlannedEntry>* entries : files_) count += entries->size();
  return count;
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
  for (const File& file : files()) {
    text += cat(file.path, '\0', file.meta, '\0', file.content, '\0');
  }
  return text;
}

}  // namespace mini::build
