#include "runtime/files/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::files {
namespace {

constexpr uint64_t kPiece = 256 << 10;
constexpr int64_t kLargestId = 0xfffffffe;  // the next means "unchanged" to chown(2)
constexpr size_t kTypeOffset = 156;
constexpr int kNotConverted =
    EILSEQ;  // libarchive's ARCHIVE_ERRNO_FILE_FORMAT, which is not public

bool is_zero(std::string_view block) {
  return block.find_first_not_of('\0') == std::string_view::npos;
}

// Octal digits, blanks and NULs, or GNU's base 256; libarchive takes what comes before anything
// else for the number.
bool is_number(std::string_view field) {
  constexpr std::string_view kOctal("01234567 \0", 10);
  return (field[0] & 0x80) != 0 || field.find_first_not_of(kOctal) == std::string_view::npos;
}

std::string text_of(const char* value) {
  return value ? value : "";
}

std::optional<EntryType> type_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry)) return EntryType::hard_link;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryType::file;
    case AE_IFLNK:
      return EntryType::symlink;
    case AE_IFCHR:
      return EntryType::character;
    case AE_IFBLK:
      return EntryType::block;
    case AE_IFDIR:
      return EntryType::directory;
    case AE_IFIFO:
      return EntryType::fifo;
    default:
      return {};
  }
}

}  // namespace

TarReader::TarReader(Source source, std::string name)
    : source_(std::move(source)),
      name_(std::move(name)),
      archive_(archive_read_new(), archive_read_free) {
  if (!archive_) throw SysError(ENOMEM, name_);
  if (archive_read_support_format_tar(archive_.get()) != ARCHIVE_OK ||
      archive_read_open(archive_.get(), this, nullptr, feed, nullptr) != ARCHIVE_OK)
    fail();
}

void TarReader::damaged(const std::string& why) const {
  throw Error(cat(name_, ": not a sound tar archive: ", why));
}

void TarReader::rethrow() const {
  if (error_) std::rethrow_exception(error_);
}

void TarReader::fail() const {
  rethrow();
  const char* reason = archive_error_string(archive_.get());
  damaged(reason ? lower(reason) : "libarchive gives no reason");
}

ssize_t TarReader::feed(archive*, void* object, const void** piece) {
  auto* self = static_cast<TarReader*>(object);
  try {
    const std::string_view bytes = self->pull();
    *piece = bytes.data();
    return static_cast<ssize_t>(bytes.size());
  } catch (...) {
    self->error_ = std::current_exception();
    return ARCHIVE_FATAL;
  }
}

// Headers go to libarchive block by block, so that what it reads in front of an entry is known to
// be headers; content in large pieces that end where it ends.
std::string_view TarReader::pull() {
  if (body_ahead_ > 0) {
    const std::string_view piece = source_(std::min(body_ahead_, kPiece));
    body_ahead_ -= piece.size();
    return piece;
  }
  const std::string_view block = source_(kTarBlock);
  headers_ += block;
  if (block.empty()) return block;
  zero_blocks_ = block.size() == kTarBlock && is_zero(block) ? zero_blocks_ + 1 : 0;
  return block;
}

// In the C locale, and mini never leaves it, libarchive cannot convert a PAX name that is not
// ASCII, says so, and gives its raw bytes: just what a layer means. (In a UTF-8 locale it would
// compose them, so that two names become one.) Every other warning is an error here.
int TarReader::read_header(archive_entry** entry) {
  errno = 0;  // libarchive takes an old ENOMEM for the reason of that failure
  const int result = archive_read_next_header(archive_.get(), entry);
  rethrow();
  const bool raw_name = result == ARCHIVE_WARN && archive_errno(archive_.get()) == kNotConverted;
  return raw_name ? ARCHIVE_OK : result;
}

bool TarReader::has_entry() {
  archive_entry* entry;
  // A format is named as soon as a header's checksum is right.
  return read_header(&entry) != ARCHIVE_EOF && archive_format(archive_.get()) != 0;
}

std::optional<TarEntry> TarReader::next() {
  while (!at_end_) content();
  archive_entry* from;
  const int result = read_header(&from);
  if (result == ARCHIVE_EOF) {
    check_end();
    return {};
  }
  if (result != ARCHIVE_OK) fail();
  TarEntry entry = convert(from);
  check_header(entry, archive_entry_sparse_count(from) > 0);
  size_ = entry.size;
  given_ = 0;
  at_end_ = false;
  body_ahead_ = (size_ + kTarBlock - 1) / kTarBlock * kTarBlock;
  headers_.clear();
  zero_blocks_ = 0;
  return entry;
}

