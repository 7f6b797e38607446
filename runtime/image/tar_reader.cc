#include "runtime/image/tar_reader.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::image {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kPiece = 64 << 10;
constexpr size_t kExtendedLimit = 1 << 20;
constexpr uint64_t kLargestId = 0xfffffffe;  // the next means "unchanged" to chown(2)

// Offsets and sizes of the header's fields: pax(1), "ustar Interchange Format".
struct Field {
  size_t offset, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12},
    kMtime{136, 12}, kChecksum{148, 8}, kLink{157, 100}, kMajor{329, 8}, kMinor{337, 8},
    kPrefix{345, 155}, kStarPrefix{345, 131};
constexpr size_t kTypeOffset = 156, kMagicOffset = 257, kStarTrailerOffset = 508;

std::string_view raw(std::string_view block, Field field) {
  return block.substr(field.offset, field.size);
}

std::string_view text(std::string_view block, Field field) {
  const std::string_view value = raw(block, field);
  return value.substr(0, value.find('\0'));
}

// Octal digits between blanks and NULs, or GNU's base 256 when the first bit is set.
std::optional<int64_t> number(std::string_view block, Field field) {
  std::string_view value = raw(block, field);
  const auto first = static_cast<unsigned char>(value[0]);
  if (first & 0x80) {
    uint64_t result = (first & 0x40) ? ~uint64_t{0} : 0;  // sign
    for (size_t i = 0; i < value.size(); ++i) {
      const uint64_t byte = i == 0 ? (first & 0x7f) | ((first & 0x40) ? 0x80 : 0)
                                   : static_cast<unsigned char>(value[i]);
      // What is shifted out must be the sign again.
      if (const uint64_t top = result >> 55; top != 0 && top != 0x1ff) return {};
      result = result << 8 | byte;
    }
    return static_cast<int64_t>(result);
  }
  constexpr std::string_view kBlank(" \0", 2);
  const size_t begin = value.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return 0;
  value = value.substr(begin, value.find_last_not_of(kBlank) - begin + 1);
  int64_t result = 0;
  for (const char c : value) {
    if (c < '0' || c > '7') return {};
    result = result << 3 | (c - '0');  // 12 digits at most
  }
  return result;
}

bool is_zero(std::string_view block) {
  return block.find_first_not_of('\0') == std::string_view::npos;
}

bool checksum_matches(std::string_view block) {
  int64_t with_sign = 0, without = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    const char c = own ? ' ' : block[i];
    without += static_cast<unsigned char>(c);
    with_sign += static_cast<signed char>(c);  // as some old writers did
  }
  const auto stored = number(block, kChecksum);
  return stored && (*stored == without || *stored == with_sign);
}

// "1234.567" -> 1234; fractions are below what a layer keeps.
std::optional<int64_t> parse_time(std::string_view value) {
  const bool negative = value.starts_with('-');
  if (negative) value.remove_prefix(1);
  const size_t dot = value.find('.');
  if (dot != std::string_view::npos &&
      value.find_first_not_of("0123456789", dot + 1) != std::string_view::npos)
    return {};
  const auto seconds = parse_number(value.substr(0, dot), INT64_MAX);
  if (!seconds) return {};
  return negative ? -static_cast<int64_t>(*seconds) : static_cast<int64_t>(*seconds);
}

bool has_content(char type) {
  return type == '0' || type == '\0' || type == '7';
}

}  // namespace

bool is_tar_header(std::string_view block) {
  return block.size() >= kBlock && !is_zero(block.substr(0, kBlock)) && checksum_matches(block);
}

void TarReader::damaged(const std::string& why) const {
  throw Error(cat(name_, ": not a sound tar archive: ", why));
}

std::string_view TarReader::exactly(size_t size) {
  const std::string_view bytes = source_(size);
  if (bytes.size() < size) damaged("it is truncated");
  return bytes;
}

// Nothing at the end mark, which are two blocks of zeros.
std::optional<std::string> TarReader::header_block() {
  std::string block(exactly(kBlock));
  if (is_zero(block)) {
    if (!is_zero(exactly(kBlock))) damaged("there is a block of zeros between entries");
    return {};
  }
  if (!checksum_matches(block)) damaged("a header's checksum is wrong");
  return block;
}

std::string TarReader::extended(uint64_t size, size_t limit) {
  if (size > limit)
    damaged(
        cat("an extended header has ", size, " bytes, more than the ", limit, " that are allowed"));
  std::string data;
  while (data.size() < size) data += exactly(std::min<size_t>(kPiece, size - data.size()));
  if (size % kBlock != 0) exactly(kBlock - size % kBlock);
  return data;
}

std::string_view TarReader::content() {
  if (left_ == 0) return {};
  const std::string_view piece = exactly(std::min<uint64_t>(left_, kPiece));
  left_ -= piece.size();
  return piece;
}

void TarReader::skip_content() {
  while (!content().empty()) {
  }
  if (padding_ > 0) exactly(padding_);
  padding_ = 0;
}

// Records are "<size> <key>=<value>\n", where the size counts the whole record.
void TarReader::parse_records(std::string_view all, Records& records) const {
  while (!all.empty()) {
    const size_t blank = all.find(' ');
    const auto size = parse_number(all.substr(0, blank), all.size());
    if (blank == std::string_view::npos || !size || *size < blank + 3 || all[*size - 1] != '\n')
      damaged("a PAX record's size is wrong");
    const std::string_view record = all.substr(blank + 1, *size - blank - 2);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) damaged("a PAX record has no key");
    const std::string key(record.substr(0, equals));
    if (key.starts_with("GNU.sparse."))
      throw Error(cat(name_, ": has sparse files, which layers cannot keep"),
                  "pack it again without --sparse");
    records[key] = record.substr(equals + 1);
    all.remove_prefix(*size);
  }
}

