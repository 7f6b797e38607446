// A libFuzzer entry for everything that reads what a registry says: manifests and indexes,
// WWW-Authenticate, Location, references, the settings. Whatever the bytes, the only way out
// besides returning is mini::Error, and what was understood can be said again. Not built by
// default:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/registry_fuzz.cc
//   runtime/registry/{challenge,document,settings,url}.cc
//   runtime/image/{manifest,reference,config}.cc runtime/base/*.cc -lcrypto
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "runtime/base/error.h"
#include "runtime/registry/distribution/document.h"
#include "runtime/registry/http/challenge.h"
#include "runtime/registry/http/settings.h"

namespace {

namespace rg = mini::registry;

template <class Work>
void attempt(Work work) {
  try {
    work();
  } catch (const mini::Error&) {
    // Refusing is an answer.
  }
}

void require(bool holds) {
  if (!holds) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  attempt([&] {
    const rg::Document document = rg::Document::parse(text, "", "document");
    if (document.is_index())
      document.items("index");
    else
      mini::image::Manifest::parse(document.bytes, "manifest");
  });
  rg::parse_challenges(text);
  attempt([&] {
    const rg::Url url = rg::Url::parse(text);
    require(rg::Url::parse(url.str()) == url);
  });
  attempt([&] {
    const rg::Url from = rg::Url::parse("https://registry.example/v2/a/b?c=d");
    const rg::Url to = from.resolve(text);
    require(rg::Url::parse(to.str()) == to);
  });
  attempt([&] {
    const auto reference = mini::image::Reference::parse(text);
    require(mini::image::Reference::parse(reference.full()).full() == reference.full());
  });
  attempt([&] { rg::Settings::parse(text, "config.json"); });
  return 0;
}
