#include "builder/build/source/git.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"

namespace mini::build {
namespace {

struct Case {
  const char* text;
  const char *url, *ref, *subdir;
};
void PrintTo(const Case& value, std::ostream* out) {
  *out << value.text;
}

class GitSources : public ::testing::TestWithParam<Case> {};

TEST_P(GitSources, AreReadAsBuildKitReadsThem) {
  const auto source = GitSource::parse(GetParam().text);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->url, GetParam().url);
  EXPECT_EQ(source->ref, GetParam().ref);
  EXPECT_EQ(source->subdir, GetParam().subdir);
}

INSTANTIATE_TEST_SUITE_P(
    Git, GitSources,
    ::testing::Values(Case{"https://h/x.git", "https://h/x.git", "", ""},
                      Case{"https://h/x.git#v1", "https://h/x.git", "v1", ""},
                      Case{"https://h/x.git#v1:a/b", "https://h/x.git", "v1", "a/b"},
                      Case{"https://h/x.git#:a", "https://h/x.git", "", "a"},
                      Case{"https://h/x.git?branch=b&subdir=s", "https://h/x.git", "refs/heads/b",
                           "s"},
                      Case{"https://h/x.git?tag=t", "https://h/x.git", "refs/tags/t", ""},
                      Case{"git://h/x", "git://h/x", "", ""},
                      Case{"git@h:x.git#r", "git@h:x.git", "r", ""},
                      Case{"ssh://git@h/x", "ssh://git@h/x", "", ""},
                      Case{"github.com/a/b#c", "https://github.com/a/b", "c", ""}));

TEST(Git, ACommitIsAReferenceOnlyWhenItIsWhole) {
  const std::string whole(40, 'a');
  const auto alone = GitSource::parse("https://h/x.git?commit=" + whole);
  EXPECT_EQ(alone->ref, whole);
  EXPECT_EQ(alone->checksum, whole);
  const auto beside = GitSource::parse("https://h/x.git?tag=v1&checksum=aaaa");
  EXPECT_EQ(beside->ref, "refs/tags/v1");
  EXPECT_EQ(beside->checksum, "aaaa");
}

TEST(Git, OtherWordsAreNoRepositories) {
  for (const char* text : {"dir", "./x.git", "https://h/x.tar", "https://h/x.gitter", "git",
                           "@:", "ftp://h/x.git", "file:///x.git", ""})
    EXPECT_FALSE(GitSource::parse(text)) << text;
}

TEST(Git, WhatWouldBeAnOptionIsRefused) {
  for (const char* text : {"https://h/x.git#--upload-pack=x", "https://h/x.git?ref=-x",
                           "https://h/x.git?nosuch=1", "git://h/x y"})
    EXPECT_THROW(GitSource::parse(text), Error) << text;
}

}  // namespace
}  // namespace mini::build
