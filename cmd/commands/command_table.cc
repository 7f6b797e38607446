#include "cmd/commands/commands.h"

namespace mini::cmd {

const std::vector<Command>& commands() {
  static const std::vector<Command> table{
      {"build|image build|builder build", "Images", "build an image from a Dockerfile", build},
      {"pull|image pull", "Images", "fetch an image from a registry", pull},
      {"push|image push", "Images", "send an image to a registry", push},
      {"login", "Images", "keep a password for a registry", login},
      {"logout", "Images", "forget it", logout},
      {"images|image ls|image list", "Images", "list images", images},
      {"tag|image tag", "Images", "give an image another name", tag},
      {"rmi|image rm|image remove", "Images", "remove images", rmi},
      {"history|image history", "Images", "show an image's layers", history},
      {"import|image import", "Images", "make an image from a tar of a root file system", import},
      {"save|image save", "Images", "write images to an archive", save},
      {"load|image load", "Images", "take images from an archive", load},
      {"image inspect", "Images", "show all of an image as JSON", inspect_image},
      {"manifest inspect", "Images", "show what a registry has under a name", manifest_inspect},
      {"image prune", "Images", "remove images that nothing uses", image_prune},
      {"builder prune", "Images", "remove build cache", builder_prune},

      {"run|container run", "Containers", "make a container and run a command in it", run},
      {"create|container create", "Containers", "make a container", create},
      {"start|container start", "Containers", "start containers", start},
      {"stop|container stop", "Containers", "stop containers", stop},
      {"restart|container restart", "Containers", "stop and start containers", restart},
      {"kill|container kill", "Containers", "send a signal to containers", kill},
      {"rm|container rm|container remove", "Containers", "remove containers", rm},
      {"ps|container ls|container ps|container list", "Containers", "list containers", ps},
      {"logs|container logs", "Containers", "show what a container wrote", logs},
      {"exec|container exec", "Containers", "run another command in a running container", exec},
      {"attach|container attach", "Containers", "connect to a running container", attach},
      {"wait|container wait", "Containers", "wait until containers end, print their exit codes",
       wait},
      {"pause|container pause", "Containers", "freeze all processes of containers", pause},
      {"unpause|container unpause", "Containers", "thaw them", unpause},
      {"top|container top", "Containers", "show a container's processes", top},
      {"stats|container stats", "Containers", "show what containers use, live", stats},
      {"port|container port", "Containers", "show where published ports are reached", port},
      {"rename|container rename", "Containers", "rename a container", rename},
      {"cp|container cp", "Containers", "copy files into and out of a container", cp},
      {"diff|container diff", "Containers", "show which files a container changed", diff},
      {"commit|container commit", "Containers", "make an image from a container", commit},
      {"export|container export", "Containers", "write a container's files as a tar", export_},
      {"container inspect", "Containers", "show all of a container as JSON", inspect_container},
      {"container prune", "Containers", "remove containers that have ended", container_prune},

      {"volume create", "Volumes", "make a volume", volume_create},
      {"volume ls|volume list", "Volumes", "list volumes", volume_ls},
      {"volume rm|volume remove", "Volumes", "remove volumes", volume_rm},
      {"volume inspect", "Volumes", "show all of a volume as JSON", volume_inspect},
      {"volume prune", "Volumes", "remove volumes that no container uses", volume_prune},

      {"network create", "Networks", "make a network", network_create},
      {"network ls|network list", "Networks", "list networks", network_ls},
      {"network rm|network remove", "Networks", "remove networks", network_rm},
      {"network inspect", "Networks", "show all of a network as JSON", network_inspect},
      {"network connect", "Networks", "put a container into one more network", network_connect},
      {"network disconnect", "Networks", "take a container out of a network", network_disconnect},
      {"network explain", "Networks", "show who can reach a container, and how", network_explain},
      {"network prune", "Networks", "remove networks that no container uses", network_prune},

      {"inspect", "System", "show all of a container, image, network or volume as JSON", inspect},
      {"prune|system prune", "System", "remove everything that nothing uses", system_prune},
      {"system df|df", "System", "show what uses the disk", system_df},
      {"fsck|system fsck", "System", "re-read and verify everything in the store", fsck},
      {"info|system info", "System", "show facts about this machine and store", info},
      {"version", "System", "show versions", version},
      {"oci", "System", "run OCI bundles: mini oci --help", oci},

      {"monitor", "", "", monitor},
  };
  return table;
}

}  // namespace mini::cmd
