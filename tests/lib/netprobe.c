/* What network tests run in containers and on hosts:
 *   netprobe serve tcp|udp PORT          answers every client with "ADDRESS" (the client's), for ever
 *   netprobe ask tcp|udp ADDRESS PORT    prints the answer; 1 when refused, 2 when nothing comes in 2 s
 *   netprobe say PATH TEXT               the same with a UNIX socket, after saying TEXT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

struct place {
  struct sockaddr_storage address;
  socklen_t size;
};

static struct place place_of(const char *text, int port) {
  struct place out = {.size = 0};
  struct sockaddr_in *v4 = (struct sockaddr_in *)&out.address;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out.address;
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out.size = sizeof *v6;
  } else {
    fprintf(stderr, "netprobe: %s: not an address\n", text);
    exit(3);
  }
  return out;
}

static const char *text_of(const struct place *client) {
  static char text[INET6_ADDRSTRLEN];
  getnameinfo((const struct sockaddr *)&client->address, client->size, text, sizeof text, NULL, 0, NI_NUMERICHOST);
  return strncmp(text, "::ffff:", 7) == 0 ? text + 7 : text;
}

static int fail(const char *what) {
  fprintf(stderr, "netprobe: %s: %s\n", what, strerror(errno));
  return errno == EAGAIN || errno == EINPROGRESS || errno == ETIMEDOUT ? 2 : 1;
}

static int serve(int type, int port) {
  struct place all = place_of("::", port);
  const int fd = socket(AF_INET6, type, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&all.address, all.size) < 0) return fail("bind");
  if (type == SOCK_STREAM && listen(fd, 64) < 0) return fail("listen");
  for (;;) {
    struct place client = {.size = sizeof client.address};
    char bytes[512];
    if (type == SOCK_DGRAM) {
      if (recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&client.address, &client.size) < 0) continue;
      const char *text = text_of(&client);
      sendto(fd, text, strlen(text), 0, (struct sockaddr *)&client.address, client.size);
    } else {
      const int peer = accept(fd, (struct sockaddr *)&client.address, &client.size);
      if (peer < 0) continue;
      const char *text = text_of(&client);
      if (write(peer, text, strlen(text)) < 0) perror("netprobe");
      close(peer);
    }
  }
}

static int ask(int type, const char *address, int port) {
  struct place server = place_of(address, port);
  const int fd = socket(server.address.ss_family, type, 0);
  const struct timeval limit = {2, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, (struct sockaddr *)&server.address, server.size) < 0) return fail("connect");
  if (type == SOCK_DGRAM && send(fd, "?", 1, 0) < 0) return fail("send");
  char bytes[512];
  const ssize_t size = recv(fd, bytes, sizeof bytes, 0);
  if (size <= 0) return fail("receive");
  printf("%.*s\n", (int)size, bytes);
  return 0;
}

static int say(const char *path, const char *text) {
  struct sockaddr_un server = {.sun_family = AF_UNIX};
  snprintf(server.sun_path, sizeof server.sun_path, "%s", path);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  char bytes[512];
  if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0) return fail("connect");
  if (write(fd, text, strlen(text)) < 0) return fail("send");
  const ssize_t size = recv(fd, bytes, sizeof bytes, 0);
  if (size <= 0) return fail("receive");
  printf("%.*s\n", (int)size, bytes);
  return 0;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  const int type = argc > 2 && strcmp(argv[2], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
  if (argc == 4 && strcmp(argv[1], "serve") == 0) return serve(type, atoi(argv[3]));
  if (argc == 5 && strcmp(argv[1], "ask") == 0) return ask(type, argv[3], atoi(argv[4]));
  if (argc == 4 && strcmp(argv[1], "say") == 0) return say(argv[2], argv[3]);
  fprintf(stderr, "usage: netprobe serve tcp|udp PORT | ask tcp|udp ADDRESS PORT | say PATH TEXT\n");
  return 3;
}