void TarReader::apply_records(const Records& records, TarEntry& entry) const {
  constexpr std::string_view kAttribute = "SCHILY.xattr.";
  const auto id = [&](const std::string& value) {
    const auto result = parse_number(value, kLargestId);
    if (!result) damaged("a PAX record's owner is not a number in range");
    return static_cast<uint32_t>(*result);
  };
  for (const auto& [key, value] : records) {
    if (key.starts_with(kAttribute)) {
      entry.xattrs[key.substr(kAttribute.size())] = value;
    } else if (value.empty()) {
      continue;  // takes back a global record; the header's field holds
    } else if (key == "path") {
      entry.path = value;
    } else if (key == "linkpath") {
      entry.link = value;
    } else if (key == "size") {
      const auto size = parse_number(value, INT64_MAX);
      if (!size) damaged("a PAX record's size of a file is not a number in range");
      entry.size = *size;
    } else if (key == "uid") {
      entry.uid = id(value);
    } else if (key == "gid") {
      entry.gid = id(value);
    } else if (key == "mtime") {
      const auto time = parse_time(value);
      if (!time) damaged("a PAX record's time is not a number");
      entry.mtime = *time;
    }
  }
}

TarEntry TarReader::parse_header(const std::string& block) const {
  TarEntry entry;
  const auto field = [&](Field place, int64_t least, int64_t most, const char* what) {
    const auto value = number(block, place);
    if (!value || *value < least || *value > most)
      damaged(cat("a header's ", what, " is not a number in range"));
    return *value;
  };
  entry.path = text(block, kName);
  entry.link = text(block, kLink);
  entry.mode = static_cast<uint32_t>(field(kMode, 0, INT64_MAX, "mode") & 07777);
  entry.uid = static_cast<uint32_t>(field(kUid, 0, kLargestId, "owner"));
  entry.gid = static_cast<uint32_t>(field(kGid, 0, kLargestId, "group"));
  entry.size = static_cast<uint64_t>(field(kSize, 0, INT64_MAX, "size"));
  entry.mtime = field(kMtime, INT64_MIN, INT64_MAX, "time");
  if (block[kTypeOffset] == '3' || block[kTypeOffset] == '4') {
    entry.major = static_cast<unsigned>(field(kMajor, 0, 0xfff, "device number"));
    entry.minor = static_cast<unsigned>(field(kMinor, 0, 0xfffff, "device number"));
  }
  // GNU's own format has other things where POSIX has the prefix.
  if (memcmp(block.data() + kMagicOffset, "ustar", 6) == 0) {
    const bool star = memcmp(block.data() + kStarTrailerOffset, "tar", 4) == 0;
    const std::string_view prefix = text(block, star ? kStarPrefix : kPrefix);
    if (!prefix.empty()) entry.path = cat(prefix, '/', entry.path);
  }
  return entry;
}

void TarReader::finish_entry(TarEntry& entry, char type) {
  if (type == 'S')
    throw Error(
        cat(name_, ": ", quoted(entry.path), ": is a sparse file, which layers cannot keep"),
        "pack it again without --sparse");
  // Before POSIX, a directory was a file whose name ends in a slash.
  if (has_content(type)) type = entry.path.ends_with('/') ? '5' : '0';
  if (type < '0' || type > '6')
    damaged(cat(quoted(entry.path), ": entries of type ", quoted(std::string_view(&type, 1)),
                " are not known"));
  entry.type = static_cast<EntryType>(type);
  if (entry.type != EntryType::file) entry.size = 0;
  if (entry.path.size() > kLongestPath || entry.link.size() >= kLongestPath)
    damaged(
        cat("a name is longer than ", kLongestPath, " bytes: ", quoted(entry.path.substr(0, 100))));
  if (entry.path.find('\0') != std::string::npos || entry.link.find('\0') != std::string::npos)
    damaged(cat(quoted(entry.path), ": a NUL in a name"));
  left_ = entry.size;
  padding_ = (kBlock - entry.size % kBlock) % kBlock;
}

std::optional<TarEntry> TarReader::next() {
  skip_content();
  Records records = global_;
  std::optional<std::string> long_name, long_link;
  bool extended_header = false;
  for (;;) {
    const auto block = header_block();
    if (!block) {
      if (extended_header) damaged("it ends after an extended header");
      return {};
    }
    TarEntry entry = parse_header(*block);
    const char type = (*block)[kTypeOffset];
    if (type == 'x') {
      parse_records(extended(entry.size, kExtendedLimit), records);
    } else if (type == 'g') {
      parse_records(extended(entry.size, kExtendedLimit), global_);
      for (const char* key : {"path", "linkpath", "size"}) {
        if (global_.contains(key))
          damaged(cat("a global PAX header sets the ", key, " of every entry"));
      }
      records = global_;
    } else if (type == 'L' || type == 'K') {
      std::string name = extended(entry.size, kLongestPath + 1);
      name.resize(std::min(name.find('\0'), name.size()));
      (type == 'L' ? long_name : long_link) = std::move(name);
    } else {
      if (long_name) entry.path = *long_name;
      if (long_link) entry.link = *long_link;
      apply_records(records, entry);
      finish_entry(entry, type);
      return entry;
    }
    extended_header = type != 'g';
  }
}

}  // namespace mini::image
