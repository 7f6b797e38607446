// What a build is asked to do: the flags of `mini build` as plain values, checked by cmd.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/image/document/reference.h"

namespace mini::engine {
struct HostConfig;
}

namespace mini::build {

class CacheSource;  // cache_source.h

struct Secret {  // --secret id=ID[,src=FILE|,env=NAME]
  std::string id;
  std::string file;  // host path; or
  std::string env;   // a variable of mini's own environment
};

enum class Network { standard, none, host };
enum class Pull { missing, always, never };
// Pulls an image into the store, even if it is there; `tell` receives the progress. Throws.
using Fetch = std::function<void(const std::string& image,
                                 const std::function<void(const std::string& progress)>& tell)>;

// Fetches one file by http or https: gives its bytes to the second function, after calling the
// first one, which forgets what came before. `unchanged`: the server says that the file with these
// validators is still the same, and nothing was given. Throws.
struct UrlRequest {
  std::string url, etag, last_modified;
  uint64_t limit = 0;  // bytes
  int cancel_fd = -1;  // readable: give up
};
struct UrlAnswer {
  bool unchanged = false;
  std::string etag, last_modified, file_name;
};
using FetchUrl =
    std::function<UrlAnswer(const UrlRequest& request, const std::function<void()>& begin,
                            const std::function<void(std::string_view piece)>& piece)>;

struct BuildOptions {
  std::string context = ".";        // a directory, or "-": a tar (or, alone, a Dockerfile) on stdin
  std::optional<std::string> file;  // -f: path from the working directory, "-": stdin
  bool file_in_context = false;     // -f is a path of the context, not of the working directory
  int stdin_fd = 0;
  std::vector<image::Reference> tags;
  std::string target;                             // stage name or index; empty: the last
  std::map<std::string, std::string> build_args;  // --build-arg; without a value: resolved by cmd
  std::map<std::string, std::string> labels;
  std::vector<Secret> secrets;
  std::map<std::string, std::string> ssh_agents;  // --ssh: ID -> socket
  bool no_cache = false;
  std::map<std::string, std::string> contexts;  // --build-context: a directory, docker-image://REF
  std::set<std::string> no_cache_stages;        // --no-cache=STAGE, lower case
  Network network = Network::standard;          // for RUN without its own --network
  bool allow_insecure = false;                  // --allow security.insecure
  bool allow_host_network = false;              // --allow network.host
  std::vector<std::string> add_hosts;           // "name:address"
  std::string platform;                         // empty, or the host's: anything else is refused
  std::vector<std::shared_ptr<CacheSource>> cache_from;
  // Limits, --security-opt and --cgroup-parent of every RUN; none: the defaults.
  std::shared_ptr<const engine::HostConfig> run_limits;
  Pull pull = Pull::missing;
  Fetch fetch;                    // none: only what is in the store
  FetchUrl fetch_url;             // none: --offline
  int64_t source_date_epoch = 0;  // seconds; clamps times, is the image's `created`
  int cancel_fd = -1;             // readable: stop (finished steps stay cached), throws
};

// The build argument that takes the place of the Dockerfile's `# check=`.
std::optional<std::string> check_override(const BuildOptions& options);

}  // namespace mini::build
