#include "runtime/base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini {
namespace {

constexpr std::array kQualities = {
    "able",   "agile",    "amber",   "ample",    "apt",    "bold",   "brave",  "brisk",
    "calm",   "candid",   "clear",   "clever",   "cosmic", "crisp",  "daring", "deft",
    "eager",  "earnest",  "fair",    "fearless", "fine",   "fluent", "frank",  "gentle",
    "glad",   "golden",   "grand",   "hardy",    "honest", "humble", "jolly",  "keen",
    "kind",   "lively",   "loyal",   "lucid",    "mellow", "merry",  "mighty", "modest",
    "neat",   "nimble",   "noble",   "patient",  "placid", "polite", "prompt", "proud",
    "quick",  "quiet",    "radiant", "rapid",    "ready",  "robust", "serene", "sharp",
    "silent", "sincere",  "steady",  "sturdy",   "subtle", "sunny",  "swift",  "tender",
    "tidy",   "tranquil", "upbeat",  "valiant",  "vivid",  "warm",   "wise",   "witty"};

constexpr std::array kPeople = {
    "abel",        "allen",         "ampere",  "archimedes", "babbage",    "banach",
    "bardeen",     "bell",          "bohr",    "boltzmann",  "boole",      "carson",
    "cerf",        "chandrasekhar", "church",  "clarke",     "copernicus", "curie",
    "darwin",      "dijkstra",      "dirac",   "einstein",   "engelbart",  "euclid",
    "euler",       "faraday",       "fermat",  "fermi",      "feynman",    "franklin",
    "galileo",     "galois",        "gauss",   "germain",    "godel",      "hamilton",
    "hawking",     "hertz",         "hilbert", "hodgkin",    "hopper",     "hubble",
    "hypatia",     "johnson",       "joule",   "kepler",     "knuth",      "kowalevski",
    "lamarr",      "laplace",       "leavitt", "leibniz",    "liskov",     "lovelace",
    "maxwell",     "mcclintock",    "meitner", "mendel",     "mirzakhani", "newton",
    "nightingale", "noether",       "pascal",  "pasteur",    "perlman",    "planck",
    "ramanujan",   "ritchie",       "rubin",   "shannon",    "somerville", "tesla",
    "thompson",    "turing",        "volta",   "wiles",      "wilkes",     "wozniak",
    "wu",          "yalow"};

constexpr size_t kShortId = 12;

void fill_random(void* buffer, size_t size) {
  auto* bytes = static_cast<unsigned char*>(buffer);
  while (size > 0) {
    const ssize_t got = getrandom(bytes, size, 0);
    if (got < 0 && errno != EINTR) throw SysError("random numbers");
    if (got < 0) continue;
    bytes += got;
    size -= static_cast<size_t>(got);
  }
}

}  // namespace

std::string random_hex(int digits) {
  std::vector<unsigned char> bytes(static_cast<size_t>(digits));
  fill_random(bytes.data(), bytes.size());
  std::string out;
  out.reserve(bytes.size());
  for (const unsigned char byte : bytes) out += "0123456789abcdef"[byte & 15];
  return out;
}

std::string random_id() {
  std::string id = random_hex(64);
  while (id.find_first_not_of("0123456789") >= kShortId) id = random_hex(64);
  return id;
}

std::string random_name() {
  uint32_t numbers[2];
  fill_random(numbers, sizeof numbers);
  return cat(kQualities[numbers[0] % kQualities.size()], '_', kPeople[numbers[1] % kPeople.size()]);
}

}  // namespace mini
