#include "runtime/image/layer/layer_store.h"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "runtime/base/process.h"
#include "tests/unit/runtime/image/store_fixture.h"

namespace mini::image {
namespace {

using testing::HasSubstr;
using testing::Not;

using LayerStoreTest = StoreTest;

// What a RUN step may leave in an overlay's upper directory.
void fill(const std::string& tree) {
  make_directories(tree + "/etc/deep/er");
  write_file(tree + "/etc/passwd", "root:x:0:0\n");
  write_file(tree + "/etc/tool", std::string(300'000, 't'), 0755);
  write_file(tree + "/etc-sorted-after", "");
  ASSERT_EQ(symlink("../tool", (tree + "/etc/deep/link").c_str()), 0);
  ASSERT_EQ(link((tree + "/etc/tool").c_str(), (tree + "/etc/deep/hard").c_str()), 0);
  ASSERT_EQ(mkfifo((tree + "/fifo").c_str(), 0600), 0);
  ASSERT_EQ(mknod((tree + "/gone").c_str(), S_IFCHR, 0), 0);
  write_file(tree + "/" + std::string(200, 'n'), "a long name");
  write_file(tree + "/caf\xc3\xa9", "not ASCII");
}

TEST_F(LayerStoreTest, TheSameTreeIsTheSameLayerInEveryStore) {
  const TemporaryDirectory other;
  const LayerStore one(paths_), two(StatePaths{other.path(), other.path()});
  Draft a(paths_), b(StatePaths{other.path(), other.path()});
  fill(a.tree());
  usleep(1'100'000);  // the second tree is younger by more than the tar's resolution
  fill(b.tree());
  const Layer first = one.seal(a, 5), second = two.seal(b, 5);
  EXPECT_EQ(first.diff_id, second.diff_id);
  EXPECT_EQ(first.size, second.size);
  EXPECT_EQ(first.files, second.files);
  EXPECT_EQ(publish_one(one, std::move(a)).diff_id, first.diff_id);
  publish_one(two, std::move(b));
  EXPECT_EQ(tar_of(one, first.diff_id), tar_of(two, first.diff_id));
  EXPECT_EQ(Digest::of(tar_of(one, first.diff_id)), first.diff_id)
      << "the diff id is the tar's digest";
}

TEST_F(LayerStoreTest, SealClampsTimesOnDiskAndKeepsOlderOnes) {
  const LayerStore store(paths_);
  Draft draft(paths_);
  make_directories(draft.tree() + "/d");
  write_file(draft.tree() + "/d/new", "");
  write_file(draft.tree() + "/d/old", "");
  ASSERT_EQ(symlink("x", (draft.tree() + "/d/link").c_str()), 0);
  const timespec old[2] = {{40, 7}, {40, 7}};
  ASSERT_EQ(utimensat(AT_FDCWD, (draft.tree() + "/d/old").c_str(), old, 0), 0);
  store.seal(draft, 1000);
  for (const char* name : {"/d", "/d/new", "/d/link", ""})
    EXPECT_EQ(status(draft.tree() + name).st_mtim.tv_sec, 1000) << name;
  EXPECT_EQ(status(draft.tree() + "/d/old").st_mtim.tv_sec, 40);
  EXPECT_EQ(status(draft.tree() + "/d/old").st_mtim.tv_nsec, 0)
      << "a layer's times are whole seconds";
}

TEST_F(LayerStoreTest, PublishedLayersAreFoundAndDraftsAreNot) {
  const LayerStore store(paths_);
  Draft draft(paths_);
  write_file(draft.tree() + "/f", "content");
  const Layer sealed = store.seal(draft, 0);
  EXPECT_FALSE(store.find(sealed.diff_id));
  EXPECT_EQ(sealed.lower, draft.tree());
  const Layer layer = publish_one(store, std::move(draft));
  EXPECT_EQ(read_file(layer.lower + "/f"), "content");
  ASSERT_TRUE(store.find(sealed.diff_id));
  EXPECT_EQ(store.get(sealed.diff_id).size, sealed.size);
  EXPECT_EQ(store.list(), std::vector<Digest>{sealed.diff_id});
  EXPECT_THAT(list_directory(paths_.root + "/tmp"), testing::IsEmpty());
  EXPECT_THAT(message_of([&] { store.get(Digest::of("no such layer")); }), HasSubstr("not found"));
}

TEST_F(LayerStoreTest, ALayerThatIsThereAlreadyIsKept) {
  const LayerStore store(paths_);
  std::vector<Draft> drafts;
  for (int i = 0; i < 2; ++i) {
    drafts.emplace_back(paths_);
    write_file(drafts.back().tree() + "/f", "content");
    store.seal(drafts.back(), 0);
  }
  const auto layers = store.publish(std::move(drafts));
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0].diff_id, layers[1].diff_id);
  EXPECT_EQ(store.list().size(), 1u);
  EXPECT_THAT(list_directory(paths_.root + "/tmp"), testing::IsEmpty());
}

TEST_F(LayerStoreTest, TwoProcessesMayPublishTheSameLayerAtOnce) {
  const LayerStore store(paths_);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      int result = 1;
      try {
        Draft draft(paths_);
        for (int n = 0; n < 50; ++n) write_file(cat(draft.tree(), "/f", n), "content");
        store.seal(draft, 0);
        publish_one(store, std::move(draft));
        result = 0;
      } catch (const Error&) {
      }
      _exit(result);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) EXPECT_EQ(wait_child(pid), 0);
  ASSERT_EQ(store.list().size(), 1u);
  EXPECT_NO_THROW(store.write_tar(store.list()[0], -1));
  EXPECT_THAT(list_directory(paths_.root + "/tmp"), testing::IsEmpty());
}

TEST_F(LayerStoreTest, ADamagedLayerIsNoticedWhenItsTarIsRemade) {
  const LayerStore store(paths_);
  Draft draft(paths_);
  write_file(draft.tree() + "/f", "content");
  store.seal(draft, 0);
  const Layer layer = publish_one(store, std::move(draft));
  write_file(layer.lower + "/f", "cOntent");
  EXPECT_THAT(message_of([&] { store.write_tar(layer.diff_id, -1); }),
              HasSubstr("not what was stored"));
}

TEST_F(LayerStoreTest, WhiteoutsAndOpaqueDirectoriesBecomeMarkers) {
  const LayerStore store(paths_);
  Draft draft(paths_);
  make_directories(draft.tree() + "/dir");
  write_file(draft.tree() + "/dir/.first", "");
  ASSERT_EQ(mknod((draft.tree() + "/dir/gone").c_str(), S_IFCHR, 0), 0);
  const char* attribute = is_root() ? "trusted.overlay.opaque" : "user.overlay.opaque";
  ASSERT_EQ(setxattr((draft.tree() + "/dir").c_str(), attribute, "y", 1, 0), 0);
  store.seal(draft, 0);
  const Layer layer = publish_one(store, std::move(draft));
  const std::string tar = tar_of(store, layer.diff_id);
  const size_t opaque = tar.find("dir/.wh..wh..opq"), first = tar.find("dir/.first"),
               gone = tar.find("dir/.wh.gone");
  ASSERT_NE(opaque, std::string::npos);
  ASSERT_NE(gone, std::string::npos);
  EXPECT_LT(opaque, first) << "the marker is the first entry of its directory";
  EXPECT_THAT(tar, Not(HasSubstr("overlay")));
}

TEST_F(LayerStoreTest, OverlaysPrivateAttributesAreDropped) {
  if (!is_root()) GTEST_SKIP() << "trusted.* attributes need root";
  const LayerStore store(paths_);
  Draft with(paths_), without(paths_);
  for (const Draft* draft : {&with, &without}) {
    make_directories(draft->tree() + "/d");
    write_file(draft->tree() + "/d/f", "content");
    ASSERT_EQ(symlink("f", (draft->tree() + "/d/l").c_str()), 0);
  }
  for (const char* name : {"origin", "impure", "nlink", "uuid", "protattr"}) {
    const std::string attribute = cat("trusted.overlay.", name);
    for (const char* path : {"/d", "/d/f", "/d/l"}) {
      ASSERT_EQ(lsetxattr((with.tree() + path).c_str(), attribute.c_str(), "y", 1, 0), 0) << path;
    }
  }
  EXPECT_EQ(store.seal(with, 0).diff_id, store.seal(without, 0).diff_id);
  for (const char* path : {"/d", "/d/f", "/d/l"})
    EXPECT_EQ(llistxattr((with.tree() + path).c_str(), nullptr, 0), 0) << path;
}

TEST_F(LayerStoreTest, AnUpperThatIsNotSelfContainedIsRefused) {
  if (!is_root()) GTEST_SKIP() << "trusted.* attributes need root";
  const LayerStore store(paths_);
  for (const char* name : {"trusted.overlay.redirect", "trusted.overlay.metacopy"}) {
    Draft draft(paths_);
    make_directories(draft.tree() + "/d");
    ASSERT_EQ(setxattr((draft.tree() + "/d").c_str(), name, "/x", 2, 0), 0);
    EXPECT_THAT(message_of([&] { store.seal(draft, 0); }), HasSubstr(name));
  }
}

TEST_F(LayerStoreTest, UserAttributesAndCapabilitiesArePartOfTheLayer) {
  const LayerStore store(paths_);
  Draft draft(paths_);
  write_file(draft.tree() + "/f", "content");
  if (setxattr((draft.tree() + "/f").c_str(), "user.key", "value", 5, 0) < 0)
    GTEST_SKIP() << "no user.* attributes here";
  const std::string capability("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  if (is_root()) {
    ASSERT_EQ(setxattr((draft.tree() + "/f").c_str(), "security.capability", capability.data(),
                       capability.size(), 0),
              0);
  }
  store.seal(draft, 0);
  const Layer layer = publish_one(store, std::move(draft));
  const std::string tar = tar_of(store, layer.diff_id);
  EXPECT_THAT(tar, HasSubstr("31 SCHILY.xattr.user.key=value\n"));
  if (is_root()) {
    EXPECT_THAT(tar, HasSubstr(cat("SCHILY.xattr.security.capability=", capability, '\n')));
  }
}

TEST_F(LayerStoreTest, SocketsAreNoPartOfALayer) {
  const LayerStore store(paths_);
  Draft draft(paths_), empty(paths_);
  const Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = draft.tree() + "/socket";
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(store.seal(draft, 0).diff_id, store.seal(empty, 0).diff_id);
  EXPECT_FALSE(exists(path));
}

TEST_F(LayerStoreTest, NamesThatLookLikeDeletionsAreRefused) {
  const LayerStore store(paths_);
  Draft draft(paths_);
  write_file(draft.tree() + "/.wh.passwd", "");
  EXPECT_THAT(message_of([&] { store.seal(draft, 0); }), HasSubstr(".wh.passwd"));
}

TEST_F(LayerStoreTest, ATreeMayBeDeeperThanTheDescriptorsKeptOpen) {
  const LayerStore store(paths_);
  Draft draft(paths_);
  Fd at = open_file(draft.tree(), O_RDONLY | O_DIRECTORY);
  const auto descend = [&at](const std::string& name, int levels) {
    for (int i = 0; i < levels; ++i) {
      ASSERT_EQ(mkdirat(at.get(), name.c_str(), 0755), 0);
      at = open_at(at.get(), name, O_RDONLY | O_DIRECTORY);
    }
  };
  descend("d", 300);
  EXPECT_EQ(store.seal(draft, 0).files, is_root() ? 300u : 301u)
      << "a root that is not root's is an entry";
  descend(std::string(200, 'd'), 20);
  EXPECT_THAT(message_of([&] { store.seal(draft, 0); }), HasSubstr("longer than"));
}

TEST_F(LayerStoreTest, TheRootIsAnEntryOnlyWhenItIsNotWhatANewOneIs) {
  const LayerStore store(paths_);
  Draft plain(paths_), changed(paths_);
  if (is_root()) {
    EXPECT_EQ(store.seal(plain, 0).files, 0u);
  }
  ASSERT_EQ(chmod(changed.tree().c_str(), 0711), 0);
  EXPECT_EQ(store.seal(changed, 0).files, 1u);
}

TEST_F(LayerStoreTest, AFullDiskLeavesTheStoreAsItWas) {
  const std::string mount_point = directory_.path();
  if (!is_root() || mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=1m") < 0)
    GTEST_SKIP() << "cannot mount a tmpfs";
  {
    const LayerStore store(paths_);
    Draft small(paths_);
    write_file(small.tree() + "/f", "content");
    store.seal(small, 0);
    const Layer kept = publish_one(store, std::move(small));
    {
      Draft large(paths_);
      LayerWriter writer(large, 0);
      EXPECT_THAT(message_of([&] { writer.file("big", meta(0644), std::string(2 << 20, 'x')); }),
                  HasSubstr("space left"));
    }
    EXPECT_EQ(store.list(), std::vector<Digest>{kept.diff_id});
    EXPECT_NO_THROW(store.write_tar(kept.diff_id, -1));
    EXPECT_THAT(list_directory(paths_.root + "/tmp"), testing::IsEmpty());
  }
  EXPECT_EQ(umount(mount_point.c_str()), 0);
}

}  // namespace
}  // namespace mini::image
