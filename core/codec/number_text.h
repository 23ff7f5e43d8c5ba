// Numbers as JSON text: the shortest that reads back as the same value; NaN and infinities as Python writes them. Pure
// functions.
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <type_traits>

#include "core/codec/half.h"

namespace vcube {

template <class T>
void append_number(std::string& out, T value) {
    if constexpr (std::is_same_v<T, Half>) {
        append_number(out, half_to_float(value));
    } else {
        char text[40];
        if constexpr (std::is_floating_point_v<T>) {
            if (!std::isfinite(value)) {
                out += std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
                return;
            }
        }
        const char* const end = std::to_chars(text, text + sizeof text, value).ptr;
        out.append(text, static_cast<std::size_t>(end - text));
        if constexpr (std::is_floating_point_v<T>) {
            if (out.find_first_of(".e", out.size() - static_cast<std::size_t>(end - text)) == std::string::npos) {
                out += ".0";
            }
        }
    }
}

}  // namespace vcube
