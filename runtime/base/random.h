// Names that nobody can guess and names that people can say. From getrandom(2).
#pragma once

#include <string>

namespace mini {

std::string random_hex(int digits);
// 64 hexadecimal digits whose short form, the first 12, is not a number: containers have it as a
// host name, and resolvers read "024325516267" as an address.
std::string random_id();
std::string random_name();  // "brave_lovelace", as Docker's

}  // namespace mini
