#include "runtime/engine/monitor/attach_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/attach.h"
#include "runtime/engine/monitor/attach_protocol.h"

namespace mini::engine {
namespace {

constexpr std::string_view kSize("\x1f\0\x61\0", 4);  // 31 rows, 97 columns

TEST(AttachServer, TheOwnerIsHeardAndGetsOutputAndTheExitCode) {
  auto [ours, theirs] = make_socketpair();
  send_frame(ours.get(), Frame::hello, "oi");
  send_frame(ours.get(), Frame::resize, kSize);
  AttachServer server;
  std::string input;
  int ends = 0;
  server.on_input = [&](std::string_view data) { input += data; };
  server.on_end_of_input = [&] { ++ends; };
  server.adopt(std::move(theirs));
  ASSERT_TRUE(server.first_size());
  EXPECT_EQ(server.first_size()->first, 31);
  EXPECT_EQ(server.first_size()->second, 97);

  send_frame(ours.get(), Frame::input, "typed");
  send_frame(ours.get(), Frame::end_of_input, "");
  send_frame(ours.get(), static_cast<Frame>('?'), "of a later version");
  server.hear();
  server.hear();
  EXPECT_EQ(input, "typed");
  EXPECT_EQ(ends, 1);

  server.output(false, "out");
  server.output(true, "err");
  server.finish(7);
  ReceivedFrame frame;
  ASSERT_EQ(receive_frame(ours.get(), frame), Received::frame);
  EXPECT_EQ(frame.type, Frame::output);
  EXPECT_EQ(frame.payload, "out");
  ASSERT_EQ(receive_frame(ours.get(), frame), Received::frame);
  EXPECT_EQ(frame.type, Frame::error_output);
  ASSERT_EQ(receive_frame(ours.get(), frame), Received::frame);
  EXPECT_EQ(frame.type, Frame::exit);
  EXPECT_EQ(frame.payload, std::string("\x07\0\0\0", 4));
  EXPECT_EQ(receive_frame(ours.get(), frame), Received::end);
}

TEST(AttachServer, TheExitCodeArrivesAlsoBehindInputThatNobodyRead) {
  auto [ours, theirs] = make_socketpair();
  send_frame(ours.get(), Frame::hello, "oi");
  {
    AttachServer server;
    server.adopt(std::move(theirs));
    send_frame(ours.get(), Frame::input, "never read");
    server.finish(9);
  }
  ReceivedFrame frame;
  ASSERT_EQ(receive_frame(ours.get(), frame), Received::frame);
  EXPECT_EQ(frame.type, Frame::exit);
  EXPECT_EQ(frame.payload, std::string("\x09\0\0\0", 4));
  EXPECT_EQ(receive_frame(ours.get(), frame), Received::end);
}

class ListeningServer : public testing::Test {
 protected:
  ListeningServer()
      : root_(testing::TempDir() + "/mini-attach-" + random_hex(8)),
        store_({root_, root_ + "/run"}) {
    make_directories(store_.run_directory(id_));
    server_.listen(store_.run_directory(id_));
  }
  ~ListeningServer() override { remove_tree(root_); }

  // The path is longer than a socket's name may be.
  const std::string id_ = std::string(64, 'e');
  std::string root_;
  ContainerStore store_;
  AttachServer server_;
};

TEST_F(ListeningServer, SomebodyWhoOnlyWaitsGetsNothingButTheEnd) {
  std::optional<Fd> client = connect_to_monitor(store_, id_);
  ASSERT_TRUE(client);
  greet(client->get(), false, {.stdin_open = false, .output = false, .error_output = false});
  server_.hear();
  server_.output(false, "not for you");
  server_.finish(137);
  ReceivedFrame frame;
  ASSERT_EQ(receive_frame(client->get(), frame), Received::frame);
  EXPECT_EQ(frame.type, Frame::exit);
}

TEST_F(ListeningServer, WhatWasSaidBeforeTheConnectionEndedCounts) {
  bool forbidden = false;
  server_.on_no_restart = [&] { forbidden = true; };
  {
    std::optional<Fd> client = connect_to_monitor(store_, id_);
    ASSERT_TRUE(client);
    send_frame(client->get(), Frame::no_restart, "");
  }
  server_.hear();
  EXPECT_TRUE(forbidden);
}

TEST_F(ListeningServer, AGuestThatDoesNotReadIsDroppedAndTheOwnerIsNot) {
  auto [owner, theirs] = make_socketpair();
  send_frame(owner.get(), Frame::hello, "o");
  server_.adopt(std::move(theirs));
  std::optional<Fd> guest = connect_to_monitor(store_, id_);
  ASSERT_TRUE(guest);
  greet(guest->get(), false, {});
  server_.hear();
  const std::string piece(32 << 10, 'x');
  for (int i = 0; i < 100; ++i) server_.output(false, piece);
  EXPECT_FALSE(server_.keeps_up());

  fcntl(guest->get(), F_SETFL, O_NONBLOCK);
  ReceivedFrame frame;
  size_t guest_frames = 0;
  PollRound round;
  server_.watch(round, true);  // sweeps the dropped guest away, which closes its connection
  Received last;
  while ((last = receive_frame(guest->get(), frame)) == Received::frame) ++guest_frames;
  EXPECT_EQ(last, Received::end);
  EXPECT_LT(guest_frames, 100u);

  size_t owner_frames = 0;
  fcntl(owner.get(), F_SETFL, O_NONBLOCK);
  while (owner_frames < 100) {
    while (receive_frame(owner.get(), frame) == Received::frame) ++owner_frames;
    PollRound next;
    next.wake_at(0);
    server_.watch(next, true);
    next.wait();
  }
  EXPECT_TRUE(server_.keeps_up());
}

TEST(ConnectToMonitor, WithoutOneThereIsNothing) {
  const ContainerStore store({"/nonexistent/root", "/nonexistent/run"});
  EXPECT_FALSE(connect_to_monitor(store, std::string(64, 'f')));
}

}  // namespace
}  // namespace mini::engine
