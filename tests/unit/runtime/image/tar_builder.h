// Tars that no honest tool writes, for tests of the reader. Every field can be set to any bytes;
// the checksum is right unless told otherwise.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace mini::image {

class TarBuilder {
 public:
  struct Header {
    char type = '0';
    std::string name, link;
    unsigned mode = 0644;
    unsigned uid = geteuid(), gid = getegid();  // so that no test needs root for its owners
    std::string size_field;                     // raw; empty: the content's size in octal
    uint64_t mtime = 0;
    unsigned major = 0, minor = 0;
    const char* magic = "ustar";
    std::string prefix;
  };

  TarBuilder& add(const Header& header, const std::string& content = {}) {
    char block[512] = {};
    const auto text = [&](size_t offset, size_t size, const std::string& value) {
      memcpy(block + offset, value.data(), std::min(size, value.size()));
    };
    const auto octal = [&](size_t offset, int digits, uint64_t value) {
      char field[32];
      snprintf(field, sizeof field, "%0*lo", digits, value);
      memcpy(block + offset, field, static_cast<size_t>(digits));
    };
    text(0, 100, header.name);
    octal(100, 7, header.mode);
    octal(108, 7, header.uid);
    octal(116, 7, header.gid);
    octal(124, 11, content.size());
    if (!header.size_field.empty()) text(124, 12, header.size_field);
    octal(136, 11, header.mtime);
    block[156] = header.type;
    text(157, 100, header.link);
    text(257, 6, header.magic);
    memcpy(block + 263, "00", 2);
    octal(329, 7, header.major);
    octal(337, 7, header.minor);
    text(345, 155, header.prefix);
    memset(block + 148, ' ', 8);
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    octal(148, 6, sum);
    block[154] = 0;
    bytes_.append(block, sizeof block);
    bytes_ += content;
    bytes_.append((512 - content.size() % 512) % 512, '\0');
    return *this;
  }

  TarBuilder& file(const std::string& name, const std::string& content, unsigned mode = 0644) {
    Header header;
    header.name = name;
    header.mode = mode;
    return add(header, content);
  }
  TarBuilder& directory(const std::string& name, unsigned mode = 0755) {
    return entry('5', name, {}, mode);
  }
  TarBuilder& symlink(const std::string& name, const std::string& target) {
    return entry('2', name, target, 0777);
  }
  TarBuilder& hard_link(const std::string& name, const std::string& target) {
    return entry('1', name, target, 0644);
  }
  TarBuilder& entry(char type, const std::string& name, const std::string& link, unsigned mode) {
    Header header;
    header.type = type;
    header.name = name;
    header.link = link;
    header.mode = mode;
    return add(header);
  }
  TarBuilder& device(const std::string& name, unsigned major, unsigned minor) {
    Header header;
    header.type = '3';
    header.name = name;
    header.major = major;
    header.minor = minor;
    return add(header);
  }

  static std::string record(const std::string& key, const std::string& value) {
    const size_t rest = key.size() + value.size() + 3;
    size_t size = rest + 1;
    while (std::to_string(size).size() + rest != size) ++size;
    return std::to_string(size) + ' ' + key + '=' + value + '\n';
  }
  TarBuilder& extended(const std::string& records, char type = 'x') {
    Header header;
    header.type = type;
    header.name = "extended";
    return add(header, records);
  }

  std::string end() const { return bytes_ + std::string(1024, '\0'); }
  const std::string& without_end() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace mini::image
