#include "cmd/commands/commands.h"

namespace mini::cmd {
namespace {

constexpr Command kAllCommands[] = {
    {"build|image build|builder build", "Images", "build an image from a Dockerfile", build},
    {"pull|image pull", "Images", "pull an image from a registry", pull},
    {"push|image push", "Images", "push an image to a registry", push},
    {"login", "Images", "log in to a registry", login},
    {"logout", "Images", "log out of a registry", logout},
    {"images|image ls|image list", "Images", "list images", images},
    {"tag|image tag", "Images", "add a name to an image", tag},
    {"rmi|image rm|image remove", "Images", "remove images", rmi},
    {"history|image history", "Images", "show the history of an image", history},
    {"import|image import", "Images", "create an image from a root file system archive", import},
    {"save|image save", "Images", "save images to an archive", save},
    {"load|image load", "Images", "load images from an archive", load},
    {"image inspect", "Images", "show an image's details as JSON", inspect_image},
    {"manifest inspect", "Images", "show a manifest or index in a registry", manifest_inspect},
    {"image prune", "Images", "remove unused images", image_prune},
    {"builder prune", "Images", "remove build cache", builder_prune},

    {"run|container run", "Containers", "create a container and run a command in it", run},
    {"create|container create", "Containers", "create a container", create},
    {"start|container start", "Containers", "start containers", start},
    {"stop|container stop", "Containers", "stop containers", stop},
    {"restart|container restart", "Containers", "restart containers", restart},
    {"kill|container kill", "Containers", "send a signal to containers", kill},
    {"rm|container rm|container remove", "Containers", "remove containers", rm},
    {"ps|container ls|container ps|container list", "Containers", "list containers", ps},
    {"logs|container logs", "Containers", "show a container's output", logs},
    {"exec|container exec", "Containers", "run another command in a running container", exec},
    {"attach|container attach", "Containers", "attach to a running container", attach},
    {"wait|container wait", "Containers", "wait for containers to exit, print their exit codes",
     wait},
    {"pause|container pause", "Containers", "pause all processes of containers", pause},
    {"unpause|container unpause", "Containers", "resume paused containers", unpause},
    {"top|container top", "Containers", "show a container's processes", top},
    {"stats|container stats", "Containers", "show resource usage, live", stats},
    {"port|container port", "Containers", "show published ports", port},
    {"rename|container rename", "Containers", "rename a container", rename},
    {"cp|container cp", "Containers", "copy files to or from a container", cp},
    {"diff|container diff", "Containers", "show changed files of a container", diff},
    {"commit|container commit", "Containers", "create an image from a container", commit},
    {"export|container export", "Containers", "export a container's files as a tar archive",
     export_},
    {"container inspect", "Containers", "show a container's details as JSON", inspect_container},
    {"container prune", "Containers", "remove stopped containers", container_prune},

    {"volume create", "Volumes", "create a volume", volume_create},
    {"volume ls|volume list", "Volumes", "list volumes", volume_ls},
    {"volume rm|volume remove", "Volumes", "remove volumes", volume_rm},
    {"volume inspect", "Volumes", "show a volume's details as JSON", volume_inspect},
    {"volume prune", "Volumes", "remove unused volumes", volume_prune},

    {"network create", "Networks", "create a network", network_create},
    {"network ls|network list", "Networks", "list networks", network_ls},
    {"network rm|network remove", "Networks", "remove networks", network_rm},
    {"network inspect", "Networks", "show a network's details as JSON", network_inspect},
    {"network connect", "Networks", "connect a container to a network", network_connect},
    {"network disconnect", "Networks", "disconnect a container from a network", network_disconnect},
    {"network explain", "Networks", "show how a container can be reached", network_explain},
    {"network prune", "Networks", "remove unused networks", network_prune},

    {"inspect", "System", "show details of any object as JSON", inspect},
    {"prune|system prune", "System", "remove all unused data", system_prune},
    {"system df|df", "System", "show disk usage", system_df},
    {"fsck|system fsck", "System", "verify the whole store", fsck},
    {"info|system info", "System", "show information about this system", info},
    {"help", "System", "show help for a command", help},
    {"version", "System", "show version information", version},
    {"oci", "System", "run OCI bundles, with runc's command line", oci},

    {"monitor", "", "", monitor},
};

}  // namespace

std::span<const Command> commands() {
  return kAllCommands;
}

}  // namespace mini::cmd
