#include "src/archive.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "src/intake.h"
#include "src/sqlite.h"
#include "tests/make.h"

namespace tracing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

StoredSpan span(int trace, int id, const char* service = "a", int64_t ms = 1000) {
  return stored(make({.trace = trace, .id = id, .service = service, .name = "n", .timestamp = ms * 1000}));
}

Query everything(int limit = 1000) {
  Query query;
  query.window = {10'000'000, 10'000'000};
  query.limit = limit;
  return query;
}

// The ids of the traces that are found, in order.
std::vector<std::string> found(ArchiveReader& reader, const Query& query) {
  bool cut = false;
  std::vector<std::string> ids;
  std::string list = reader.traces(query, 1 << 20, cut);
  EXPECT_FALSE(cut);
  for (size_t at = 0; (at = list.find("[{\"traceId\":\"", at)) != std::string::npos; at += 13) ids.push_back(list.substr(at + 13, 16));
  return ids;
}

int count(const std::string& text, const std::string& part) {
  int n = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
  return n;
}

TEST(Archive, KeepsSpansAndNames) {
  Folder folder;
  ArchiveWriter writer(folder.file(), {}, {"env"});
  Span other = make({.trace = 2, .id = 7, .service = "b", .remote = "db", .name = "q", .tags = {{"env", "prod"}, {"x", "y"}}});
  EXPECT_EQ(writer.write({span(1, 1), span(1, 2), stored(other)}), 0u);
  ArchiveReader reader(folder.file());
  EXPECT_THAT(reader.services(), ElementsAre("a", "b"));
  EXPECT_THAT(reader.span_names("b"), ElementsAre("q"));
  EXPECT_THAT(reader.span_names("none"), IsEmpty());
  EXPECT_THAT(reader.remote_services("b"), ElementsAre("db"));
  EXPECT_THAT(reader.remote_services("a"), IsEmpty());
  EXPECT_THAT(reader.tag_values("env"), ElementsAre("prod"));
  EXPECT_THAT(reader.tag_values("x"), IsEmpty());
  EXPECT_EQ(reader.trace(id(2)), to_json(other));
  EXPECT_EQ(reader.trace(id(1)), span(1, 1).json + "," + span(1, 2).json);
  EXPECT_EQ(reader.trace(id(9)), "");
}

TEST(Archive, ARepeatedSpanIsKeptOnce) {
  Folder folder;
  ArchiveWriter writer(folder.file(), {}, {});
  writer.write({span(1, 1), span(1, 1)});
  writer.write({span(1, 1)});
  EXPECT_EQ(writer.spans(), 1);
  EXPECT_EQ(writer.bytes(), static_cast<int64_t>(span(1, 1).json.size()));
}

TEST(Archive, TheNewestTracesComeFirst) {
  Folder folder;
  ArchiveWriter writer(folder.file(), {}, {});
  writer.write({span(1, 1, "a", 1000), span(2, 2, "a", 3000), span(3, 3, "b", 2000), span(1, 4, "a", 1500)});
  ArchiveReader reader(folder.file());
  EXPECT_THAT(found(reader, everything()), ElementsAre(id(2), id(3), id(1)));
  EXPECT_THAT(found(reader, everything(2)), ElementsAre(id(2), id(3)));
  Query query = everything();
  query.service = "b";
  EXPECT_THAT(found(reader, query), ElementsAre(id(3)));
  query = everything();
  query.window = {2500, 1000};
  EXPECT_THAT(found(reader, query), ElementsAre(id(3)));
}