// libarchive ends at the first block of zeros, or without any. An end mark of one block, or none at
// all, is what some tools write; it has to come after a whole entry.
void TarReader::check_end() const {
  const size_t blocks = headers_.size() / kTarBlock;
  if (zero_blocks_ >= 2 || (headers_.size() % kTarBlock == 0 && zero_blocks_ == blocks)) return;
  if (zero_blocks_ == 0 && headers_.size() % kTarBlock == 0 &&
      is_zero(std::string_view(headers_).substr(0, kTarBlock)))
    damaged("there is a block of zeros between entries");
  damaged("it is truncated");
}

TarEntry TarReader::convert(archive_entry* from) const {
  TarEntry entry;
  entry.path = text_of(archive_entry_pathname(from));
  const auto type = type_of(from);
  if (!type) damaged(cat(quoted(entry.path), ": has no type"));
  entry.type = *type;
  const char* target = *type == EntryType::hard_link ? archive_entry_hardlink(from)
                       : *type == EntryType::symlink ? archive_entry_symlink(from)
                                                     : nullptr;
  entry.link = text_of(target);
  const auto id = [&](int64_t value) {
    if (value < 0 || value > kLargestId)
      damaged(cat(quoted(entry.path), ": the owner or group is not a number in range"));
    return static_cast<uint32_t>(value);
  };
  entry.mode = archive_entry_mode(from) & 07777;
  entry.uid = id(archive_entry_uid(from));
  entry.gid = id(archive_entry_gid(from));
  if (archive_entry_size(from) < 0) damaged(cat(quoted(entry.path), ": has a negative size"));
  entry.size = static_cast<uint64_t>(archive_entry_size(from));
  entry.mtime = archive_entry_mtime(from);
  if (*type == EntryType::character || *type == EntryType::block) {
    if (archive_entry_rdevmajor(from) > 0xfff || archive_entry_rdevminor(from) > 0xfffff)
      damaged(cat(quoted(entry.path), ": the device number is not in range"));
    entry.major = static_cast<unsigned>(archive_entry_rdevmajor(from));
    entry.minor = static_cast<unsigned>(archive_entry_rdevminor(from));
  }
  const char* key;
  const void* value;
  size_t size;
  archive_entry_xattr_reset(from);
  while (archive_entry_xattr_next(from, &key, &value, &size) == ARCHIVE_OK)
    entry.xattrs[key] = std::string(static_cast<const char*>(value), size);
  return entry;
}

// What libarchive takes without a word, looked up in the blocks that it has just read: the last of
// them is the entry's own header.
void TarReader::check_header(const TarEntry& entry, bool sparse) const {
  if (headers_.size() < kTarBlock) damaged("an entry has no header");
  const std::string_view own = std::string_view(headers_).substr(headers_.size() - kTarBlock);
  const char type = own[kTypeOffset];
  // In a record, which is "<size> <key>=<value>\n".
  const auto has = [&](std::string_view bytes) {
    return headers_.find(bytes) != std::string::npos;
  };
  if (sparse || type == 'S' || has(" GNU.sparse."))
    throw Error(
        cat(name_, ": ", quoted(entry.path), ": is a sparse file, which layers cannot keep"),
        "pack it again without --sparse");
  if (type != '\0' && (type < '0' || type > '7'))
    damaged(cat(quoted(entry.path), ": entries of type ", quoted(std::string_view(&type, 1)),
                " are not known"));
  // Mode, owner, group, size and time: pax(1), "ustar Interchange Format".
  for (const auto& [offset, size] : {std::pair{100, 8}, {108, 8}, {116, 8}, {124, 12}, {136, 12}}) {
    if (!is_number(own.substr(offset, size)))
      damaged(cat(quoted(entry.path), ": a header's size, mode, owner or time is not a number"));
  }
  for (const std::string& name : {entry.path, entry.link}) {
    if (name.size() >= kLongestPath)
      damaged(cat("a name is longer than ", kLongestPath, " bytes: ", quoted(name.substr(0, 100))));
    // A C string ends at the NUL; the record goes on behind it.
    if (headers_.size() > kTarBlock && has(cat("path=", name, '\0')))
      damaged(cat(quoted(name), ": a NUL in a name"));
  }
}

std::string_view TarReader::content() {
  if (at_end_) return {};
  const void* piece;
  size_t size;
  int64_t offset;
  const int result = archive_read_data_block(archive_.get(), &piece, &size, &offset);
  rethrow();
  if (result != ARCHIVE_OK && result != ARCHIVE_EOF) fail();
  at_end_ = result == ARCHIVE_EOF;
  if (at_end_) size = 0;
  if (at_end_ ? given_ != size_ : size > size_ - given_ || static_cast<uint64_t>(offset) != given_)
    damaged("an entry's content is not of the size that its header tells");
  given_ += size;
  return {static_cast<const char*>(piece), size};
}

}  // namespace mini::files
