// A location as messages may show it: without user info and query string, which may hold secrets. Pure.
#pragma once

#include <string>
#include <string_view>

namespace vcube {

/// `url` without user info and query string. Plain paths stay as they are.
std::string redacted(std::string_view url);

}  // namespace vcube
