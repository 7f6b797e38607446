#include "cmd/output/prune_report.h"

#include <gmock/gmock.h>

#include "runtime/base/fd.h"

namespace mini::cmd {
namespace {

using ::testing::HasSubstr;

bool answered(const std::string& input) {
  Pipe pipe = make_pipe();
  write_all(pipe.write.get(), input, "pipe");
  pipe.write.reset();
  ::testing::internal::CaptureStderr();
  const bool yes = confirmed(pipe.read.get(), "WARNING! This will remove all.\n");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "WARNING! This will remove all.\nAre you sure you want to continue? [y/N] ");
  return yes;
}

TEST(PruneQuestion, OnlyYesIsYes) {
  for (const char* input : {"y\n", "Y\n", "yes\n", " YES \r\n", "y"})
    EXPECT_TRUE(answered(input)) << input;
  for (const char* input : {"", "\n", "n\n", "yep\n", "yy\n", "no\ny\n", "\ny\n"})
    EXPECT_FALSE(answered(input)) << input;
  EXPECT_FALSE(answered(std::string(4000, 'y') + "\n"));
}

TEST(PruneQuestion, ReadsNothingAfterItsLine) {
  Pipe pipe = make_pipe();
  write_all(pipe.write.get(), "y\nrest", "pipe");
  pipe.write.reset();
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(confirmed(pipe.read.get(), ""));
  ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(read_all(pipe.read.get(), "pipe"), "rest");
}

TEST(PruneReport, NamesWhatWentAndWhatItWasWorth) {
  PruneReport report(false);
  report.add("Containers", {"abc", "def"}, 1000);
  report.add("Volumes", {}, 0);
  report.add("Images", {"untagged: web:1", "deleted: sha256:00"}, 840);
  EXPECT_EQ(report.str(),
            "Deleted Containers:\nabc\ndef\n\n"
            "Deleted Images:\nuntagged: web:1\ndeleted: sha256:00\n\n"
            "Total reclaimed space: 1.84kB\n");
}

TEST(PruneReport, OfADryRunPromisesOnly) {
  PruneReport report(true);
  report.add("Volumes", {"a\x1b[2J"}, 5);
  EXPECT_THAT(report.str(), ::testing::StartsWith("Would delete Volumes:\na\\x1b[2J\n"));
  EXPECT_THAT(report.str(), HasSubstr("Total reclaimable space: 5B\n"));
  EXPECT_THAT(report.str(), ::testing::Not(HasSubstr("Deleted")));
}

TEST(PruneReport, OfNothingIsOneLine) {
  EXPECT_EQ(PruneReport(false).str(), "Total reclaimed space: 0B\n");
}

TEST(PruneReport, SectionsAreAllThatIsToldOfWhatTakesNoPlace) {
  PruneReport report(false);
  EXPECT_EQ(report.sections(), "");
  report.add("Networks", {"a", "b"}, 0);
  EXPECT_EQ(report.sections(), "Deleted Networks:\na\nb\n\n");
  EXPECT_EQ(report.str(), "Deleted Networks:\na\nb\n\nTotal reclaimed space: 0B\n");
}

}  // namespace
}  // namespace mini::cmd
