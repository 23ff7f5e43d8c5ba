#include "core/refs/chunk_key.h"

#include <limits>

namespace vcube {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Begin of the run of digits that ends before `end`.
std::size_t digits_begin(std::string_view key, std::size_t end) {
    while (end != 0 && is_digit(key[end - 1])) {
        --end;
    }
    return end;
}

/// Reads "12<separator>0<separator>7".
bool read_coordinates(std::string_view text, char separator, ChunkKey& out) {
    out.rank = 0;
    std::size_t i = 0;
    while (true) {
        const std::size_t begin = i;
        std::uint64_t value = 0;
        while (i != text.size() && is_digit(text[i])) {
            value = value * 10 + static_cast<std::uint64_t>(text[i++] - '0');
            if (value > std::numeric_limits<std::uint32_t>::max()) {
                return false;
            }
        }
        if (i == begin || (text[begin] == '0' && i - begin > 1) || out.rank == kMaxDimensions) {
            return false;
        }
        out.at[out.rank++] = static_cast<std::uint32_t>(value);
        if (i == text.size()) {
            return true;
        }
        if (text[i++] != separator) {
            return false;
        }
    }
}

}  // namespace

bool split_chunk_key(std::string_view key, ChunkKey& out) {
    std::size_t begin = digits_begin(key, key.size());
    if (begin == key.size()) {
        return false;
    }
    char separator = '.';
    if (begin != 0 && key[begin - 1] == '.') {
        while (begin != 0 && (is_digit(key[begin - 1]) || key[begin - 1] == '.')) {
            --begin;
        }
    } else {
        while (begin > 1 && key[begin - 1] == '/') {
            const std::size_t before = digits_begin(key, begin - 1);
            if (before == begin - 1 || (before != 0 && key[before - 1] != '/')) {
                break;
            }
            begin = before;
            separator = '/';
        }
    }
    if (begin != 0 && key[begin - 1] != '/') {
        return false;
    }
    out.prefix = key.substr(0, begin);
    out.separator = separator;
    return read_coordinates(key.substr(begin), separator, out);
}

}  // namespace vcube
