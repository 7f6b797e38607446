#include "builder/build/cache/explain.h"

#include <gmock/gmock.h>

#include <deque>

namespace mini::build {
namespace {

using ::testing::HasSubstr;

PlannedEntry file(const std::string& path, const std::string& content, uint32_t mode = 0644) {
  PlannedEntry entry;
  entry.path = path;
  entry.mode = S_IFREG | mode;
  entry.text = content;
  entry.is_inline = true;
  entry.source.path = "src/" + path;
  return entry;
}

// A key with the files that it looks at.
StepKey key_of(std::vector<PlannedEntry> files,
               const std::vector<KeyPart>& parts = {{"parent", "p"}}) {
  static std::deque<std::vector<PlannedEntry>> kept;
  StepKey key;
  for (const KeyPart& part : parts) key.add(part.name, part.value);
  if (!files.empty()) key.add_files(kept.emplace_back(std::move(files)));
  return key;
}

std::string explain(const StepKey& before, const StepKey& now) {
  return explain_difference(before.parts(), before.listing(), now);
}

TEST(StepKey, EveryPartCounts) {
  const Digest base = key_of({file("a", "1")}).digest();
  EXPECT_EQ(base, key_of({file("a", "1")}).digest());
  EXPECT_NE(base, key_of({file("a", "2")}).digest());
  EXPECT_NE(base, key_of({file("b", "1")}).digest());
  EXPECT_NE(base, key_of({file("a", "1", 0600)}).digest());
  EXPECT_NE(base, key_of({file("a", "1")}, {{"parent", "q"}}).digest());
  PlannedEntry owned = file("a", "1");
  owned.gid = 1;
  EXPECT_NE(base, key_of({owned}).digest());
  PlannedEntry marked = file("a", "1");
  marked.attributes["security.capability"] = "x";
  EXPECT_NE(base, key_of({marked}).digest());
}

TEST(StepKey, TimesOfTheSourceDoNotCount) {
  PlannedEntry touched = file("a", "1");
  touched.source.mtime = touched.source.ctime = {0, 12345};
  touched.source.inode = 77;
  EXPECT_EQ(key_of({file("a", "1")}).digest(), key_of({touched}).digest());
}

TEST(StepKey, PartsCannotRunTogether) {
  EXPECT_NE(key_of({}, {{"a", "bc"}}).digest(), key_of({}, {{"ab", "c"}}).digest());
  EXPECT_NE(key_of({}, {{"a", "b"}, {"c", "d"}}).digest(), key_of({}, {{"a", "bcd"}}).digest());
}

TEST(Explain, NamesTheFile) {
  const StepKey before = key_of({file("a", "1"), file("b", "1"), file("c", "1")});
  EXPECT_EQ(explain(before, key_of({file("a", "1"), file("b", "2"), file("c", "1")})),
            "changed: file src/b (content)");
  EXPECT_EQ(explain(before, key_of({file("a", "1"), file("b", "1", 0600), file("c", "1")})),
            "changed: file src/b (mode 644 -> 600)");
  EXPECT_EQ(explain(before, key_of({file("a", "1"), file("c", "1")})), "gone: b");
  EXPECT_EQ(
      explain(before, key_of({file("a", "1"), file("b", "1"), file("c", "1"), file("d", "1")})),
      "new: src/d");
}

TEST(Explain, CountsWhatItDoesNotShow) {
  std::vector<PlannedEntry> old_files, new_files;
  for (int i = 0; i < 10; ++i) {
    old_files.push_back(file("f" + std::to_string(i), "old"));
    new_files.push_back(file("f" + std::to_string(i), "new"));
  }
  EXPECT_THAT(explain(key_of(old_files), key_of(new_files)), HasSubstr("; and 7 more"));
}

TEST(Explain, NamesTheValue) {
  const StepKey before = key_of({}, {{"parent", "p"}, {"command", "make"}, {"env X", "1"}});
  EXPECT_EQ(explain(before, key_of({}, {{"parent", "p"}, {"command", "make"}, {"env X", "2"}})),
            "value of X changed: \"1\" -> \"2\"");
  EXPECT_EQ(explain(before, key_of({}, {{"parent", "p"}, {"command", "make"}})),
            "value of X changed: \"1\" -> (unset)");
  EXPECT_EQ(explain(before, key_of({}, {{"parent", "q"}, {"command", "make"}, {"env X", "1"}})),
            "the files of the previous step changed");
  EXPECT_EQ(explain(before, key_of({}, {{"parent", "p"}, {"command", "true"}, {"env X", "1"}})),
            "the command changed");
  EXPECT_EQ(explain(before, before), "its result is not in the store any more");
}

TEST(Explain, FindsTheSameStep) {
  const Digest a = Digest::of("a"), b = Digest::of("b"), c = Digest::of("c");
  const std::vector<PastStep> past = {{"RUN one", a}, {"COPY x /", b}, {"RUN two", c}};
  EXPECT_EQ(same_step(past, "RUN one", 0)->key, a);
  EXPECT_EQ(same_step(past, "RUN two", 0)->key, c);    // moved
  EXPECT_EQ(same_step(past, "RUN new", 2)->key, c);    // edited
  EXPECT_EQ(same_step(past, "COPY y /", 0), nullptr);  // another kind of step there
  EXPECT_EQ(same_step(past, "RUN x", 9), nullptr);
}

}  // namespace
}  // namespace mini::build
