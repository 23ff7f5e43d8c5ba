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

}  // namespace

Result<ElementType> config_element(const Json& config, const char* key, const std::string& what,
                                   std::optional<ElementType> fallback) {
    if (fallback && (!config.contains(key) || config[key].is_null())) {
        return *fallback;
    }
    VCUBE_ASSIGN(const std::string text, json_string(config, key, what));
    const Result<DType> type = parse_dtype(text);
    if (!type.ok()) {
        return with_context(what + ": \"" + key + "\"", type.error());
    }
    const DType& found = type.value();
    if (found.kind != Kind::kInt && found.kind != Kind::kUInt && found.kind != Kind::kFloat) {
        return unsupported(what + ": \"" + key + "\": only integer and float types are read, got " +
                           text.substr(0, 60));
    }
    return ElementType{found.kind, found.size, found.size > 1 && !found.native()};
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