TEST(Archive, BothFormsOfAnIdAreTwoTracesButOneTree) {
  Folder folder;
  ArchiveWriter writer(folder.file(), {}, {});
  Span client = make({.kind = Kind::client, .service = "a", .timestamp = 5000});
  Span server = make({.kind = Kind::server, .service = "b", .timestamp = 5000, .shared = true});
  server.trace_id = "000000000000000f" + id(1);
  writer.write({stored(client), stored(server)});
  ArchiveReader reader(folder.file());
  bool cut = false;
  EXPECT_EQ(count(reader.traces(everything(), 1 << 20, cut), "[{"), 2);
  EXPECT_EQ(reader.trace(server.trace_id), to_json(server));
  EXPECT_EQ(reader.dependencies(everything().window).to_json(), R"([{"parent":"a","child":"b","callCount":1}])");
  EXPECT_EQ(reader.dependencies({4, 4}).to_json(), "[]");
}

TEST(Archive, AnAnswerHasABound) {
  Folder folder;
  ArchiveWriter writer(folder.file(), {}, {});
  writer.write({span(1, 1, "a", 1000), span(2, 2, "a", 2000)});
  ArchiveReader reader(folder.file());
  bool cut = false;
  std::string list = reader.traces(everything(), span(1, 1).json.size() + 10, cut);
  EXPECT_TRUE(cut);
  EXPECT_EQ(list, "[" + span(2, 2, "a", 2000).json + "]");
}

