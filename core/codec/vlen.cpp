// Text and bytes of variable length: {"id": "vlen-utf8"}, {"id": "vlen-bytes"}; the same names in Zarr v3.
#include "core/codec/vlen.h"

#include "core/codec/registry.h"

namespace vcube {
namespace {

Result<StringCodec> make_vlen(std::string_view id) {
    return StringCodec{
        [id](ByteSpan in, std::size_t elements, std::uint64_t max_bytes) -> Result<Buffer> {
            StringBuilder builder(id, elements, max_bytes);
            VCUBE_TRY(for_each_vlen(id, in, elements, [&](ByteSpan bytes) { return builder.add(as_text(bytes)); }));
            return builder.finish();
        },
        std::nullopt};
}

}  // namespace

Result<StringCodec> make_vlen_utf8(const Json&, CodecPlace&) {
    return make_vlen("vlen-utf8");
}

Result<StringCodec> make_vlen_bytes(const Json&, CodecPlace&) {
    return make_vlen("vlen-bytes");
}

}  // namespace vcube
