#include "cmd/output/build_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace mini::cmd {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& text) {
  try {
    const BuildOutput output(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage) << text;
    return error.what();
  }
  return "taken";
}

TEST(BuildOutput, WhatCannotWorkIsRefusedBeforeABuild) {
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal("dest=x"), HasSubstr("the type is missing"));
  EXPECT_THAT(refusal("type=zip,dest=x"), HasSubstr("\"zip\": unknown"));
  EXPECT_THAT(refusal("type=local"), HasSubstr("needs a directory"));
  EXPECT_THAT(refusal("type=oci,dest=x,compression=zstd"), HasSubstr("compression=zstd"));
  EXPECT_THAT(refusal("type=oci,dest"), HasSubstr("not KEY=VALUE"));
  EXPECT_THAT(refusal("type=docker,tar=false,dest=x"), HasSubstr("tar=false"));
  EXPECT_THAT(refusal("type=image,push=true"), HasSubstr("does not push"));
  EXPECT_THAT(refusal("type=registry,name=a"), HasSubstr("does not push"));
}

TEST(BuildOutput, NamesAreTheImages) {
  const BuildOutput output("type=image,name=web:1,name=example.org/web,push=false");
  ASSERT_EQ(output.names().size(), 2u);
  EXPECT_EQ(output.names()[0].full(), "docker.io/library/web:1");
  EXPECT_EQ(output.names()[1].full(), "example.org/web:latest");
  EXPECT_FALSE(output.to_stdout());
}

TEST(BuildOutput, ADirectoryAloneIsADirectory) {
  EXPECT_EQ(refusal("out"), "taken");
  EXPECT_EQ(refusal("type=local,dest=out"), "taken");
}

}  // namespace
}  // namespace mini::cmd
