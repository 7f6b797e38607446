#include "cmd/output/listing.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "runtime/base/error.h"

namespace mini::cmd {
namespace {

using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStdout;

Listing two_rows() {
  Listing listing({{"ID", "CONTAINER ID"}, {"Names", "NAMES"}, {"Size", "SIZE"}}, {"ID", "Names"});
  listing.add({{"ID", "0123456789ab"}, {"Names", "web"}, {"Size", "1kB"}});
  listing.add({{"ID", "ba98"}, {"Names", "d\x1b[31mb"}, {"Size", "0B"}});
  return listing;
}

std::string printed(const Listing& listing, const std::string& format) {
  CaptureStdout();
  listing.print(format);
  return GetCapturedStdout();
}

TEST(Align, PadsAllButTheLastColumn) {
  EXPECT_EQ(align({{"A", "LONG TITLE", "Z"}, {"long cell", "b", "last"}}),
            "A           LONG TITLE   Z\n"
            "long cell   b            last\n");
}

TEST(Align, CountsCharactersNotBytes) {
  EXPECT_EQ(align({{"né…", "x"}, {"abcd", "y"}}), "né…       x\nabcd      y\n");
}

TEST(Align, RowsMayBeShort) {
  EXPECT_EQ(align({{"a", "b"}, {"cc"}}), "a         b\ncc\n");
}

TEST(Listing, TableShowsItsColumnsAndEscapesHostileBytes) {
  EXPECT_EQ(printed(two_rows(), ""),
            "CONTAINER ID   NAMES\n"
            "0123456789ab   web\n"
            "ba98           d\\x1b[31mb\n");
  EXPECT_EQ(printed(two_rows(), "table"), printed(two_rows(), ""));
}

TEST(Listing, EmptyTableHasItsTitles) {
  EXPECT_EQ(printed(Listing({{"ID", "ID"}, {"Size", "SIZE"}}, {"ID", "Size"}), ""),
            "ID        SIZE\n");
}

TEST(Listing, JsonIsOneObjectALine) {
  EXPECT_EQ(printed(two_rows(), "json"),
            "{\"ID\":\"0123456789ab\",\"Names\":\"web\",\"Size\":\"1kB\"}\n"
            "{\"ID\":\"ba98\",\"Names\":\"d\\u001b[31mb\",\"Size\":\"0B\"}\n");
  EXPECT_EQ(printed(two_rows(), "{{json .}}"), printed(two_rows(), "json"));
}

TEST(Listing, TemplateIsALinePerRow) {
  EXPECT_EQ(printed(two_rows(), "{{.Names}}\\t{{.Size}}"), "web\t1kB\nd\\x1b[31mb\t0B\n");
}

TEST(Listing, TableTemplateHasTitles) {
  EXPECT_EQ(printed(two_rows(), "table {{.Size}}\\t{{.ID}}"),
            "SIZE      CONTAINER ID\n"
            "1kB       0123456789ab\n"
            "0B        ba98\n");
}

TEST(Listing, UnknownFieldIsRefused) {
  CaptureStdout();
  EXPECT_THROW(two_rows().print("{{.Nmaes}}"), Error);
  GetCapturedStdout();
}

TEST(PrintObjects, IsAnArrayOrALinePerObject) {
  CaptureStdout();
  print_objects({{{"Id", "a"}}, {{"Id", "b"}}}, "");
  EXPECT_EQ(GetCapturedStdout(),
            "[\n    {\n        \"Id\": \"a\"\n    },\n    {\n        \"Id\": \"b\"\n    }\n]\n");
  CaptureStdout();
  print_objects({}, "");
  EXPECT_EQ(GetCapturedStdout(), "[]\n");
  CaptureStdout();
  print_objects({{{"Id", "a"}}, {{"Id", "b"}}}, "{{.Id}}");
  EXPECT_EQ(GetCapturedStdout(), "a\nb\n");
}

}  // namespace
}  // namespace mini::cmd
