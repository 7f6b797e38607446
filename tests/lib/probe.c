// The program that tests run inside containers: static, needs nothing, tells what it sees. One command per run:
//   report | cat FILE | stat PATH | write FILE TEXT | list DIR | exit N | pause | orphan | signal N | isatty | env NAME | mknod PATH MAJOR MINOR
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int failed(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  return 1;
}

static int cat(const char *path) {
  char buffer[4096];
  ssize_t size;
  int fd = open(path, O_RDONLY);
  if (fd < 0) return failed(path);
  while ((size = read(fd, buffer, sizeof buffer)) > 0) fwrite(buffer, 1, (size_t)size, stdout);
  return size < 0 ? failed(path) : 0;
}

static int write_text(const char *path, const char *text) {
  int fd = open(path, O_WRONLY);
  if (fd < 0) return failed(path);
  if (write(fd, text, strlen(text)) < 0) return failed(path);
  return 0;
}

static int list(const char *path) {
  DIR *dir = opendir(path);
  struct dirent *entry;
  if (!dir) return failed(path);
  while ((entry = readdir(dir))) {
    if (entry->d_name[0] != '.') printf("%s\n", entry->d_name);
  }
  return 0;
}

static int show_stat(const char *path) {
  struct stat info;
  if (lstat(path, &info) < 0) return failed(path);
  printf("mode %o uid %u gid %u device %u:%u size %lld\n", info.st_mode, info.st_uid, info.st_gid, major(info.st_rdev),
         minor(info.st_rdev), (long long)info.st_size);
  return 0;
}

static void show_descriptors(void) {
  printf("fds:");
  for (int fd = 0; fd < 4096; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) printf(" %d", fd);
  }
  printf("\n");
}

static void show_status(void) {
  char line[512];
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status)) {
    if (!strncmp(line, "Cap", 3) || !strncmp(line, "NoNewPrivs", 10) || !strncmp(line, "Seccomp:", 8) || !strncmp(line, "Sig", 3)) {
      fputs(line, stdout);
    }
  }
}

static int report(void) {
  char text[4096];
  gid_t groups[64];
  struct rlimit files;
  int count = getgroups(64, groups);
  mode_t mask = umask(0);
  printf("pid %d ppid %d sid %d\n", getpid(), getppid(), getsid(0));
  printf("uid %u gid %u\ngroups:", getuid(), getgid());
  for (int i = 0; i < count; ++i) printf(" %u", groups[i]);
  printf("\numask %o\ncwd %s\n", mask, getcwd(text, sizeof text) ? text : "?");
  gethostname(text, sizeof text);
  getrlimit(RLIMIT_NOFILE, &files);
  printf("hostname %s\nnofile %llu:%llu\n", text, (unsigned long long)files.rlim_cur, (unsigned long long)files.rlim_max);
  show_descriptors();
  show_status();
  return 0;
}

// Leaves a grandchild behind and ends when that was reaped by pid 1, which then is an init.
static int orphan(void) {
  pid_t child = fork();
  if (child == 0) {
    pid_t grandchild = fork();
    if (grandchild == 0) {
      usleep(20000);
      _exit(0);
    }
    printf("%d\n", grandchild);
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  usleep(200000);
  return 0;
}

static void on_signal(int number) { _exit(number); }

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "report", *a = argc > 2 ? argv[2] : "", *b = argc > 3 ? argv[3] : "";
  if (!strcmp(what, "report")) return report();
  if (!strcmp(what, "cat")) return cat(a);
  if (!strcmp(what, "stat")) return show_stat(a);
  if (!strcmp(what, "write")) return write_text(a, b);
  if (!strcmp(what, "list")) return list(a);
  if (!strcmp(what, "exit")) return atoi(a);
  if (!strcmp(what, "orphan")) return orphan();
  if (!strcmp(what, "isatty")) return printf("%d %d %d %s\n", isatty(0), isatty(1), isatty(2), ttyname(0) ? ttyname(0) : "-"), 0;
  if (!strcmp(what, "env")) return printf("%s\n", getenv(a) ? getenv(a) : "-"), 0;
  if (!strcmp(what, "chmod")) return chmod(a, (mode_t)strtol(b, NULL, 8)) < 0 ? failed(a) : 0;
  if (!strcmp(what, "mknod")) return mknod(a, S_IFCHR | 0600, makedev(atoi(b), atoi(argv[4]))) < 0 ? failed(a) : 0;
  if (!strcmp(what, "signal")) {
    signal(atoi(a), on_signal);
    printf("ready\n");
    fflush(stdout);
    for (;;) pause();
  }
  if (!strcmp(what, "pause")) {
    printf("ready\n");
    fflush(stdout);
    for (;;) pause();
  }
  fprintf(stderr, "probe: %s?\n", what);
  return 64;
}
