// Names that nobody can guess and names that people can say. From getrandom(2).
#pragma once

#include <string>

namespace mini {

std::string random_hex(int digits);
std::string random_name();  // "brave_lovelace", as Docker's

}  // namespace mini
