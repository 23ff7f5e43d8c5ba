#include "core/fetch/http_head.h"

#include <array>
#include <cstdint>
#include <string>

#include "core/fetch/http_text.h"

namespace vcube {
namespace {

// A signed address takes up to some kilobytes; the rest is kept for every object.
constexpr std::size_t kMaxLocation = std::size_t{16} << 10;
constexpr std::size_t kMaxValue = 1024;

/// `lower` is in lower case.
bool is_name(std::string_view name, std::string_view lower) {
    return name.size() == lower.size() && begins_with_any_case(name, lower);
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
