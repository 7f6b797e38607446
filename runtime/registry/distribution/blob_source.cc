#include "runtime/registry/distribution/blob_source.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr int kPartialContent = 206;
constexpr size_t kSmallBlob = 4 << 20;
constexpr uint64_t kWorthwhile = 64 << 10;  // bytes that make a connection one that works

RetryPlan fresh_plan(const Settings& settings) {
  return RetryPlan(settings.attempts, settings.retry_delay_ms);
}

}  // namespace

BlobSource::BlobSource(Repository& repository, const image::Descriptor& blob, uint64_t offset,
                       std::function<void(uint64_t)> on_bytes, size_t first_client)
    : repository_(repository),
      blob_(blob),
      shown_(cat("blob ", blob.digest.str())),
      position_(offset),
      on_bytes_(std::move(on_bytes)),
      client_(first_client),
      plan_(fresh_plan(repository.settings())) {}

size_t BlobSource::read(char* to, size_t size) {
  size_t done = 0;
  while (done < size && position_ < blob_.size) {
    if (piece_.empty()) piece_ = next_piece();
    const size_t length = std::min(size - done, piece_.size());
    memcpy(to + done, piece_.data(), length);
    piece_.remove_prefix(length);
    position_ += length;
    done += length;
  }
  if (done > 0 && on_bytes_) on_bytes_(position_);
  return done;
}

std::string BlobSource::rest() {
  if (blob_.size > kSmallBlob)
    throw Error(cat(shown_, ": larger than ", kSmallBlob, " bytes, too large"));
  std::string bytes(blob_.size - position_, '\0');
  read(bytes.data(), bytes.size());
  return bytes;
}

std::string_view BlobSource::next_piece() {
  for (;;) {
    try {
      std::string_view piece;
      if (!response_) piece = open();
      if (piece.empty()) piece = response_->read();
      if (piece.empty())
        throw TransportError(TransportError::Cause::network,
                             cat(repository_.clients()[client_]->name(), ": ", shown_,
                                 ": ends after ", position_, " of ", blob_.size, " bytes"));
      if (piece.size() > blob_.size - position_)
        throw Error(cat(repository_.clients()[client_]->name(), ": ", shown_,
                        ": is longer than the ", blob_.size, " bytes given in the manifest"));
      // A few bytes each time are no reason to continue forever.
      gained_ += piece.size();
      if (gained_ >= kWorthwhile) plan_.progress();
      return piece;
    } catch (const Error& error) {
      response_.reset();
      recover(error);
    }
  }
}

// Gives what came along with the end of what was skipped.
std::string_view BlobSource::open() {
  Client& client = *repository_.clients()[client_];
  Call call;
  call.path = cat(repository_.reference().repository, "/blobs/", blob_.digest.str());
  call.scope = repository_.scope();
  if (position_ > 0) call.headers.push_back(cat("Range: bytes=", position_, "-"));
  // A single attempt: this stream has the plan.
  Response response = client.send(call);
  const int status = response.head.status;
  if (status != 200 && status != kPartialContent) client.refuse(response, shown_);
  if (status == kPartialContent &&
      !response.head.header("content-range").starts_with(cat("bytes ", position_, "-")))
    throw Error(cat(client.name(), ": ", shown_, ": sent a different range than requested"));
  response_.emplace(std::move(response));
  return status == 200 ? skip(position_) : std::string_view();
}

// For a server without range support: what is already here arrives again.
std::string_view BlobSource::skip(uint64_t bytes) {
  std::string_view rest;
  while (bytes > 0) {
    std::string_view piece = response_->read();
    if (piece.empty())
      throw TransportError(TransportError::Cause::network, cat(shown_, ": ends too early"));
    const size_t length = std::min<uint64_t>(bytes, piece.size());
    bytes -= length;
    rest = piece.substr(length);
  }
  return rest;
}

void BlobSource::recover(const Error& error) {
  gained_ = 0;
  if (wait_to_retry(plan_, error)) return;
  if (client_ + 1 >= repository_.clients().size()) throw;
  warn_once(cat(repository_.clients()[client_]->name(), ": skipped: ", error.what()));
  ++client_;
  plan_ = fresh_plan(repository_.settings());
}

}  // namespace mini::registry
