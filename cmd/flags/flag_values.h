// The texts of container flags -> values of the engine. Docker's syntax; strict; every Error names
// the flag, the text and what would be right. Its kind is bad_flag where docker's client refuses
// the text, and usage where docker's daemon does: scripts see another exit status.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/engine/record/record.h"
#include "runtime/image/store/image_store.h"

namespace mini::cmd {

[[noreturn]] void refuse(const std::string& flag, const std::string& text, const std::string& what,
                         const std::string& hint, ErrorKind kind = ErrorKind::bad_flag);

int64_t size_flag(const char* flag, const std::string& text);         // bytes; empty: 0
std::string address_flag(const char* flag, const std::string& text);  // IPv4 or IPv6
int64_t cpus_flag(const std::string& text);  // "1.5" -> 1'500'000'000; empty: 0
int64_t duration_flag(const char* flag, const std::optional<std::string>& text);  // ns; nothing: 0
std::pair<std::string, std::pair<int64_t, int64_t>> ulimit_flag(const std::string& text);
engine::RestartPolicy restart_flag(const std::string& text);
engine::DeviceRequest device_flag(const std::string& text);
void apply_log_options(engine::HostConfig& host, const std::vector<std::string>& options);
void require_host_platform(const std::string& platform);
// --platform of an image of the store, which has one platform. Empty: any.
void require_platform(const image::Image& image, const std::string& wanted);

std::string env_entry(
    const std::string& text);  // "NAME" takes its value from here; stays "NAME" when there is none
// `kind` of the error when there is no such file.
std::vector<std::string> read_env_file(const char* flag, const std::string& path, ErrorKind kind);
void add_label(std::map<std::string, std::string>& labels, const std::string& text);  // "K" is "K="
void add_sysctl(std::map<std::string, std::string>& sysctls, const std::string& text);

// mount_values.cc
engine::MountRequest volume_flag(const std::string& text);
engine::MountRequest mount_flag(const std::string& text);
engine::MountRequest tmpfs_flag(const std::string& text);

}  // namespace mini::cmd
