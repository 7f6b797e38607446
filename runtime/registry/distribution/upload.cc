#include "runtime/registry/distribution/upload.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr int kCreated = 201, kAccepted = 202;
constexpr size_t kSmallAnswer = 64 << 10;

std::string shown(const image::Descriptor& blob) {
  return cat("blob ", blob.digest.str());
}

}  // namespace

bool Uploader::has(const image::Descriptor& blob) {
  Call call;
  call.method = "HEAD";
  call.path = cat(repository_.reference().repository, "/blobs/", blob.digest.str());
  call.scope = repository_.scope();
  Response response = repository_.registry().ask(call, {200, 404}, shown(blob));
  const bool there = response.head.status == 200;
  response.rest(kSmallAnswer);
  return there;
}

Call Uploader::begin(const std::string& query, const std::string& scope) const {
  Call call;
  call.method = "POST";
  call.path = cat(repository_.reference().repository, "/blobs/uploads/", query);
  call.scope = scope;
  call.body_size = 0;
  return call;
}

bool Uploader::mount_from(const image::Descriptor& blob,
                          const std::vector<std::string>& repositories) {
  for (const std::string& from : repositories) {
    try {
      const Call call = begin(cat("?mount=", blob.digest.str(), "&from=", percent_encode(from)),
                              cat(repository_.scope(), " repository:", from, ":pull"));
      Response response = repository_.registry().ask(call, {kCreated, kAccepted}, "upload");
      response.rest(kSmallAnswer);
      // Otherwise the registry has begun an upload, which it forgets when nothing comes.
      if (response.head.status == kCreated) return true;
    } catch (const Error& error) {
      // Perhaps that repository is somebody else's by now.
      debug("mount: ", error.what());
    }
  }
  return false;
}

void Uploader::upload(const image::Descriptor& blob, const BlobReader& reader,
                      const std::function<void(uint64_t)>& on_bytes) {
  const Settings& settings = repository_.settings();
  RetryPlan plan(settings.attempts, settings.retry_delay_ms);
  for (;;) {
    try {
      return send(blob, reader, on_bytes);
    } catch (const Error& error) {
      if (!wait_to_retry(plan, error)) throw;
    }
  }
}

void Uploader::send(const image::Descriptor& blob, const BlobReader& reader,
                    const std::function<void(uint64_t)>& on_bytes) {
  Client& client = repository_.registry();
  // A single attempt: `upload` has the plan.
  Response begun = client.send(begin("", repository_.scope()));
  if (begun.head.status != kAccepted) client.refuse(begun, "upload");
  begun.rest(kSmallAnswer);
  const Url place = with_context(cat(client.name(), ": upload"),
                                 [&] { return begun.from.resolve(begun.head.header("location")); });
  if (begun.from.scheme == "https" && place.scheme != "https")
    throw Error(cat(client.name(), ": requests the upload to ", place.origin(),
                    ", which is not encrypted"));
  Call call;
  call.method = "PUT";
  call.url = place.with_query("digest", blob.digest.str());
  call.scope = repository_.scope();
  call.headers.push_back("Content-Type: application/octet-stream");
  call.body_size = blob.size;
  call.body = [&] {
    return [bytes = reader(), sent = uint64_t{0}, &on_bytes](char* to, size_t size) mutable {
      const size_t got = bytes(to, size);
      sent += got;
      on_bytes(sent);
      return got;
    };
  };
  Response response = client.send(call);
  if (response.head.status != kCreated) client.refuse(response, shown(blob));
  response.rest(kSmallAnswer);
}

void Uploader::put_manifest(const std::string& bytes, const std::string& media_type,
                            const std::string& tag) {
  Client& client = repository_.registry();
  const std::string name = cat("manifest of ", repository_.reference().familiar());
  Call call;
  call.method = "PUT";
  call.path = cat(repository_.reference().repository, "/manifests/", tag);
  call.scope = repository_.scope();
  call.headers.push_back(cat("Content-Type: ", media_type));
  call.body_size = bytes.size();
  call.body = [&] {
    return [&bytes, at = size_t{0}](char* to, size_t size) mutable {
      const size_t length = std::min(size, bytes.size() - at);
      memcpy(to, bytes.data() + at, length);
      at += length;
      return length;
    };
  };
  Response response = client.ask(call, {kCreated, 200, kAccepted}, name);
  response.rest(kSmallAnswer);
  const std::string announced = response.head.header("docker-content-digest");
  if (Digest::is_valid(announced) && announced != Digest::of(bytes).str())
    throw Error(cat(client.name(), ": ", name, ": was stored under another digest"));
}

}  // namespace mini::registry
