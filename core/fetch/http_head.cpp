#include "core/fetch/http_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

namespace vcube {
namespace {

// A signed address takes up to some kilobytes; the rest is kept for every object.
constexpr std::size_t kMaxLocation = std::size_t{16} << 10;
constexpr std::size_t kMaxValue = 1024;

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

/// `lower` is in lower case.
bool is_name(std::string_view name, std::string_view lower) {
    return name.size() == lower.size() && std::equal(lower.begin(), lower.end(), name.begin(), [](char a, char b) {
               return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
           });
}

struct TextField {
    std::string_view name;
    std::string HttpHead::*value;
    std::size_t max_size = kMaxValue;
};

constexpr std::array kTexts = {
    TextField{"content-range", &HttpHead::content_range},
    TextField{"content-type", &HttpHead::content_type},
    TextField{"etag", &HttpHead::etag},
    TextField{"last-modified", &HttpHead::last_modified},
    TextField{"retry-after", &HttpHead::retry_after},
    TextField{"location", &HttpHead::location, kMaxLocation},
    TextField{"date", &HttpHead::date},
};

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

void add_header_line(HttpHead& head, std::string_view line) {
    if (line.starts_with("HTTP/")) {
        head = HttpHead{};
        const std::size_t space = line.find(' ');
        const std::string_view code = space == std::string_view::npos ? "" : line.substr(space + 1, 3);
        head.status = parse_number<int>(code).value_or(0);
        return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
        return;
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (is_name(name, "content-length")) {
        head.content_length = parse_number<std::uint64_t>(value);
        return;
    }
    for (const TextField& field : kTexts) {
        if (is_name(name, field.name)) {
            head.*field.value = value.size() <= field.max_size ? std::string(value) : std::string();
            return;
        }
    }
}

}  // namespace vcube
