#include "runtime/image/document/index.h"

#include "runtime/base/json.h"
#include "tests/unit/runtime/image/store_fixture.h"

namespace mini::image {
namespace {

using testing::HasSubstr;

class IndexTest : public StoreTest {
 protected:
  IndexTest() {
    make_directories(paths_.root);
    file_.make_layout();
  }
  static Index rows() {
    IndexRow plain{Digest::of("m"), 7, "docker.io/library/a:1", Digest::of("c"), 123, 456, {}, {}};
    IndexRow dangling = plain;
    dangling.tag.clear();
    IndexRow labelled = plain;
    labelled.labels = {{"quote\"", "back\\slash\n"}, {"z", ""}, {"caf\xc3\xa9", "{}"}};
    IndexRow docker = plain;
    docker.tag = "docker.io/library/a:2";
    docker.manifest_type = kDockerManifestType;
    docker.repo_digests = {"docker.io/library/a@" + Digest::of("i").str(),
                           "r:5000/a@" + Digest::of("j").str()};
    return {plain, dangling, labelled, docker};
  }
  std::string text() const { return read_file(paths_.root + "/images/index.json"); }
  IndexFile file_{paths_};
};

TEST_F(IndexTest, EveryRowSurvives) {
  for (size_t count = 0; count <= rows().size(); ++count) {
    Index expected = rows();
    expected.resize(count);
    file_.update([&](Index& index) { index = expected; });
    EXPECT_EQ(file_.read(), expected) << count;
  }
}

TEST_F(IndexTest, TheBytesAreWhatTheyHaveAlwaysBeen) {
  file_.update([](Index& index) { index = rows(); });
  EXPECT_EQ(Digest::of(text()).str(),
            "sha256:a22ad946ef5de5ae886e747e42eafa18d2421880f587093888e3b11264ec3beb");
}

TEST_F(IndexTest, AnIndexInAnotherLayoutOfTheSameJsonReadsTheSame) {
  file_.update([](Index& index) { index = rows(); });
  const Json document = parse_json(text(), "index");
  EXPECT_EQ(document["manifests"].size(), rows().size());
  for (const int indent : {-1, 2}) {
    write_file(paths_.root + "/images/index.json", document.dump(indent));
    EXPECT_EQ(file_.read(), rows()) << indent;
  }
}

TEST_F(IndexTest, DamageIsNotReadAsSomethingElse) {
  file_.update([](Index& index) { index = rows(); });
  const std::string sound = text();
  for (const size_t cut : {size_t{1}, sound.size() / 3, sound.size() / 2, sound.size() - 3}) {
    write_file(paths_.root + "/images/index.json", sound.substr(0, cut));
    EXPECT_THAT(message_of([&] { file_.read(); }), HasSubstr("index.json")) << cut;
  }
  for (const char* key : {"mini.created", "mini.id", "mini.size", "digest", "mediaType"}) {
    std::string changed = sound;
    changed.replace(changed.find(key), 4, "gone");
    write_file(paths_.root + "/images/index.json", changed);
    EXPECT_THAT(message_of([&] { file_.read(); }), HasSubstr("index.json")) << key;
  }
}

TEST_F(IndexTest, AChangeThatChangesNothingWritesNothing) {
  file_.update([](Index& index) { index = rows(); });
  const struct stat before = status(paths_.root + "/images/index.json");
  file_.update([](Index& index) { index = rows(); });
  EXPECT_EQ(status(paths_.root + "/images/index.json").st_ino, before.st_ino);
}

}  // namespace
}  // namespace mini::image
