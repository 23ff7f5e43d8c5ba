// Arrays of variable length, given as JSON text ([1,2,3]): {"id": "vlen-array", "dtype": "<i4"}.
#include "core/codec/element.h"
#include "core/codec/number_text.h"
#include "core/codec/registry.h"
#include "core/codec/vlen.h"

namespace vcube {
namespace {

constexpr std::string_view kId = "vlen-array";

Status append_array(const ElementType& type, ByteSpan bytes, std::uint64_t max_bytes, std::string& text) {
    if (bytes.size() % type.size != 0) {
        return corrupt("vlen-array chunk: an element of " + std::to_string(bytes.size()) +
                       " bytes is not a whole number of items of " + std::to_string(type.size));
    }
    text = "[";
    bool fits = true;
    with_element(type, [&]<class T>() {
        for (std::size_t i = 0; i < bytes.size() && fits; i += sizeof(T)) {
            const std::byte* const p = bytes.data() + i;
            if (i > 0) {
                text += ',';
            }
            append_number(text, type.swap ? load_element<T, true>(p) : load_element<T, false>(p));
            fits = text.size() <= max_bytes;
        }
    });
    text += ']';
    return fits ? Status() : over_limit("vlen-array chunk holds more than " + std::to_string(max_bytes) + " bytes");
}

}  // namespace

Result<StringCodec> make_vlen_array(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(const ElementType type, config_element(config, "dtype", place));
    return StringCodec{[type](ByteSpan in, std::size_t elements, std::uint64_t max_bytes) -> Result<Buffer> {
                           StringBuilder builder(kId, elements, max_bytes);
                           std::string text;
                           const auto add = [&](ByteSpan bytes) -> Status {
                               const Status made = append_array(type, bytes, max_bytes, text);
                               return made.ok() ? builder.add(text) : made;
                           };
                           VCUBE_TRY(for_each_vlen(kId, in, elements, add));
                           return builder.finish();
                       },
                       std::nullopt};
}

}  // namespace vcube
