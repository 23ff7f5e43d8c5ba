// A request as it came over the line, taken apart (RFC 9112, section 3; RFC 9110, sections 13.1 and 14.1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace vcube::testing_support {

struct Request {
    std::string method;
    std::string target;                          // path and query as sent
    std::string path;                            // decoded, without query and leading slash
    std::map<std::string, std::string> headers;  // names in lower case
    bool keep_alive = true;

    [[nodiscard]] std::string header(const std::string& name) const;
};

/// The text from the request line to the last header line. Nothing where it is no HTTP/1 request.
std::optional<Request> parse_request(std::string_view text);

std::string lower_case(std::string_view text);

/// Decodes %XX.
std::string url_decode(std::string_view text);

/// The value of `name` in a target's query, decoded; "" without one.
std::string query_value(std::string_view target, std::string_view name);

/// [begin, end) of an object of `size` bytes.
struct Span {
    std::uint64_t begin = 0, end = 0;
    bool operator==(const Span&) const = default;
};

/// What a Range header asks of an object.
struct RangeAsked {
    enum class Kind { kNone, kSpan, kOutside };
    Kind kind = Kind::kNone;  // kNone too where it is not one range of bytes: the header is ignored then
    Span span;
};
RangeAsked parse_range(std::string_view header, std::uint64_t size);

/// Whether the client, by If-None-Match or else If-Modified-Since, has a version of an object already: 304.
bool is_at_hand(const Request& request, std::string_view etag, const std::string& modified);

}  // namespace vcube::testing_support
