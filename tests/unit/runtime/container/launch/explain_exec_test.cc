#include "runtime/container/launch/explain_exec.h"

#include <gmock/gmock.h>

#include <cerrno>

namespace mini::container {
namespace {

using testing::HasSubstr;

std::string elf(unsigned char machine) {
  std::string head(64, '\0');
  head.replace(0, 4, "\177ELF");
  head[18] = static_cast<char>(machine);
  return head;
}

TEST(ExplainExec, NotFound) {
  const Error error = explain_exec("foo", ENOENT, "", false);
  EXPECT_STREQ(error.what(), "exec: \"foo\": executable file not found in $PATH");
  EXPECT_EQ(error.kind(), ErrorKind::no_command);
  EXPECT_STREQ(explain_exec("/bin/foo", ENOENT, "", false).what(),
               "exec: \"/bin/foo\": No such file or directory");
}

TEST(ExplainExec, NotExecutable) {
  const Error error = explain_exec("/etc", EACCES, "", false);
  EXPECT_EQ(error.kind(), ErrorKind::not_executable);
  EXPECT_THAT(error.what(), HasSubstr("permission denied"));
  EXPECT_THAT(error.hint(), HasSubstr("chmod +x"));
}

TEST(ExplainExec, Scripts) {
  EXPECT_THAT(explain_exec("/x", ENOEXEC, "#!/bin/bash -e\necho", true).what(),
              HasSubstr("interpreter \"/bin/bash\" is missing"));
  EXPECT_THAT(explain_exec("/x", ENOEXEC, "#!/bin/sh\r\necho", true).what(), HasSubstr("CR LF"));
  EXPECT_THAT(explain_exec("/x", ENOEXEC, "#!", true).what(), HasSubstr("interpreter"));
  EXPECT_THAT(explain_exec("/x", ENOEXEC, "echo hello", false).hint(), HasSubstr("#!/bin/sh"));
}

TEST(ExplainExec, Programs) {
#if defined(__x86_64__)
  const unsigned char own = 62, other = 183;
#else
  const unsigned char own = 183, other = 62;
#endif
  EXPECT_THAT(explain_exec("/x", ENOEXEC, elf(other), false).what(), HasSubstr("is a program for"));
  EXPECT_THAT(explain_exec("/x", ENOEXEC, elf(own), true).what(), HasSubstr("loader"));
}

}  // namespace
}  // namespace mini::container
