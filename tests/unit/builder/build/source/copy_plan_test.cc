// BuildKit's rules of where COPY puts what, as a table, and the cases around them.
#include "builder/build/source/copy_plan.h"

#include <gmock/gmock.h>

#include "runtime/base/text.h"
#include "tests/unit/scratch_tree.h"

namespace mini::build {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CopyPlanTest : public ::testing::Test {
 protected:
  CopyPlanTest() {
    context.file("file", "content");
    context.file("other");
    context.file("dir/one");
    context.file("dir/sub/two");
    context.link("dir/link", "one");
    context.link("to-file", "dir/one");
    context.link("to-dir", "dir");
    image.directory("existing", 0700);
    image.file("existing/sub/old");
    image.file("plain");
    image.link("link-to-existing", "existing");
  }

  CopyOrigin origin() {
    CopyOrigin result;
    result.view = &context_view;
    return result;
  }

  CopyRequest request(const std::string& destination) {
    CopyRequest result;
    result.rootfs = &image_view;
    result.destination = destination;
    return result;
  }

  std::vector<PlannedEntry> plan(const CopyRequest& wanted,
                                 const std::vector<std::string>& sources) {
    CopyPlan result(wanted);
    result.expect_many(sources.size() > 1);
    for (const std::string& source : sources) {
      if (wanted.parents) {
        result.add_with_parents(origin(), source);
      } else {
        result.add(origin(), source);
      }
    }
    return result.finish();
  }

  std::vector<std::string> paths(const std::string& destination,
                                 const std::vector<std::string>& sources) {
    return names(plan(request(destination), sources));
  }

  static std::vector<std::string> names(const std::vector<PlannedEntry>& entries) {
    std::vector<std::string> result;
    for (const PlannedEntry& entry : entries) result.push_back(entry.path);
    return result;
  }

  std::string problem(const std::string& destination, const std::vector<std::string>& sources) {
    try {
      paths(destination, sources);
    } catch (const Error& error) {
      return cat(error.what(), " | ", error.hint());
    }
    return "no error";
  }

