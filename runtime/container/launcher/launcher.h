// The launcher's inside: its registers and the functions behind the Ops (plan_format.h), grouped by
// file. Every function returns 0 or a negated errno and leaves telling the parent to the one loop
// in launcher.cc. No library, no allocation, no text: tests/unit/…/launcher_object_test holds it to
// that.
#pragma once

#include <linux/openat2.h>

#include "runtime/container/launcher/plan_format.h"
#include "runtime/container/launcher/sys.h"

namespace mini::container {

struct Launcher {
  Op* ops = nullptr;
  uint32_t op_count = 0;
  char* data = nullptr;
  int channel = -1;

  int context = -1;  // fsopen's, until fs_create
  int mount = -1, root = -1, proc = -1, console = -1;
  int masks = -1;                  // a file system with an empty directory and a null device
  bool directory_pending = false;  // change_directory was forbidden before `ids`
  bool die_with_parent = false;

  const char* text(uint32_t offset) const { return data + offset; }
  bool has(uint32_t offset) const { return data[offset] != 0; }
  template <class T>
  T* list(uint32_t offset) const {
    return reinterpret_cast<T*>(data + offset);
  }
  char** vector(uint32_t offset);  // relocated on first use
};

// launcher.cc
void send_report(const Launcher& self, Report kind, uint32_t value, int fd);
long receive_byte(const Launcher& self);
long parent_gone(const Launcher& self);

// paths.cc: below the root register only
long open_below(int root, const char* path, uint64_t flags, uint64_t resolve);
long make_directories(int root, const char* path, uint64_t resolve);
// The parent directory of `path`, made when missing; *name points at the last component.
long open_parent(int root, const char* path, uint64_t resolve, const char** name);
bool is_device(int fd, unsigned major, unsigned minor);
long file_system_type(int fd);  // statfs(2)'s f_type, 0 when it cannot be told

// mounts.cc
long fs_open(Launcher& self, const Op& op);
long fs_create(Launcher& self, const Op& op);
long open_tree(Launcher& self, const Op& op);
long open_path(Launcher& self, const Op& op);
long mount_at(Launcher& self, const Op& op);
long set_attr(Launcher& self, const Op& op);
long attach_root(Launcher& self, const Op& op);
long prepare_masks(Launcher& self);
long attach(Launcher& self, const Op& op);
long need_proc(Launcher& self);
long pivot(Launcher& self);
long root_attr(const Op& op);
long mask(Launcher& self, const Op& op);
long readonly(Launcher& self, const Op& op);

// copy_up.cc
long cover(Launcher& self, const Op& op);
long copy_up(Launcher& self, const Op& op);

// devices.cc
long device(Launcher& self, const Op& op);
long link_file(Launcher& self, const Op& op);
long open_console(Launcher& self, const Op& op);
long bind_console(Launcher& self);
long take_stdio(Launcher& self, const Op& op);
long terminal_stdio(Launcher& self);
long give_stdio(const Op& op);

// namespaces.cc
long fork_sibling(Launcher& self, const Op& op);
long become_root();
long loopback_up();
long session_keyring(Launcher& self, const Op& op);
long write_setting(Launcher& self, const Op& op);
long write_proc_self(Launcher& self, const Op& op);

// identity.cc
long set_rlimit(const Op& op);
long close_others(Launcher& self, const Op& op);
long make_directory(Launcher& self, const Op& op);
long change_directory(Launcher& self, const Op& op);
long verify_directory(Launcher& self, const char* path);
long set_groups(Launcher& self, const Op& op);
long drop_bounding(const Op& op);
long set_ids(Launcher& self, const Op& op);
long set_capabilities(const Op& op);
long raise_ambient(const Op& op);
long load_seccomp(Launcher& self, const Op& op);

// execute.cc
long run_hook(Launcher& self, const Op& op);
long find_command(Launcher& self, const Op& op);
long gate(Launcher& self, const Op& op);
long run_init(Launcher& self);
long execute(Launcher& self, const Op& op, ReportRecord& record);

// memory.cc
size_t length(const char* text);
// The decimal digits of `number`, which is not negative, with a final NUL; returns where they start
// in `out`.
constexpr size_t kPathMax = 4096;
constexpr size_t kDigits = 24;
char* decimal(long number, char (&out)[kDigits]);

}  // namespace mini::container
