// HDF5's references to text of variable length, replaced by texts that the metadata hold: {"id": "fill_hdf_strings",
// "dtype": "S16", "id_map": {"<16 bytes>": "text"}} of kerchunk; id_map may be one text for all elements, or null.
#include <map>
#include <memory>

#include "core/base/dtype_text.h"
#include "core/codec/registry.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

struct Texts {
    std::map<std::string, std::string, std::less<>> by_id;
    std::string one;  // for all elements, where there is no map
    bool mapped = false;
    std::size_t width = 16;
    bool wide = false;  // U: four bytes a character
};

// The key of an element as Python's numpy gives it: without trailing NULs.
std::string id_of(const Texts& texts, ByteSpan element) {
    std::string id;
    const std::size_t step = texts.wide ? 4 : 1;
    for (std::size_t i = 0; i < element.size(); i += step) {
        id += static_cast<char>(element[i]);
    }
    id.erase(id.find_last_not_of('\0') + 1);
    return id;
}

}  // namespace

Result<StringCodec> make_fill_hdf_strings(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(const std::string dtype, json_string(config, "dtype", place.what));
    const Result<DType> type = parse_dtype(dtype);
    if (!type.ok() || (type.value().kind != Kind::kBytes && type.value().kind != Kind::kUnicode)) {
        return unsupported(place.what + ": \"dtype\": expected an S or U type, got " + dtype.substr(0, 60));
    }
    auto texts = std::make_shared<Texts>();
    texts->width = type.value().size;
    texts->wide = type.value().kind == Kind::kUnicode;
    const Json map = config.contains("id_map") ? config["id_map"] : Json();
    if (map.is_object()) {
        texts->mapped = true;
        for (const auto& [id, text] : map.items()) {
            if (!text.is_string()) {
                return invalid(place.what + ": \"id_map\": expected texts, got " + json_type_name(text));
            }
            texts->by_id.emplace(id, text.get<std::string>());
        }
    } else if (map.is_string()) {
        texts->one = map.get<std::string>();
    } else if (!map.is_null()) {
        return invalid(place.what + ": \"id_map\": expected an object, a text or null, got " + json_type_name(map));
    }
    const std::optional<std::uint64_t> size = checked_product(texts->width, place.elements);
    return StringCodec{[texts](ByteSpan in, std::size_t elements, std::uint64_t max_bytes) -> Result<Buffer> {
                           StringBuilder builder("fill_hdf_strings", elements, max_bytes);
                           for (std::size_t i = 0; i + texts->width <= in.size(); i += texts->width) {
                               if (!texts->mapped) {
                                   VCUBE_TRY(builder.add(texts->one));
                                   continue;
                               }
                               const auto found = texts->by_id.find(id_of(*texts, in.subspan(i, texts->width)));
                               if (found == texts->by_id.end()) {
                                   return corrupt("fill_hdf_strings chunk: element " +
                                                  std::to_string(i / texts->width) +
                                                  " is not in the configuration's id_map");
                               }
                               VCUBE_TRY(builder.add(found->second));
                           }
                           return builder.finish();
                       },
                       size};
}

}  // namespace vcube
