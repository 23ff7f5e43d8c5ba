#include "core/codec/element.h"

#include "core/base/dtype_text.h"

namespace vcube {
namespace {

template <class From, bool kSwapFrom, class To, bool kSwapTo>
void convert_loop(const std::byte* in, std::byte* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const From value = load_element<From, kSwapFrom>(in + i * sizeof(From));
        store_element<To, kSwapTo>(out + i * sizeof(To), convert_element<To>(value));
    }
}

// "f4" for numpy's "float32", which is what str() of its types gives; other texts as they are.
std::string type_string(const std::string& text) {
    const std::size_t digits = text.find_first_of("0123456789");
    if (digits == std::string::npos || digits < 3) {
        return text;
    }
    const std::string name = text.substr(0, digits);
    const char* const letter = name == "int" ? "i" : name == "uint" ? "u" : name == "float" ? "f" : nullptr;
    const std::string bits = text.substr(digits);
    const char* const bytes = bits == "8"    ? "1"
                              : bits == "16" ? "2"
                              : bits == "32" ? "4"
                              : bits == "64" ? "8"
                                             : nullptr;
    return letter == nullptr || bytes == nullptr ? text : std::string(letter) + bytes;
}

}  // namespace

Result<ElementType> config_element(const Json& config, const char* key, const CodecPlace& place,
                                   std::optional<ElementType> fallback) {
    if (fallback && (!config.contains(key) || config[key].is_null())) {
        return *fallback;
    }
    VCUBE_ASSIGN(const std::string text, json_string(config, key, place.what));
    const Result<DType> type = parse_dtype(type_string(text));
    if (!type.ok()) {
        return with_context(place.what + ": \"" + key + "\"", type.error());
    }
    std::optional<ElementType> found = element_of(type.value());
    if (!found) {
        return unsupported(place.what + ": \"" + key + "\": only integer and float types are read, got " +
                           text.substr(0, 60));
    }
    found->swap = found->swap && !place.v3;
    return *found;
}

std::optional<ElementType> element_of(const DType& type) {
    if (type.kind != Kind::kInt && type.kind != Kind::kUInt && type.kind != Kind::kFloat) {
        return std::nullopt;
    }
    return ElementType{type.kind, type.size, type.size > 1 && !type.native()};
}

DType dtype_of(const ElementType& element) {
    DType type;
    type.kind = element.kind;
    type.size = element.size;
    if (element.swap) {
        type.little = !type.little;
    }
    return type;
}

void convert_elements(const std::byte* in, const ElementType& from, std::byte* out, const ElementType& to,
                      std::size_t count) {
    with_element(from, [&]<class From>() {
        with_element(to, [&]<class To>() {
            if (from.swap) {
                to.swap ? convert_loop<From, true, To, true>(in, out, count)
                        : convert_loop<From, true, To, false>(in, out, count);
            } else {
                to.swap ? convert_loop<From, false, To, true>(in, out, count)
                        : convert_loop<From, false, To, false>(in, out, count);
            }
        });
    });
}

}  // namespace vcube
