#include "core/index/hdf5_attributes.h"

#include <algorithm>
#include <array>
#include <exception>
#include <string_view>

#include "core/base/utf8.h"
#include "core/index/hdf5_handles.h"
#include "core/index/hdf5_types.h"

namespace vcube {
namespace {

constexpr std::string_view kHidden[] = {"CLASS",           "NAME",          "REFERENCE_LIST",      "DIMENSION_LIST",
                                        "_Netcdf4Dimid",   "_NCProperties", "_Netcdf4Coordinates", "_nc3_strict",
                                        "DIMENSION_LABELS"};
constexpr std::string_view kBareDimension = "This is a netCDF dimension but not a netCDF variable";
constexpr std::size_t kMaxBytes = 16U << 20U;

/// Text of unknown encoding as UTF-8: latin-1 where it is not UTF-8 already.
std::string to_utf8(std::string_view text) {
    if (is_utf8(text)) {
        return std::string(text);
    }
    std::string out;
    for (const char c : text) {
        append_utf8(out, static_cast<unsigned char>(c));
    }
    return out;
}

struct Attribute {
    Hdf5Handle handle;
    Hdf5Handle type;
    Hdf5Handle space;
    H5T_class_t type_class = H5T_NO_CLASS;
    H5S_class_t space_class = H5S_NO_CLASS;
    std::size_t count = 0;
    std::size_t item = 0;

