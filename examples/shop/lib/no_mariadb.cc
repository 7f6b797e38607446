#include "lib/database.h"

namespace shop {

std::unique_ptr<Connection> open_mariadb(const std::string&) {
  throw std::invalid_argument("DB_URL: this build has no MariaDB support; build with -DSHOP_MARIADB=ON");
}

}  // namespace shop
