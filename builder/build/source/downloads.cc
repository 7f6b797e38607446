#include "builder/build/source/downloads.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json_members.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"

namespace mini::build {

struct Downloads::Record {
  std::string url, etag, last_modified, name;
  Digest digest;
};

static void describe(JsonMembers& json, Downloads::Record& record) {
  json.required("url", record.url);
  json.always("etag", record.etag);
  json.always("lastModified", record.last_modified);
  json.always("name", record.name);
  json.required("digest", record.digest);
}

namespace {

constexpr uint64_t kLimit = 64ULL << 30;
constexpr int kFetchMs = 3'600'000;  // another build may be fetching it

std::string folder(const StatePaths& paths) {
  return paths.root + "/cache/downloads";
}

// The last component of the URL's path; empty when that is not a file name.
std::string name_in(const std::string& url) {
  const size_t host = url.find("://");
  const size_t end = url.find_first_of("?#");
  const std::string_view path = std::string_view(url).substr(0, end);
  const size_t slash = path.rfind('/');
  if (host == url.npos || slash < host + 3) return {};
  return std::string(path.substr(slash + 1));
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
         name.find_first_of(std::string_view("/\0", 2)) == name.npos;
}

std::string choose_name(const std::string& url, const std::string& offered) {
  for (const std::string& name : {name_in(url), offered}) {
    if (is_file_name(name)) return name;
  }
  return "download";
}

bool is_whole(const std::string& path, const Digest& digest) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return fd && Digest::of_fd(fd.get(), path) == digest;
}

}  // namespace

std::optional<Downloads::Record> Downloads::read_record(const std::string& directory) const {
  const auto text = read_file_if_exists(directory + "/record");
  if (!text) return {};
  try {
    auto record = read_json<Record>(*text, "record");
    if (!is_whole(cat(directory, '/', record.digest.hex()), record.digest)) return {};
    return record;
  } catch (const Error&) {
    return {};  // torn, or of another version: fetched again
  }
}

Downloads::Record Downloads::fetch(const std::string& directory, const std::string& url,
                                   const std::optional<Record>& known) const {
  if (!fetch_) throw Error(cat(printable(url), ": not fetched (--offline)"));
  const std::string fresh = cat(directory, "/new.", random_hex(8));
  Fd file;
  Sha256 hash;
  UrlAnswer answer;
  try {
    answer = fetch_(
        {url, known ? known->etag : "", known ? known->last_modified : "", kLimit, cancel_.fd()},
        [&] {
          file = Fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
          if (!file) throw SysError(fresh);
          hash = Sha256();
        },
        [&](std::string_view piece) {
          write_all(file.get(), piece, fresh);
          hash.update(piece);
        });
  } catch (...) {
    unlink(fresh.c_str());
    cancel_.check();
    throw;
  }
  if (answer.unchanged && known) return *known;
  Record record{url, answer.etag, answer.last_modified, choose_name(url, answer.file_name), {}};
  record.digest = hash.finish();
  file.reset();
  rename_path(fresh, cat(directory, '/', record.digest.hex()));
  replace_file(directory + "/record", write_json(record), false, 0600);
  return record;
}

// Content that no record names any more is removed when none of it is in use.
void Downloads::hold(const std::string& directory) {
  make_directories(directory, 0700);
  const std::string lock = directory + ".lock";
  if (const auto alone = FileLock::try_acquire(lock, LockMode::exclusive)) {
    const std::optional<Record> record = read_record(directory);
    for (const std::string& name : list_directory(directory)) {
      if (name != "record" && (!record || name != record->digest.hex()))
        unlink(cat(directory, '/', name).c_str());
    }
  }
  FileLock shared = FileLock::acquire(lock, LockMode::shared, "a download");
  make_directories(directory, 0700);
  const std::lock_guard guard(mutex_);
  held_.push_back(std::move(shared));
}

Downloads::File Downloads::get(const std::string& url, const std::optional<Digest>& checksum) {
  const std::string directory = cat(folder(paths_), '/', Digest::of(url).hex());
  hold(directory);
  const FileLock fetching =
      FileLock::acquire(directory + ".fetch", LockMode::exclusive, "a download", kFetchMs);
  std::optional<Record> record = read_record(directory);
  if (!record || !checksum || record->digest != *checksum) record = fetch(directory, url, record);
  if (checksum && record->digest != *checksum) {
    throw Error(
        cat(printable(url), ": has the digest ", record->digest.str(), ", not ", checksum->str()),
        "check the URL and --checksum");
  }
  utimensat(AT_FDCWD, (directory + "/record").c_str(), nullptr, 0);
  return {record->name, directory, record->digest};
}

std::vector<DownloadInfo> list_downloads(const StatePaths& paths) {
  std::vector<DownloadInfo> out;
  for (const std::string& id : list_directory(folder(paths))) {
    if (id.find('.') != id.npos) continue;  // a lock
    const std::string directory = cat(folder(paths), '/', id);
    DownloadInfo entry;
    entry.id = id;
    entry.size = disk_usage(directory);
    entry.in_use = !FileLock::try_acquire(directory + ".lock", LockMode::exclusive);
    struct stat info;
    if (stat((directory + "/record").c_str(), &info) == 0)
      entry.used_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
    try {
      if (const auto text = read_file_if_exists(directory + "/record"))
        entry.url = read_json<Downloads::Record>(*text, "record").url;
    } catch (const Error&) {
      // A torn record does not hide what the disk holds.
    }
    out.push_back(std::move(entry));
  }
  return out;
}

bool remove_download(const StatePaths& paths, const std::string& id) {
  const std::string directory = cat(folder(paths), '/', id);
  const auto alone = FileLock::try_acquire(directory + ".lock", LockMode::exclusive);
  if (!alone) return false;
  remove_tree(directory);
  return true;
}

}  // namespace mini::build