    explicit Attribute(hid_t object, const char* name) : handle(H5Aopen(object, name, H5P_DEFAULT)) {
        if (!handle.ok()) {
            return;
        }
        type = Hdf5Handle(H5Aget_type(handle.id()));
        space = Hdf5Handle(H5Aget_space(handle.id()));
        type_class = H5Tget_class(type.id());
        item = H5Tget_size(type.id());
        space_class = H5Sget_simple_extent_type(space.id());
        const hssize_t points = H5Sget_simple_extent_npoints(space.id());
        count = points > 0 ? static_cast<std::size_t>(points) : 0;
    }
    [[nodiscard]] bool readable() const { return handle.ok() && item != 0 && count <= kMaxBytes / item; }
    bool read(hid_t memory_type, void* out) const { return H5Aread(handle.id(), memory_type, out) >= 0; }
};

/// Variable-length data that the library allocated while reading an attribute, given back at the end.
class VlenRead {
public:
    VlenRead(const Attribute& attribute, hid_t memory_type, void* data)
        : space_(attribute.space.id()), type_(memory_type), data_(data), ok_(attribute.read(memory_type, data)) {}
    VlenRead(const VlenRead&) = delete;
    VlenRead& operator=(const VlenRead&) = delete;
    ~VlenRead() {
        if (ok_) {
            H5Dvlen_reclaim(type_, space_, H5P_DEFAULT, data_);
        }
    }
    [[nodiscard]] bool ok() const { return ok_; }

private:
    hid_t space_;
    hid_t type_;
    void* data_;
    bool ok_;
};

/// The strings of an attribute, fixed or variable; false where they cannot be read.
bool read_strings(const Attribute& attribute, std::vector<std::string>& out) {
    if (attribute.space_class == H5S_NULL) {
        out.emplace_back();
        return true;
    }
    if (H5Tis_variable_str(attribute.type.id()) > 0) {
        std::vector<char*> texts(attribute.count, nullptr);
        const VlenRead read(attribute, attribute.type.id(), texts.data());
        if (read.ok()) {
            for (const char* text : texts) {
                out.push_back(text == nullptr ? std::string() : to_utf8(text));
            }
        }
        return read.ok();
    }
    std::string bytes(attribute.count * attribute.item, '\0');
    if (!attribute.read(attribute.type.id(), bytes.data())) {
        return false;
    }
    for (std::size_t i = 0; i < attribute.count; ++i) {
        const auto text = std::string_view(bytes).substr(i * attribute.item, attribute.item);
        out.push_back(to_utf8(text.substr(0, text.find('\0'))));
    }
    return true;
}

Json unwrapped(std::vector<Json> values) {
    if (values.size() == 1) {
        return std::move(values[0]);
    }
    return Json(std::move(values));
}

/// The attribute's value, or a discarded one where it has no JSON form.
Json attribute_json(const Attribute& attribute) {
    std::vector<Json> values;
    if (attribute.type_class == H5T_STRING) {
        std::vector<std::string> texts;
        if (!read_strings(attribute, texts)) {
            return Json(Json::value_t::discarded);
        }
        for (std::string& text : texts) {
            values.emplace_back(std::move(text));
        }
        return unwrapped(std::move(values));
    }
    const auto type = dtype_of_hdf5(attribute.type.id());
    if (!type.ok() || !type.value().is_numeric() || attribute.space_class == H5S_NULL) {
        return Json(Json::value_t::discarded);
    }
    std::vector<std::byte> bytes(attribute.count * attribute.item);
    if (!attribute.read(attribute.type.id(), bytes.data())) {
        return Json(Json::value_t::discarded);
    }
    for (std::size_t i = 0; i < attribute.count; ++i) {
        values.push_back(fill_json(type.value(), ByteSpan(bytes).subspan(i * attribute.item, attribute.item)));
    }
    return unwrapped(std::move(values));
}

/// DIMENSION_LIST: for each dimension a list of references to scales.
void read_dimension_list(const Attribute& attribute, std::vector<hobj_ref_t>& out) {
    if (attribute.type_class != H5T_VLEN || attribute.count > H5S_MAX_RANK) {
        return;
    }
    const Hdf5Handle base(H5Tget_super(attribute.type.id()));
    if (!base.ok() || H5Tequal(base.id(), H5T_STD_REF_OBJ) <= 0) {
        return;
    }
    std::vector<hvl_t> lists(attribute.count);
    const VlenRead read(attribute, attribute.type.id(), lists.data());
    if (read.ok()) {
        for (const hvl_t& list : lists) {
            out.push_back(list.len == 0 ? 0 : *static_cast<const hobj_ref_t*>(list.p));
        }
    }
}

void add_attribute(hid_t object, const char* name, Hdf5Attributes& out) {
    const std::string_view key(name);
    out.is_netcdf = out.is_netcdf || key.starts_with("_Netcdf4") || key == "_NCProperties";
    const bool hidden = std::find(std::begin(kHidden), std::end(kHidden), key) != std::end(kHidden);
    if (hidden && key != "CLASS" && key != "NAME" && key != "DIMENSION_LIST") {
        return;
    }
    const Attribute attribute(object, name);
    if (!attribute.readable()) {
        return;
    }
    if (key == "DIMENSION_LIST") {
        read_dimension_list(attribute, out.dimension_scales);
        return;
    }
    if (hidden) {
        std::vector<std::string> texts;
        if (attribute.type_class == H5T_STRING && read_strings(attribute, texts) && !texts.empty()) {
            out.is_scale = out.is_scale || (key == "CLASS" && texts[0] == "DIMENSION_SCALE");
            out.is_bare_dimension = out.is_bare_dimension || (key == "NAME" && texts[0].starts_with(kBareDimension));
        }
        return;
    }
    Json value = attribute_json(attribute);
    if (!value.is_discarded()) {
        out.shown.get_ref<Json::object_t&>().emplace_back(to_utf8(key), std::move(value));
    }
}

struct Iteration {
    Hdf5Attributes* out;
    std::exception_ptr failure;
};

/// Called by the library, through which no exception may pass.
herr_t on_attribute(hid_t object, const char* name, const H5A_info_t* /*info*/, void* data) {
    auto* const iteration = static_cast<Iteration*>(data);
    try {
        add_attribute(object, name, *iteration->out);
        return 0;
    } catch (...) {
        iteration->failure = std::current_exception();
        return -1;
    }
}

}  // namespace

Hdf5Attributes read_hdf5_attributes(hid_t object) {
    Hdf5Attributes out;
    Iteration iteration{&out, nullptr};
    hsize_t position = 0;
    H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &position, &on_attribute, &iteration);
    if (iteration.failure) {
        std::rethrow_exception(iteration.failure);
    }
    return out;
}

}  // namespace vcube
