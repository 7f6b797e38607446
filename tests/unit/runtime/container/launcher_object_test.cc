// The launcher is what it promises to be: a static program that can neither allocate, nor throw,
// nor print, nor load anything.
#include <elf.h>
#include <gmock/gmock.h>

#include <cstring>

#include "runtime/container/launch/launcher_bytes.h"

namespace mini::container {
namespace {

template <class T>
T at(std::string_view bytes, size_t offset) {
  T value;
  EXPECT_LE(offset + sizeof value, bytes.size());
  memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

TEST(LauncherBytes, AStaticProgramWithoutLoaderAndWithoutExecutableStack) {
  const auto bytes = launcher_bytes();
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  ASSERT_EQ(memcmp(header.e_ident, ELFMAG, SELFMAG), 0);
  EXPECT_EQ(header.e_type, ET_EXEC);
  bool stack = false;
  for (int i = 0; i < header.e_phnum; ++i) {
    const auto part =
        at<Elf64_Phdr>(bytes, header.e_phoff + static_cast<size_t>(i) * sizeof(Elf64_Phdr));
    EXPECT_NE(part.p_type, static_cast<unsigned>(PT_INTERP));
    EXPECT_NE(part.p_type, static_cast<unsigned>(PT_DYNAMIC));
    EXPECT_FALSE(part.p_type == PT_LOAD && part.p_flags & PF_W && part.p_flags & PF_X);
    if (part.p_type == PT_GNU_STACK) {
      stack = true;
      EXPECT_FALSE(part.p_flags & PF_X);
    }
  }
  EXPECT_TRUE(stack);
}

TEST(LauncherBytes, Small) {
  EXPECT_LT(launcher_bytes().size(), 64u << 10);
}

// The symbols are gone from the bytes that mini carries; the build keeps the program that they were
// made from.
TEST(LauncherSymbols, NothingUndefinedNothingThatAllocatesThrowsOrPrints) {
  FILE* nm = popen("nm " MINI_LAUNCHER_FILE " 2>&1", "r");
  ASSERT_NE(nm, nullptr);
  std::string text;
  char buffer[4096];
  for (size_t size; (size = fread(buffer, 1, sizeof buffer, nm)) > 0;) text.append(buffer, size);
  ASSERT_EQ(pclose(nm), 0) << text;
  EXPECT_THAT(text, testing::HasSubstr(" T _start"));
  for (const char* word : {" U ", "malloc", "calloc", "free", "_Znw", "_Zna", "_Zd", "__cxa",
                           "_Unwind", "printf", "locale", "__stack_chk"}) {
    EXPECT_THAT(text, testing::Not(testing::HasSubstr(word)));
  }
}

}  // namespace
}  // namespace mini::container
