// timeit ROUNDS NAME COMMAND [NAME COMMAND...]: runs every command once per round, in turn, so that
// the machine's noise falls on all alike, and prints one line per command: name, median and lowest
// wall time in microseconds, highest peak memory in KiB. A command named "-" prepares the next one
// and is not measured. Commands are split at blanks and started without a shell, with no input and
// their output thrown away; two rounds are run first and not counted if there are more than three.
// A command that fails ends it all, since the time of a failure says nothing.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kMaxWords = 256, kMaxCommands = 64, kWarmUp = 2 };

extern char** environ;

struct command {
  const char* name;
  char* words[kMaxWords];
  long* times;
  long peak_kib;
};

static void split(char* text, char** words) {
  int n = 0;
  for (char* word = strtok(text, " "); word; word = strtok(NULL, " ")) {
    if (n == kMaxWords - 1) {
      fprintf(stderr, "timeit: more than %d words\n", kMaxWords - 1);
      exit(2);
    }
    words[n++] = word;
  }
  words[n] = NULL;
}

static long now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static long run_once(struct command* c, posix_spawn_file_actions_t* actions) {
  pid_t pid;
  int status;
  struct rusage usage;
  long start = now_us();
  int error = posix_spawnp(&pid, c->words[0], actions, NULL, c->words, environ);
  if (error) {
    fprintf(stderr, "timeit: %s: %s\n", c->words[0], strerror(error));
    exit(1);
  }
  while (wait4(pid, &status, 0, &usage) < 0)
    if (errno != EINTR) exit(1);
  long time = now_us() - start;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fprintf(stderr, "timeit: %s: wait status %#x\n", c->name, (unsigned)status);
    exit(1);
  }
  if (usage.ru_maxrss > c->peak_kib) c->peak_kib = usage.ru_maxrss;
  return time;
}

static int by_size(const void* a, const void* b) {
  long x = *(const long*)a, y = *(const long*)b;
  return (x > y) - (x < y);
}

int main(int argc, char** argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 0;
  int count = (argc - 2) / 2;
  if (rounds < 1 || argc < 4 || argc % 2 != 0 || count > kMaxCommands) {
    fprintf(stderr, "usage: timeit ROUNDS NAME COMMAND [NAME COMMAND...]\n");
    return 2;
  }
  static struct command commands[kMaxCommands];
  for (int i = 0; i < count; i++) {
    commands[i].name = argv[2 + 2 * i];
    split(argv[3 + 2 * i], commands[i].words);
    commands[i].times = calloc((size_t)rounds, sizeof(long));
    if (!commands[i].times || !commands[i].words[0]) return 2;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  int warm_up = rounds > 3 ? kWarmUp : 0;
  for (int round = -warm_up; round < rounds; round++)
    for (int i = 0; i < count; i++) {
      long time = run_once(&commands[i], &actions);
      if (round >= 0) commands[i].times[round] = time;
    }
  for (int i = 0; i < count; i++) {
    qsort(commands[i].times, (size_t)rounds, sizeof(long), by_size);
    if (strcmp(commands[i].name, "-") == 0) continue;
    printf("%s %ld %ld %ld\n", commands[i].name, commands[i].times[rounds / 2],
           commands[i].times[0], commands[i].peak_kib);
  }
  return 0;
}
