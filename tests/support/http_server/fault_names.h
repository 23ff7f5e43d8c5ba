// Names of faults, as counts and JSON have them.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "tests/support/http_server/http_server.h"

namespace vcube::testing_support {

/// In the order of Fault.
inline constexpr std::array<std::string_view, 16> kFaultNames{
    "none",         "status",      "reset_before",  "reset_middle", "short_body", "long_body",
    "whole_object", "wrong_range", "short_range",   "web_page",     "garbage",    "stall",
    "silence",      "slow",        "other_version", "redirect"};

inline std::string_view fault_name(Fault fault) {
    return kFaultNames.at(static_cast<std::size_t>(fault));
}

inline std::optional<Fault> fault_named(std::string_view name) {
    for (std::size_t i = 0; i < kFaultNames.size(); ++i) {
        if (kFaultNames.at(i) == name) {
            return static_cast<Fault>(i);
        }
    }
    return std::nullopt;
}

}  // namespace vcube::testing_support
