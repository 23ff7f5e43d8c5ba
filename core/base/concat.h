// Text from parts, in one string that grows. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace vcube {

/// The parts one after another: concat("'", name, "' is unknown").
template <class... Parts>
std::string concat(const Parts&... parts) {
    std::string out;
    (out.append(std::string_view(parts)), ...);
    return out;
}

}  // namespace vcube