TEST(Archive, DropsTheTraceThatCameFirst) {
  Folder folder;
  ArchiveWriter writer(folder.file(), {.spans = 4}, {"k"});
  Span tagged = make({.trace = 1, .id = 1, .service = "old", .name = "gone", .timestamp = 9000'000, .tags = {{"k", "v"}}});
  writer.write({stored(tagged), span(2, 2), span(1, 3, "old"), span(3, 4)});
  ArchiveReader reader(folder.file());
  EXPECT_THAT(reader.services(), ElementsAre("a", "old"));
  writer.write({span(4, 5)});
  EXPECT_EQ(writer.spans(), 3);
  EXPECT_EQ(reader.trace(id(1)), "");
  EXPECT_NE(reader.trace(id(2)), "");
  EXPECT_THAT(reader.services(), ElementsAre("a"));
  EXPECT_THAT(reader.tag_values("k"), IsEmpty());
}

TEST(Archive, TheBoundsHoldUnderAStream) {
  Folder folder;
  Bounds bounds{.spans = 500, .bytes = 40'000};
  ArchiveWriter writer(folder.file(), bounds, {});
  for (int n = 0; n < 100; ++n) {
    std::vector<StoredSpan> batch;
    for (int i = 0; i < 50; ++i) batch.push_back(span(n * 10 + i / 5, i + 1));
    writer.write(batch);
    ASSERT_LE(writer.spans(), 500);
    ASSERT_LE(writer.bytes(), 40'000);
  }
  EXPECT_GT(writer.spans(), 200);
  Connection db(folder.file());
  EXPECT_EQ(db.number("SELECT count(*) FROM spans"), writer.spans());
  EXPECT_EQ(db.number("SELECT sum(length(CAST(json AS BLOB))) FROM spans"), writer.bytes());
  EXPECT_EQ(db.number("SELECT sum(spans) FROM traces"), writer.spans());
  // Pages of dropped traces are used again.
  EXPECT_LT(db.number("PRAGMA page_count") * 4096, 400'000);
}

TEST(Archive, OneTraceHasABound) {
  Folder folder;
  ArchiveWriter writer(folder.file(), {.trace_spans = 3}, {});
  EXPECT_EQ(writer.write({span(1, 1), span(1, 2), span(1, 3), span(1, 4), span(2, 5)}), 1u);
  EXPECT_EQ(writer.spans(), 4);
  Folder other;
  ArchiveWriter small(other.file(), {.trace_bytes = 300}, {});
  EXPECT_EQ(small.write({span(1, 1), span(1, 2), span(1, 3), span(1, 4)}), 2u);
}

TEST(Archive, CountsGoOnAfterARestart) {
  Folder folder;
  { ArchiveWriter(folder.file(), {}, {}).write({span(1, 1), span(2, 2)}); }
  ArchiveWriter writer(folder.file(), {.spans = 2}, {});
  EXPECT_EQ(writer.spans(), 2);
  writer.write({span(3, 3)});
  EXPECT_EQ(writer.spans(), 2);
  ArchiveReader reader(folder.file());
  EXPECT_THAT(found(reader, everything()), ElementsAre(id(3), id(2)));
}

TEST(Archive, RefusesAFileThatIsNotItsOwn) {
  Folder folder;
  std::ofstream(folder.file("text")) << std::string(5000, 'x');
  EXPECT_THROW(ArchiveWriter(folder.file("text"), {}, {}), SqliteError);
  Connection(folder.file("other")).run("CREATE TABLE t(x)");
  EXPECT_THROW(ArchiveWriter(folder.file("other"), {}, {}), SqliteError);
  EXPECT_THROW(ArchiveWriter(folder.path + "/no/such/folder", {}, {}), SqliteError);
}

TEST(Archive, AKillLeavesWholeBatches) {
  Folder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    ArchiveWriter writer(folder.file(), {.spans = 2000}, {});
    for (int n = 1;; ++n) {
      std::vector<StoredSpan> batch;
      for (int i = 1; i <= 20; ++i) batch.push_back(span(n, i));
      writer.write(batch);
      if (n == 200 && ::write(ready[1], "x", 1) != 1) _exit(1);
    }
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  Connection db(folder.file());
  EXPECT_EQ(db.number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
  EXPECT_EQ(db.number("SELECT count(*) % 20 FROM spans"), 0);
  EXPECT_EQ(db.number("SELECT count(*) FROM spans"), db.number("SELECT sum(spans) FROM traces"));
  ArchiveWriter writer(folder.file(), {}, {});
  EXPECT_GE(writer.spans(), 1980);
  close(ready[0]);
  close(ready[1]);
}

TEST(Intake, WritesWhatItTookWhenItEnds) {
  Folder folder;
  {
    Intake intake(std::make_unique<ArchiveWriter>(folder.file(), Bounds{}, std::vector<std::string>{}), 1 << 20);
    for (int n = 1; n <= 100; ++n) EXPECT_TRUE(intake.offer({span(n, n)}));
  }
  ArchiveReader reader(folder.file());
  EXPECT_EQ(found(reader, everything()).size(), 100u);
}

TEST(Intake, SettledMeansWritten) {
  Folder folder;
  Intake intake(std::make_unique<ArchiveWriter>(folder.file(), Bounds{}, std::vector<std::string>{}), 1 << 20);
  intake.offer({span(1, 1)});
  intake.settle(10s);
  ArchiveReader reader(folder.file());
  EXPECT_EQ(reader.trace(id(1)), span(1, 1).json);
  EXPECT_EQ(intake.tally().accepted, 1);
  EXPECT_EQ(intake.tally().stored, 1);
}

TEST(Intake, IsBoundedAndTellsFailure) {
  Folder folder;
  Intake intake(std::make_unique<ArchiveWriter>(folder.file(), Bounds{}, std::vector<std::string>{}), 1000);
  // Another writer holds the file, so nothing can be written for now.
  Connection other(folder.file());
  other.run("BEGIN IMMEDIATE");
  intake.offer({span(1, 1)});
  bool full = false;
  for (int n = 2; n < 100 && !full; ++n) full = !intake.offer({span(n, n)});
  EXPECT_TRUE(full);
  EXPECT_GT(intake.tally().dropped, 0);
  intake.settle(20s);
  EXPECT_THAT(intake.failure(), HasSubstr("locked"));
  other.run("ROLLBACK");
  EXPECT_TRUE(intake.offer({span(1000, 1)}));
  intake.settle(20s);
  EXPECT_EQ(intake.failure(), "");
  ArchiveReader reader(folder.file());
  EXPECT_NE(reader.trace(id(1000)), "");
}

}  // namespace
}  // namespace tracing
