// port: where a container's ports are reached.

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/port_values.h"
#include "cmd/flags/stores.h"
#include "cmd/output/listing.h"
#include "cmd/output/port_cells.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

std::string outside(const engine::PublishedPort& port) {
  return address_and_port(port.host_address, std::to_string(port.host_port));
}

std::string one_port(const engine::Record& record, const std::string& wanted) {
  const PortRange range = port_range("PORT", wanted);
  std::string out;
  for (const engine::PublishedPort& port : shown_ports(record))
    if (port.host_port != 0 && range.contains(port.container_port, port.protocol))
      out += outside(port) + "\n";
  if (!out.empty()) return out;
  throw Error(cat("container ", record.name, ": port ", range.first, "/", range.protocol,
                  " is not published"),
              cat("`mini port ", record.name, "` shows the published ports"), ErrorKind::not_found);
}

}  // namespace

int port(const Session& session, const Args& args) {
  Flags flags("port CONTAINER [PORT[/PROTOCOL]]", "Shows the published ports of a container.");
  std::string name, wanted;
  flags.argument("CONTAINER", name, true);
  flags.argument("PORT", wanted, false, "port of the container (default protocol tcp)");
  if (!flags.parse(args)) return 0;
  Stores stores(session);
  const engine::Record record = stores.containers().find(name);
  std::string out;
  if (!wanted.empty()) {
    out = one_port(record, wanted);
  } else {
    for (const engine::PublishedPort& port : shown_ports(record))
      if (port.host_port != 0)
        out += cat(port.container_port, "/", port.protocol, " -> ", outside(port), "\n");
  }
  put(out);
  return 0;
}

}  // namespace mini::cmd
