#include "runtime/files/tar_writer.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "runtime/base/text.h"

namespace mini::files {
namespace {

constexpr uint64_t kOctal7 = 07777777;       // the largest mode, id and device number
constexpr uint64_t kOctal11 = 077777777777;  // the largest size and time
constexpr char kPaxHeader = 'x';

struct UstarHeader {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
  char type;
  char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155],
      rest[12];
};
static_assert(sizeof(UstarHeader) == kTarBlock);

// Digits and a NUL; what does not fit is in the PAX header, and 0 here.
template <size_t N>
void put_octal(char (&field)[N], uint64_t value) {
  const uint64_t largest = (uint64_t{1} << (3 * (N - 1))) - 1;
  if (value > largest) value = 0;
  for (size_t i = N - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
}

template <size_t N>
void put_text(char (&field)[N], std::string_view text) {
  text.copy(field, N);
}

// ustar keeps a long name in two fields, divided at a slash; npos when there is no such slash.
size_t prefix_size(std::string_view name) {
  if (name.size() <= sizeof(UstarHeader::name)) return 0;
  const size_t least = name.size() - sizeof(UstarHeader::name) - 1;
  const size_t slash = name.find('/', least);
  if (slash == std::string_view::npos || slash == 0 || slash > sizeof(UstarHeader::prefix) ||
      slash + 1 == name.size()) {
    return std::string_view::npos;
  }
  return slash;
}

// "<size of the whole record> key=value\n".
std::string pax_record(std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t size = rest + 1;
  while (std::to_string(size).size() + rest != size) ++size;
  return cat(size, ' ', key, '=', value, '\n');
}

std::string pax_records(const TarEntry& entry, std::string_view name, uint64_t size) {
  std::map<std::string, std::string> records;
  if (prefix_size(name) == std::string_view::npos) records["path"] = name;
  if (entry.link.size() > sizeof(UstarHeader::link)) records["linkpath"] = entry.link;
  if (entry.uid > kOctal7) records["uid"] = std::to_string(entry.uid);
  if (entry.gid > kOctal7) records["gid"] = std::to_string(entry.gid);
  if (size > kOctal11) records["size"] = std::to_string(size);
  if (entry.mtime > static_cast<int64_t>(kOctal11)) records["mtime"] = std::to_string(entry.mtime);
  for (const auto& [key, value] : entry.xattrs) records[cat("SCHILY.xattr.", key)] = value;
  std::string text;
  for (const auto& [key, value] : records) text += pax_record(key, value);
  return text;
}

std::string entry_name(const TarEntry& entry) {
  if (entry.path.empty()) return "./";
  return entry.type == EntryType::directory ? entry.path + '/' : entry.path;
}

}  // namespace

int64_t clamp_time(int64_t mtime, int64_t epoch) {
  return std::max<int64_t>(0, std::min(mtime, epoch));
}

void TarWriter::header(const TarEntry& entry, char type, std::string_view name,
                       std::string_view link, uint64_t size) {
  UstarHeader* const block = reinterpret_cast<UstarHeader*>(out_.space(kTarBlock).data);
  memset(block, 0, kTarBlock);
  size_t split = prefix_size(name);
  if (split == std::string_view::npos) split = 0;
  put_text(block->prefix, name.substr(0, split));
  put_text(block->name, split > 0 ? name.substr(split + 1) : name);
  put_octal(block->mode, entry.mode & 07777);
  put_octal(block->uid, entry.uid);
  put_octal(block->gid, entry.gid);
  put_octal(block->size, size);
  put_octal(block->mtime, static_cast<uint64_t>(entry.mtime));
  block->type = type;
  put_text(block->link, link);
  memcpy(block->magic, "ustar", 6);
  memcpy(block->version, "00", 2);
  put_octal(block->major, entry.major);
  put_octal(block->minor, entry.minor);
  memset(block->checksum, ' ', sizeof block->checksum);
  unsigned sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(block);
  for (size_t i = 0; i < kTarBlock; ++i) sum += bytes[i];
  char digits[7]{};
  put_octal(digits, sum);
  memcpy(block->checksum, digits, sizeof digits);  // six digits, NUL, blank
  out_.commit(kTarBlock);
}

void TarWriter::entry(const TarEntry& entry) {
  const std::string name = entry_name(entry);
  const uint64_t size = entry.type == EntryType::file ? entry.size : 0;
  if (const std::string records = pax_records(entry, name, size); !records.empty()) {
    header({}, kPaxHeader, "PaxHeader", {}, records.size());
    out_.write(records);
    pad(records.size());
  }
  header(entry, static_cast<char>(entry.type), name, entry.link, size);
  ++entries_;
}

void TarWriter::whiteout(const std::string& path) {
  const size_t slash = path.rfind('/');
  const size_t name = slash == std::string::npos ? 0 : slash + 1;
  entry({EntryType::file, cat(path.substr(0, name), kWhiteoutPrefix, path.substr(name))});
}

void TarWriter::opaque(const std::string& directory) {
  entry({EntryType::file, join_path(directory, kOpaqueMarker)});
}

void TarWriter::pad(uint64_t size) {
  static constexpr char kZeros[kTarBlock] = {};
  if (size % kTarBlock != 0) out_.write({kZeros, kTarBlock - size % kTarBlock});
}

void TarWriter::end() {
  static constexpr char kZeros[2 * kTarBlock] = {};
  out_.write({kZeros, sizeof kZeros});
}

}  // namespace mini::files