  ScratchTree context, image;
  files::View context_view = context.view();
  files::View image_view = files::View::of_layers({image.path()});
};

TEST_F(CopyPlanTest, Destinations) {
  const struct {
    const char* destination;
    std::vector<std::string> sources, want;
  } kTable[] = {
      {"/new", {"file"}, {"new"}},
      {"/new/", {"file"}, {"new", "new/file"}},
      {"/new/.", {"file"}, {"new", "new/file"}},
      {"/", {"file"}, {"file"}},
      {"/a/b/c", {"file"}, {"a", "a/b", "a/b/c"}},
      {"/plain", {"file"}, {"plain"}},
      {"/existing", {"file"}, {"existing", "existing/file"}},
      {"/existing/", {"file"}, {"existing", "existing/file"}},
      {"/link-to-existing", {"file"}, {"existing", "existing/file"}},
      {"/link-to-existing/x", {"file"}, {"existing", "existing/x"}},
      {"/d/", {"file", "other"}, {"d", "d/file", "d/other"}},
      {"/existing", {"file", "other"}, {"existing", "existing/file", "existing/other"}},
      {"/d", {"dir"}, {"d", "d/link", "d/one", "d/sub", "d/sub/two"}},
      {"/d/", {"dir"}, {"d", "d/link", "d/one", "d/sub", "d/sub/two"}},
      {"/", {"dir"}, {"link", "one", "sub", "sub/two"}},
      {"/", {"dir/"}, {"link", "one", "sub", "sub/two"}},
      {"/d/", {"dir", "file"}, {"d", "d/file", "d/link", "d/one", "d/sub", "d/sub/two"}},
      {"/x", {"to-file"}, {"x"}},
      {"/x/", {"to-file"}, {"x", "x/to-file"}},
      {"/x/", {"to-dir"}, {"x", "x/link", "x/one", "x/sub", "x/sub/two"}},
      {"/x/", {"to-dir/sub"}, {"x", "x/two"}},
      {"/x/", {"/file"}, {"x", "x/file"}},
      {"/x/", {"../file"}, {"x", "x/file"}},
      {"/x/", {"fi*"}, {"x", "x/file"}},
      {"/x/", {"[fo]*"}, {"x", "x/file", "x/other"}},
      {"/x/", {"*/one"}, {"x", "x/one"}},
      {"/x/", {"di?"}, {"x", "x/link", "x/one", "x/sub", "x/sub/two"}},
      {"/x/", {"dir/*"}, {"x", "x/link", "x/one", "x/two"}},
      {"/x", {"*.nothing"}, {}},
  };
  for (const auto& row : kTable) {
    EXPECT_EQ(paths(row.destination, row.sources), row.want)
        << join(row.sources, " ") << " -> " << row.destination;
  }
}

TEST_F(CopyPlanTest, Refusals) {
  EXPECT_THAT(problem("/x", {"file", "other"}), HasSubstr("end it with a slash: /x/"));
  EXPECT_THAT(problem("/x", {"[fo]*"}), HasSubstr("several sources"));
  EXPECT_THAT(problem("/x", {"fiel"}), HasSubstr("did you mean \"file\"?"));
  EXPECT_THAT(problem("/x", {"dir/sub/tow"}), HasSubstr("did you mean \"dir/sub/two\"?"));
  EXPECT_THAT(problem("/x", {"../nowhere"}), HasSubstr("resolved in the context"));
  EXPECT_THAT(problem("/plain/", {"file"}), HasSubstr("not a directory"));
  EXPECT_THAT(problem("/plain/x", {"file"}), HasSubstr("not a directory"));
  EXPECT_THAT(problem("/plain", {"dir"}), HasSubstr("not a directory"));
  image.file("existing/one/in-the-way");
  EXPECT_THAT(problem("/existing", {"dir"}), HasSubstr("cannot be replaced by a file"));
}

TEST_F(CopyPlanTest, ExistingParentsKeepTheirMetadata) {
  const std::vector<PlannedEntry> entries = plan(request("/existing/new/"), {"file"});
  ASSERT_THAT(names(entries), ElementsAre("existing", "existing/new", "existing/new/file"));
  EXPECT_EQ(entries[0].mode, S_IFDIR | 0700u);
  EXPECT_TRUE(entries[0].mtime);
  EXPECT_EQ(entries[1].mode, S_IFDIR | 0755u);
  EXPECT_FALSE(entries[1].mtime);
}

TEST_F(CopyPlanTest, OwnersAndModes) {
  CopyRequest wanted = request("/new/");
  wanted.owner = Owner{7, 8};
  wanted.mode = ModeChange::parse("600");
  const std::vector<PlannedEntry> entries = plan(wanted, {"dir"});
  ASSERT_THAT(names(entries), ElementsAre("new", "new/link", "new/one", "new/sub", "new/sub/two"));
  for (const PlannedEntry& entry : entries) {
    EXPECT_EQ(entry.uid, 7u) << entry.path;
    EXPECT_EQ(entry.gid, 8u) << entry.path;
  }
  EXPECT_EQ(entries[0].mode, S_IFDIR | 0600u);  // made by the COPY
  EXPECT_TRUE(S_ISLNK(entries[1].mode));
  EXPECT_EQ(entries[1].text, "one");
  EXPECT_EQ(entries[2].mode, S_IFREG | 0600u);
  EXPECT_EQ(entries[3].mode, S_IFDIR | 0600u);
}

TEST_F(CopyPlanTest, FilesOfTheContextBelongToRoot) {
  if (geteuid() == 0) {
    ASSERT_EQ(chown(context.at("file").c_str(), 1234, 1234), 0);
  }
  const std::vector<PlannedEntry> entries = plan(request("/x"), {"file"});
  EXPECT_EQ(entries[0].uid, 0u);
  EXPECT_EQ(entries[0].gid, 0u);
  EXPECT_FALSE(entries[0].mtime);
}

TEST_F(CopyPlanTest, LaterSourcesWin) {
  context.file("second/file", "another", 0600);
  const std::vector<PlannedEntry> entries = plan(request("/x/"), {"file", "second/file"});
  ASSERT_THAT(names(entries), ElementsAre("x", "x/file"));
  EXPECT_EQ(entries[1].source.path, "second/file");
}

TEST_F(CopyPlanTest, Excludes) {
  CopyRequest wanted = request("/x/");
  wanted.excludes = {"sub", "fil*"};
  EXPECT_THAT(names(plan(wanted, {"dir", "[fo]*"})),
              ElementsAre("x", "x/link", "x/one", "x/other"));
}

TEST_F(CopyPlanTest, Parents) {
  CopyRequest wanted = request("/x");
  wanted.parents = true;
  EXPECT_THAT(names(plan(wanted, {"dir/sub/two", "file"})),
              ElementsAre("x", "x/dir", "x/dir/sub", "x/dir/sub/two", "x/file"));
  EXPECT_THAT(names(plan(wanted, {"dir/./sub/two"})), ElementsAre("x", "x/sub", "x/sub/two"));
  EXPECT_THAT(names(plan(wanted, {"*/sub"})),
              ElementsAre("x", "x/dir", "x/dir/sub", "x/dir/sub/two"));
  EXPECT_THROW(plan(wanted, {"dir/nothing"}), MissingSource);
}

TEST_F(CopyPlanTest, InlineFiles) {
  CopyPlan one(request("/etc/motd"));
  one.add_inline("EOF", "hello\n");
  const std::vector<PlannedEntry> entries = one.finish();
  ASSERT_THAT(names(entries), ElementsAre("etc", "etc/motd"));
  EXPECT_EQ(entries[1].text, "hello\n");
  EXPECT_EQ(entries[1].mode, S_IFREG | 0644u);
  CopyPlan two(request("/etc/"));
  two.add_inline("a", "1");
  EXPECT_THAT(names(two.finish()), ElementsAre("etc", "etc/a"));
}

TEST_F(CopyPlanTest, HiddenSourcesNameTheRule) {
  CopyOrigin hiding = origin();
  hiding.visit = [](const files::Entry& entry) {
    return entry.path == "dir/one" ? files::Visit::skip : files::Visit::take;
  };
  hiding.hidden = [](const std::string& path) { return path == "dir/one"; };
  hiding.hidden_by = [](const std::string&) { return std::string(".dockerignore:3: \"dir/one\""); };
  CopyPlan copy(request("/x/"));
  copy.add(hiding, "dir");
  EXPECT_THAT(names(copy.finish()), ElementsAre("x", "x/link", "x/sub", "x/sub/two"));
  CopyPlan direct(request("/x/"));
  try {
    direct.add(hiding, "dir/one");
    FAIL();
  } catch (const MissingSource& error) {
    EXPECT_THAT(error.what(), HasSubstr(".dockerignore:3: \"dir/one\""));
  }
  // Through a link it is just as hidden.
  CopyPlan through(request("/x/"));
  EXPECT_THROW(through.add(hiding, "to-file"), MissingSource);
}

TEST_F(CopyPlanTest, HardLinksAreKeptWithinOneSource) {
  ASSERT_EQ(::link(context.at("dir/one").c_str(), context.at("dir/sub/twin").c_str()), 0);
  const std::vector<PlannedEntry> entries = plan(request("/x/"), {"dir"});
  ASSERT_THAT(names(entries),
              ElementsAre("x", "x/link", "x/one", "x/sub", "x/sub/twin", "x/sub/two"));
  EXPECT_EQ(entries[2].hard_link_to, "");
  EXPECT_EQ(entries[4].hard_link_to, "x/one");
  // Copied by two words they are two files; so is one whose other name is not copied.
  for (const PlannedEntry& entry : plan(request("/x/"), {"dir/one", "dir/sub"})) {
    EXPECT_EQ(entry.hard_link_to, "") << entry.path;
  }
}

TEST_F(CopyPlanTest, WorkingDirectory) {
  CopyPlan fresh(request("/w/x"));
  EXPECT_FALSE(fresh.add_new_directory("/w/x", Owner{5, 6}));
  const std::vector<PlannedEntry> entries = fresh.finish();
  ASSERT_THAT(names(entries), ElementsAre("w", "w/x"));
  EXPECT_EQ(entries[1].uid, 5u);
  CopyPlan there(request("/existing"));
  EXPECT_TRUE(there.add_new_directory("/link-to-existing", Owner{}));
}

}  // namespace
}  // namespace mini::build
