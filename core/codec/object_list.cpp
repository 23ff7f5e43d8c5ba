#include "core/codec/object_list.h"

#include <exception>
#include <string>
#include <vector>

#include "core/codec/strings.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

Status add_object(StringBuilder& builder, const Json& value) {
    if (value.is_string()) {
        return builder.add(value.get_ref<const std::string&>());
    }
    if (value.is_null()) {
        return builder.add("");
    }
    return builder.add(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// Elements of a list of `count` that is nested as deep as `shape` is long.
Status add_nested(std::string_view id, StringBuilder& builder, const Json& list, std::size_t count, const Shape& shape,
                  std::size_t depth) {
    if (!list.is_array() || list.size() < count || count != shape[depth]) {
        return corrupt(std::string(id) + " chunk: its list does not have the shape that it tells");
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (depth + 1 == shape.size()) {
            VCUBE_TRY(add_object(builder, list[i]));
        } else {
            VCUBE_TRY(add_nested(id, builder, list[i], list[i].size(), shape, depth + 1));
        }
    }
    return {};
}

}  // namespace

Result<Buffer> strings_of_list(std::string_view id, const Json& list, std::size_t elements, std::uint64_t max_bytes) {
    const std::string what = std::string(id) + " chunk";
    if (!list.is_array() || list.size() < 2) {
        return corrupt(what + ": expected a list of objects that ends with their type and shape");
    }
    const Result<Shape> shape = json_shape(Json{{"shape", list.back()}}, "shape", what);
    if (!shape.ok()) {
        return corrupt(shape.error().message);
    }
    const std::optional<std::uint64_t> count = checked_product(shape.value());
    if (shape.value().empty() || !count || *count != elements) {
        return corrupt(what + " holds " + (count ? std::to_string(*count) : "too many") + " elements, expected " +
                       std::to_string(elements));
    }
    StringBuilder builder(id, elements, max_bytes);
    VCUBE_TRY(add_nested(id, builder, list, list.size() - 2, shape.value(), 0));
    return builder.finish();
}

}  // namespace vcube
