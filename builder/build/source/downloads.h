// Files that ADD takes from the web, kept between builds:
//
//   <root>/cache/downloads/<SHA-256 of the URL>/record    {"url", "digest", "etag", "lastModified",
//                                                         "name"}; its mtime is the last use
//                                              /<digest>  the content
//   <root>/cache/downloads/<SHA-256>.lock       held shared by builds that use it
//   <root>/cache/downloads/<SHA-256>.fetch      held by the one that asks the server
//
// A file that its server calls unchanged is not fetched twice, and one whose digest the Dockerfile
// names is not even asked for. The content is verified before it is used; what is damaged is
// fetched again. What a build uses stays locked for as long as the Downloads live. The URL is never
// used as a path. Safe to use from several threads.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "builder/build/event/cancel.h"
#include "builder/build/source/options.h"
#include "runtime/base/digest.h"
#include "runtime/base/lock.h"
#include "runtime/base/state_paths.h"

namespace mini::build {

class Downloads {
 public:
  // `fetch` may be empty: then only what is here and named by its digest can be had. `cancel`
  // outlives this.
  Downloads(const StatePaths& paths, FetchUrl fetch, const Cancel& cancel)
      : paths_(paths), fetch_(std::move(fetch)), cancel_(cancel) {}

  struct File {
    std::string name;       // one clean component: from the URL, else from the server
    std::string directory;  // holds the content under its digest's hex
    Digest digest;
  };
  // Throws Error: the URL cannot be had, or has another digest than `checksum`.
  File get(const std::string& url, const std::optional<Digest>& checksum);

  struct Record;  // what is remembered of a download

 private:
  std::optional<Record> read_record(const std::string& directory) const;
  Record fetch(const std::string& directory, const std::string& url,
               const std::optional<Record>& known) const;
  void hold(const std::string& directory);

  const StatePaths paths_;
  const FetchUrl fetch_;
  const Cancel& cancel_;
  std::mutex mutex_;
  std::vector<FileLock> held_;
};

struct DownloadInfo {
  std::string id;  // 64 hex: of the URL
  std::string url;
  uint64_t size = 0;  // on the disk
  bool in_use = false;
  int64_t used_ns = 0;
};
std::vector<DownloadInfo> list_downloads(const StatePaths& paths);
// False when a build holds it.
bool remove_download(const StatePaths& paths, const std::string& id);

}  // namespace mini::build
