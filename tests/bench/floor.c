// The floor under a container start: the kernel's own work for one command in new mount, UTS, IPC,
// network, PID and cgroup namespaces with an overlay root and a /proc, and nothing else. `floor
// LOWER SCRATCH COMMAND [ARG...]` runs COMMAND in an overlay over LOWER with its upper layer in
// SCRATCH (made afresh and removed), waits, and exits with its status. No limits, no filter, no
// clean view of /dev: what a real runtime adds to this time is its own cost.
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void die(const char* what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  _exit(125);
}

static void run(const char* options, const char* root, char** command) {
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) die("private mounts");
  if (mount("overlay", root, "overlay", 0, options) < 0) die("overlay");
  if (chdir(root) < 0) die("chdir");
  if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) die("proc");
  if (syscall(SYS_pivot_root, ".", ".") < 0) die("pivot_root");
  if (umount2(".", MNT_DETACH) < 0) die("detach the old root");
  if (chdir("/") < 0) die("chdir /");
  char* environment[] = {"PATH=/bin", NULL};
  execve(command[0], command, environment);
  die(command[0]);
}

int main(int argc, char** argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: floor LOWER SCRATCH COMMAND [ARG...]\n");
    return 125;
  }
  char upper[PATH_MAX], work[PATH_MAX], inner[PATH_MAX], root[PATH_MAX], options[4 * PATH_MAX];
  snprintf(upper, sizeof upper, "%s/upper", argv[2]);
  snprintf(work, sizeof work, "%s/work", argv[2]);
  snprintf(inner, sizeof inner, "%s/work/work", argv[2]);
  snprintf(root, sizeof root, "%s/root", argv[2]);
  snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", argv[1], upper, work);
  if (mkdir(argv[2], 0700) < 0 || mkdir(upper, 0755) < 0 || mkdir(work, 0700) < 0 ||
      mkdir(root, 0755) < 0)
    die(argv[2]);

  struct clone_args args = {
      .flags =
          CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWCGROUP,
      .exit_signal = SIGCHLD,
  };
  pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  if (child < 0) die("clone3");
  if (child == 0) run(options, root, argv + 3);
  int status;
  if (waitpid(child, &status, 0) < 0) die("waitpid");
  // The mount went with its namespace; the directories are removed as any runtime must.
  if (rmdir(root) < 0 || rmdir(upper) < 0 || rmdir(inner) < 0 || rmdir(work) < 0 ||
      rmdir(argv[2]) < 0)
    die("remove the scratch directory");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
