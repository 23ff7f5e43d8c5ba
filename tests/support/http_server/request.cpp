#include "tests/support/http_server/request.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <ctime>

namespace vcube::testing_support {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<std::time_t> time_of(const std::string& date) {
    std::tm parts{};
    return ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) != nullptr ? std::optional(::timegm(&parts))
                                                                                    : std::nullopt;
}

}  // namespace

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

std::string Request::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
}

std::string url_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
            out += static_cast<char>(value);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string query_value(std::string_view target, std::string_view name) {
    const auto question = target.find('?');
    std::string_view rest = question == std::string_view::npos ? "" : target.substr(question + 1);
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
            return url_decode(pair.substr(equals + 1));
        }
    }
    return "";
}

std::optional<Request> parse_request(std::string_view text) {
    const auto next_line = [&text] {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(text.size(), end + 1));
        return trimmed(line);
    };
    const std::string_view line = next_line();
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last || line.substr(last + 1, 7) != "HTTP/1.") {
        return std::nullopt;
    }
    Request out;
    out.method = line.substr(0, first);
    out.target = line.substr(first + 1, last - first - 1);
    const std::string_view target = out.target;
    const std::string_view path = target.substr(0, target.find('?'));
    out.path = url_decode(path.substr(std::min(path.find_first_not_of('/'), path.size())));
    while (!text.empty()) {
        const std::string_view header = next_line();
        if (const auto colon = header.find(':'); colon != std::string_view::npos) {
            out.headers[lower_case(header.substr(0, colon))] = trimmed(header.substr(colon + 1));
        }
    }
    const std::string connection = lower_case(out.header("connection"));
    out.keep_alive = line.ends_with("1.0") ? connection == "keep-alive" : connection != "close";
    return out;
}

RangeAsked parse_range(std::string_view header, std::uint64_t size) {
    constexpr std::string_view kUnit = "bytes=";
    const auto dash = header.find('-');
    if (!header.starts_with(kUnit) || dash == std::string_view::npos || header.find(',') != std::string_view::npos) {
        return {};
    }
    const std::string_view from = header.substr(kUnit.size(), dash - kUnit.size()), to = header.substr(dash + 1);
    const auto begin = number(from), last = number(to);
    if ((!from.empty() && !begin) || (!to.empty() && !last) || (!begin && !last) || (begin && last && *last < *begin)) {
        return {};
    }
    const Span span =
        begin ? Span{*begin, last ? std::min(size, *last + 1) : size} : Span{size - std::min(size, *last), size};
    return span.begin < span.end ? RangeAsked{RangeAsked::Kind::kSpan, span}
                                 : RangeAsked{RangeAsked::Kind::kOutside, {}};
}

bool is_at_hand(const Request& request, std::string_view etag, const std::string& modified) {
    if (const std::string tags = request.header("if-none-match"); !tags.empty()) {
        etag.remove_prefix(etag.starts_with("W/") ? 2 : 0);  // weak comparison; quotes end what is searched for
        return tags == "*" || (!etag.empty() && tags.find(etag) != std::string::npos);
    }
    const auto known = time_of(request.header("if-modified-since")), is = time_of(modified);
    return known && is && *is <= *known;
}

}  // namespace vcube::testing_support
