// Objects as JSON: {"id": "json2", "encoding": "utf-8"}; the list of the elements, then their type and shape.
#include <algorithm>
#include <cctype>

#include "core/codec/object_list.h"
#include "core/codec/registry.h"

namespace vcube {

Result<StringCodec> make_json2(const Json& config, CodecPlace& place) {
    if (config.contains("encoding") && !config["encoding"].is_null()) {
        VCUBE_ASSIGN(std::string encoding, json_string(config, "encoding", place.what));
        std::transform(encoding.begin(), encoding.end(), encoding.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (encoding != "utf-8" && encoding != "utf8" && encoding != "ascii") {
            return unsupported(place.what + ": \"encoding\": only utf-8 is read, got " + encoding.substr(0, 60));
        }
    }
    return StringCodec{[](ByteSpan in, std::size_t elements, std::uint64_t max_bytes) -> Result<Buffer> {
                           JsonLimits limits;
                           limits.max_bytes = static_cast<std::size_t>(
                               std::min<std::uint64_t>(std::uint64_t{256} << 20, 2 * max_bytes + 4096));
                           const Result<Json> list = parse_json(as_text(in), "json2 chunk", limits);
                           if (!list.ok()) {
                               const Error& error = list.error();
                               return error.code == ErrorCode::kLimit ? error : corrupt(error.message);
                           }
                           return strings_of_list("json2", list.value(), elements, max_bytes);
                       },
                       std::nullopt};
}

}  // namespace vcube
