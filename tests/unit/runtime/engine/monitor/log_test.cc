#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/log_format.h"
#include "runtime/engine/monitor/log_writer.h"
#include "runtime/engine/monitor/logs.h"

namespace mini::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(LogFormat, EscapesAndComesBack) {
  std::string line;
  append_log_line(line, true, "a\"b\\c\n\x01\t\xc3\xa9", "2026-01-02T03:04:05.000000006Z");
  EXPECT_EQ(line,
            "{\"log\":\"a\\\"b\\\\c\\n\\u0001\\t\xc3\xa9\",\"stream\":\"stderr\",\"time\":\"2026-"
            "01-02T03:04:05.000000006Z\"}\n");
  line.pop_back();
  const auto parsed = parse_log_line(line);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text, "a\"b\\c\n\x01\t\xc3\xa9");
  EXPECT_TRUE(parsed->is_stderr);
  EXPECT_EQ(parsed->time_ns % 1'000'000'000, 6);
}

TEST(LogFormat, BytesThatAreNoTextAreReplaced) {
  for (const char* bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    std::string line;
    append_log_line(line, false, cat("<", bad, ">"), "t");
    const auto parsed = parse_log_line(std::string_view(line).substr(0, line.size() - 1));
    ASSERT_TRUE(parsed) << line;
    EXPECT_THAT(parsed->text, HasSubstr("\xef\xbf\xbd"));
    EXPECT_TRUE(parsed->text.starts_with('<') && parsed->text.ends_with('>'));
  }
}

TEST(LogFormat, DamagedLinesAreNothing) {
  EXPECT_FALSE(parse_log_line(""));
  EXPECT_FALSE(parse_log_line("{\"log\":\"half"));
  EXPECT_FALSE(parse_log_line("{\"stream\":\"stdout\"}"));
}

class LogWriterTest : public testing::Test {
 protected:
  LogWriterTest()
      : directory_(testing::TempDir() + "/mini-log-" + random_hex(8)),
        paths_{directory_, directory_ + "/run"},
        store_(paths_) {
    record_.id = std::string(64, 'b');
    record_.name = "web";
    make_directories(directory_ + "/containers/names");
    make_directories(store_.directory(record_.id));
    store_.write(record_);
  }
  ~LogWriterTest() override { remove_tree(directory_); }

  LogWriter writer(int64_t size, int files) {
    return LogWriter(store_.log_path(record_.id), size, files);
  }
  std::vector<std::string> read(const LogsOptions& options = {}) {
    std::vector<std::string> lines;
    read_logs(store_, record_.id, options, [&](bool is_stderr, std::string_view text) {
      lines.push_back(cat(is_stderr ? "2:" : "1:", text));
      return true;
    });
    return lines;
  }

  std::string directory_;
  StatePaths paths_;
  ContainerStore store_;
  Record record_;
};

TEST_F(LogWriterTest, LinesAreKeptWholeAndStreamsApart) {
  LogWriter log = writer(1 << 20, 5);
  log.write(false, "one\ntw");
  log.write(true, "error\n");
  log.write(false, "o\nrest");
  EXPECT_THAT(read(), ElementsAre("1:one\n", "2:error\n", "1:two\n"));
  log.flush();
  EXPECT_THAT(read(), ElementsAre("1:one\n", "2:error\n", "1:two\n", "1:rest"));
}

TEST_F(LogWriterTest, LongLinesAreWrittenInPieces) {
  LogWriter log = writer(1 << 20, 5);
  const std::string line(40'000, 'x');
  log.write(false, line + "\n");
  const auto pieces = read();
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].size(), 2 + (16u << 10));
  EXPECT_TRUE(pieces[2].ends_with("x\n"));
  EXPECT_EQ(read({.tail = 1}).size(), 3u);  // one line, in three pieces
}

TEST_F(LogWriterTest, RotatesBySizeAndIsReadInOrder) {
  LogWriter log = writer(1000, 3);
  for (int i = 0; i < 100; ++i) log.write(false, cat("line ", i, "\n"));
  EXPECT_TRUE(exists(store_.log_path(record_.id) + ".1"));
  EXPECT_TRUE(exists(store_.log_path(record_.id) + ".2"));
  EXPECT_FALSE(exists(store_.log_path(record_.id) + ".3"));
  const auto lines = read();
  ASSERT_GT(lines.size(), 10u);
  EXPECT_EQ(lines.back(), "1:line 99\n");
  for (size_t i = 0; i < lines.size(); ++i)
    EXPECT_EQ(lines[i], cat("1:line ", 100 - lines.size() + i, "\n"));
  EXPECT_THAT(read({.tail = 2}), ElementsAre("1:line 98\n", "1:line 99\n"));
}

TEST_F(LogWriterTest, TailZeroShowsNothingAndTailTooLargeEverything) {
  LogWriter log = writer(1 << 20, 1);
  log.write(false, "a\nb\n");
  EXPECT_THAT(read({.tail = 0}), ElementsAre());
  EXPECT_THAT(read({.tail = 10}), ElementsAre("1:a\n", "1:b\n"));
}

TEST_F(LogWriterTest, TimesSelectAndAreShown) {
  std::string text;
  append_log_line(text, false, "old\n", "2026-01-01T00:00:00Z");
  append_log_line(text, false, "new\n", "2026-01-03T00:00:00Z");
  replace_file(store_.log_path(record_.id), text, false);
  const int64_t between = parse_log_line(text.substr(0, text.find('\n')))->time_ns + 1;
  EXPECT_THAT(read({.since_ns = between}), ElementsAre("1:new\n"));
  EXPECT_THAT(read({.until_ns = between}), ElementsAre("1:old\n"));
  EXPECT_THAT(read({.timestamps = true, .tail = 1}), ElementsAre("1:2026-01-03T00:00:00Z new\n"));
}

TEST_F(LogWriterTest, ADamagedLineIsPassedOver) {
  std::string text = "{\"log\":\"cut off\n";
  append_log_line(text, false, "good\n", "2026-01-01T00:00:00Z");
  replace_file(store_.log_path(record_.id), text, false);
  EXPECT_THAT(read(), ElementsAre("1:good\n"));
}

TEST_F(LogWriterTest, FollowingAnEndedContainerEnds) {
  LogWriter log = writer(1 << 20, 1);
  log.write(false, "last\n");
  EXPECT_THAT(read({.follow = true}), ElementsAre("1:last\n"));
}

TEST_F(LogWriterTest, ADiskThatRefusesDoesNotStopTheContainer) {
  LogWriter log(directory_ + "/missing/container.log", 1000, 2);
  EXPECT_NO_THROW(log.write(false, "text\n"));
  EXPECT_TRUE(log.lost());
}

}  // namespace
}  // namespace mini::engine
