#include "builder/build/source/hash_memo.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <thread>

#include "builder/build/event/cancel.h"
#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr char kMagic[8] = {'m', 'i', 'n', 'i', 'h', 's', 'h', '1'};
constexpr size_t kFileLimit = size_t{64} << 20;
// Records of files that are gone are not searched for one by one: a table this long starts over.
constexpr size_t kForgetAbove = 500'000;

struct Header {
  char magic[8];
  uint64_t checksum;
};
static_assert(sizeof(HashMemo::Record) == 72, "the table's records have no padding");

// Against torn writes only: the store is private.
uint64_t checksum(const char* data, size_t size) {
  uint64_t sum = size;
  for (size_t at = 0; at + 8 <= size; at += 8) {
    uint64_t word;
    std::memcpy(&word, data + at, 8);
    sum = (sum ^ word) * 0x9e3779b97f4a7c15U;
    sum ^= sum >> 29;
  }
  return sum;
}

bool before(const HashMemo::Record& a, const HashMemo::Record& b) {
  return a.device != b.device ? a.device < b.device : a.inode < b.inode;
}

HashMemo::Record record_of(const files::Node& node, const files::ContentHash& hash) {
  return {node.device,
          node.inode,
          node.size,
          files::nanoseconds(node.mtime),
          files::nanoseconds(node.ctime),
          hash};
}

bool same(const HashMemo::Record& a, const HashMemo::Record& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size &&
         a.mtime_ns == b.mtime_ns && a.ctime_ns == b.ctime_ns;
}

// File systems with whole seconds only need more distance than those with ticks of a few ms.
bool is_racy(const files::Node& node, int64_t hashed_at_ns) {
  const bool coarse = node.ctime.tv_nsec == 0;
  return files::nanoseconds(node.ctime) > hashed_at_ns - (coarse ? 2'000'000'000 : 50'000'000);
}

files::ContentHash hash_file(const files::View& view, const files::Entry& entry) {
  const Fd fd = view.open(entry.path, entry);
  const Digest digest = Digest::of_fd(fd.get(), cat(view.name(), ": ", quoted(entry.path)));
  view.expect_unchanged(fd.get(), entry.path, entry);
  return content_hash(digest);
}

}  // namespace

files::ContentHash content_hash(const Digest& digest) {
  const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  files::ContentHash hash{};
  for (size_t i = 0; i < hash.size(); ++i) {
    hash[i] = static_cast<unsigned char>(nibble(digest.hex()[2 * i]) << 4 |
                                         nibble(digest.hex()[2 * i + 1]));
  }
  return hash;
}

HashMemo::HashMemo(std::string file, bool immutable)
    : file_(std::move(file)), immutable_(immutable) {
  load();
}

void HashMemo::load() {
  std::optional<std::string> data = read_file_if_exists(file_, kFileLimit);
  Header header;
  if (!data || data->size() < sizeof header) return;
  std::memcpy(&header, data->data(), sizeof header);
  const size_t size = data->size() - sizeof header;
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) == 0 && size % sizeof(Record) == 0 &&
      header.checksum == checksum(data->data() + sizeof header, size)) {
    table_ = std::move(*data);
  }
}

// A string's memory is aligned for anything, the header is 16 bytes.
std::span<const HashMemo::Record> HashMemo::known() const {
  if (table_.empty()) return {};
  return {reinterpret_cast<const Record*>(table_.data() + sizeof(Header)),
          (table_.size() - sizeof(Header)) / sizeof(Record)};
}

std::optional<files::ContentHash> HashMemo::find(const files::Node& node) const {
  const Record wanted = record_of(node, {});
  const std::span<const Record> records = known();
  const auto found = std::lower_bound(records.begin(), records.end(), wanted, before);
  if (found != records.end() && same(*found, wanted)) return found->hash;
  const std::lock_guard guard(mutex_);
  for (const std::map<Key, Record>* map : {&learned_, &fleeting_}) {
    const auto it = map->find({node.device, node.inode});
    if (it != map->end() && same(it->second, wanted)) return it->second.hash;
  }
  return {};
}

void HashMemo::add(const files::Node& node, const files::ContentHash& hash, int64_t hashed_at_ns) {
  const std::lock_guard guard(mutex_);
  const bool fleeting = file_.empty() || (!immutable_ && is_racy(node, hashed_at_ns));
  (fleeting ? fleeting_ : learned_)[{node.device, node.inode}] = record_of(node, hash);
}

void HashMemo::save() {
  const std::lock_guard guard(mutex_);
  if (learned_.empty()) return;
  std::vector<Record> all;
  all.reserve(known().size() + learned_.size());
  if (known().size() < kForgetAbove) {
    for (const Record& record : known()) {
      if (!learned_.contains({record.device, record.inode})) all.push_back(record);
    }
  }
  for (const auto& [key, record] : learned_) all.push_back(record);
  std::sort(all.begin(), all.end(), before);
  const size_t size = all.size() * sizeof(Record);
  Header header;
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.checksum = checksum(reinterpret_cast<const char*>(all.data()), size);
  std::string data(sizeof header + size, '\0');
  std::memcpy(data.data(), &header, sizeof header);
  std::memcpy(data.data() + sizeof header, all.data(), size);
  make_directories(file_.substr(0, file_.rfind('/')), 0700);
  replace_file(file_, data, false, 0600);
  table_ = std::move(data);
  learned_.clear();
}

void hash_contents(const files::View& view, const std::vector<files::Entry*>& files, HashMemo& memo,
                   const Cancel& cancel) {
  std::vector<files::Entry*> unknown;
  for (files::Entry* file : files) {
    if (const std::optional<files::ContentHash> hash = memo.find(*file)) {
      file->content = *hash;
    } else {
      unknown.push_back(file);
    }
  }
  std::atomic<size_t> next = 0;
  std::exception_ptr problem;
  std::mutex problem_mutex;
  const auto work = [&] {
    try {
      for (size_t i = next++; i < unknown.size(); i = next++) {
        cancel.check();
        const int64_t started = now_ns();
        unknown[i]->content = hash_file(view, *unknown[i]);
        memo.add(*unknown[i], unknown[i]->content, started);
      }
    } catch (...) {
      const std::lock_guard guard(problem_mutex);
      problem = std::current_exception();
      next = unknown.size();
    }
  };
  constexpr size_t kWorthAThread = 16;
  std::thread second;
  if (unknown.size() >= kWorthAThread) second = std::thread(work);
  work();
  if (second.joinable()) second.join();
  if (problem) std::rethrow_exception(problem);
}

}  // namespace mini::build
