#include "core/base/redacted.h"

#include <algorithm>

namespace vcube {

std::string redacted(std::string_view url) {
    std::string out(url);
    const bool plain = !out.starts_with("/vsi") && out.find("://") == std::string::npos;
    if (plain) {
        return out;
    }
    // The query first: a user name cannot stand behind it, an '@' can.
    out.resize(std::min(out.find_first_of("?#"), out.size()));
    for (std::size_t at = out.find("://"); at != std::string::npos; at = out.find("://", at + 3)) {
        const std::size_t begin = at + 3;
        const std::size_t end = std::min(out.find('/', begin), out.size());
        const std::size_t user = out.rfind('@', end);
        if (user != std::string::npos && user >= begin && user < end) {
            out.erase(begin, user + 1 - begin);
        }
    }
    return out;
}

}  // namespace vcube
