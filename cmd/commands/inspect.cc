// inspect: everything about containers, images, networks and volumes, as JSON or through a
// template.
#include "runtime/engine/inspect/inspect.h"

#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/listing.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/networks.h"

namespace mini::cmd {
namespace {

using Object = nlohmann::ordered_json;
using Finder = std::function<std::optional<Object>(const std::string& name)>;

// A name that one kind of object could never have may still be another's.
template <class Find>
auto if_it_may_be(const Find& find) -> decltype(find()) {
  try {
    return find();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage && error.kind() != ErrorKind::not_found) throw;
    return {};
  }
}

std::optional<Object> container(Stores& stores, const std::string& name, bool size) {
  const auto record = if_it_may_be([&] { return stores.containers().find_if_exists(name); });
  if (!record) return {};
  return engine::inspect_container(stores.containers(), *record, size);
}

std::optional<Object> image(Stores& stores, const std::string& name) {
  const auto entry = if_it_may_be([&] { return stores.images().find(name); });
  if (!entry) return {};
  return engine::inspect_image(stores.images(), stores.images().load(*entry));
}

std::optional<Object> volume(const Session& session, const std::string& name, bool size) {
  const auto found = if_it_may_be([&] { return engine::VolumeStore(session.paths).find(name); });
  if (!found) return {};
  return engine::inspect_volume(*found, size);
}

std::optional<Object> network(Stores& stores, const std::string& name) {
  return if_it_may_be([&]() -> std::optional<Object> {
    return engine::inspect_network(stores.containers(), name);
  });
}

// What was found is printed, also when something else was not: scripts read "[]".
int print_found(const std::vector<std::string>& names, const std::string& format, const char* kind,
                const Finder& find) {
  std::vector<Object> objects;
  const int failed = for_each_name(names, [&](const std::string& name) -> std::string {
    auto object = find(name);
    if (!object)
      throw Error(cat("no such ", kind, ": ", printable(name)), "", ErrorKind::not_found);
    objects.push_back(std::move(*object));
    return "";
  });
  if (objects.empty() && !format.empty())
    put("\n");
  else
    print_objects(objects, format);
  return failed;
}

constexpr const char* kFormatHelp =
    "output format: json, or a Go template such as {{.State.Status}}";

}  // namespace

int inspect(const Session& session, const Args& args) {
  Flags flags("inspect [flags] NAME...",
              "Shows details of containers, images, networks or volumes, looked up in this order.");
  std::string type, format;
  bool size = false;
  std::vector<std::string> names;
  flags.value("--type TYPE", type, "container, image, network or volume");
  flags.flag("-s,--size", size, "include the size of containers");
  flags.value("-f,--format FORMAT", format, kFormatHelp);
  flags.arguments("NAME", names, true);
  if (!flags.parse(args)) return 0;
  check_format(format);
  if (!type.empty() && type != "container" && type != "image" && type != "network" &&
      type != "volume")
    throw Error(cat("flag --type ", quoted(type), ": unknown type"),
                "container, image, network or volume", ErrorKind::usage);
  Stores stores(session);
  const auto wanted = [&](const char* kind) { return type.empty() || type == kind; };
  return print_found(names, format, type.empty() ? "object" : type.c_str(),
                     [&](const std::string& name) {
                       std::optional<Object> found;
                       if (wanted("container")) found = container(stores, name, size);
                       if (!found && wanted("image")) found = image(stores, name);
                       if (!found && wanted("network")) found = network(stores, name);
                       if (!found && wanted("volume")) found = volume(session, name, size);
                       return found;
                     });
}

int inspect_container(const Session& session, const Args& args) {
  Flags flags("container inspect [flags] CONTAINER...", "Shows details of containers.");
  std::string format;
  bool size = false;
  std::vector<std::string> names;
  flags.flag("-s,--size", size, "include the size of the container");
  flags.value("-f,--format FORMAT", format, kFormatHelp);
  flags.arguments("CONTAINER", names, true);
  if (!flags.parse(args)) return 0;
  check_format(format);
  Stores stores(session);
  return print_found(names, format, "container",
                     [&](const std::string& name) { return container(stores, name, size); });
}

int inspect_image(const Session& session, const Args& args) {
  Flags flags("image inspect [flags] IMAGE...", "Shows details of images.");
  std::string format;
  std::vector<std::string> names;
  flags.value("-f,--format FORMAT", format, kFormatHelp);
  flags.arguments("IMAGE", names, true);
  if (!flags.parse(args)) return 0;
  check_format(format);
  Stores stores(session);
  return print_found(names, format, "image",
                     [&](const std::string& name) { return image(stores, name); });
}

int network_inspect(const Session& session, const Args& args) {
  Flags flags("network inspect [flags] NETWORK...",
              "Shows details of networks and the containers in them.");
  std::string format;
  bool verbose = false;
  std::vector<std::string> names;
  flags.value("-f,--format FORMAT", format, kFormatHelp);
  flags.flag("-v,--verbose", verbose, "accepted for compatibility: changes nothing");
  flags.arguments("NETWORK", names, true);
  if (!flags.parse(args)) return 0;
  check_format(format);
  Stores stores(session);
  return print_found(names, format, "network",
                     [&](const std::string& name) { return network(stores, name); });
}

int volume_inspect(const Session& session, const Args& args) {
  Flags flags("volume inspect [flags] VOLUME...", "Shows details of volumes.");
  std::string format;
  std::vector<std::string> names;
  flags.value("-f,--format FORMAT", format, kFormatHelp);
  flags.arguments("VOLUME", names, true);
  if (!flags.parse(args)) return 0;
  check_format(format);
  return print_found(names, format, "volume",
                     [&](const std::string& name) { return volume(session, name, false); });
}

}  // namespace mini::cmd
