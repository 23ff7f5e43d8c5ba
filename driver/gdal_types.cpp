#include "driver/gdal_types.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/dtype_text.h"
#include "driver/gdal_compat.h"

namespace vcube::driver {
namespace {

struct TypePair {
    Kind kind;
    std::uint32_t size;
    GDALDataType type;
    bool exact;  // the buffer type of a GDALDataType, not only what it is shown as
};

constexpr std::array<TypePair, 16> kTypes = {{{Kind::kUInt, 1, GDT_Byte, true},
                                              {Kind::kBool, 1, GDT_Byte, false},
                                              {Kind::kInt, 1, kShownInt8, kHasInt8},
                                              {Kind::kUInt, 2, GDT_UInt16, true},
                                              {Kind::kInt, 2, GDT_Int16, true},
                                              {Kind::kUInt, 4, GDT_UInt32, true},
                                              {Kind::kInt, 4, GDT_Int32, true},
                                              {Kind::kUInt, 8, GDT_UInt64, true},
                                              {Kind::kInt, 8, GDT_Int64, true},
                                              {Kind::kFloat, 2, kShownFloat16, kHasFloat16},
                                              {Kind::kFloat, 4, GDT_Float32, true},
                                              {Kind::kFloat, 8, GDT_Float64, true},
                                              {Kind::kComplex, 8, GDT_CFloat32, true},
                                              {Kind::kComplex, 16, GDT_CFloat64, true},
                                              {Kind::kDatetime, 8, GDT_Int64, false},
                                              {Kind::kTimedelta, 8, GDT_Int64, false}}};

std::size_t alignment_of(const GDALExtendedDataType& type) {
    switch (type.GetClass()) {
        case GEDTC_STRING:
            return alignof(char*);
        case GEDTC_COMPOUND: {
            std::size_t widest = 1;
            for (const auto& component : type.GetComponents()) {
                widest = std::max(widest, alignment_of(component->GetType()));
            }
            return widest;
        }
        default:
            break;
    }
    const std::size_t size = type.GetSize();
    return GDALDataTypeIsComplex(type.GetNumericDataType()) != 0 ? size / 2 : std::min(size, alignof(double));
}

std::size_t align(std::size_t offset, std::size_t alignment) {
    return (offset + alignment - 1) / alignment * alignment;
}

using Components = std::vector<std::unique_ptr<GDALEDTComponent>>;

/// What a structured type is called where formats want a name: its fields and their types.
std::string struct_name(const DType& type) {
    constexpr std::size_t kMaxLength = 64;
    std::string name;
    for (const DTypeField& field : type.fields) {
        name += (name.empty() ? "" : "_") + field.name + "_" + dtype_text(field.type).substr(1);
    }
    name.resize(std::min(name.size(), kMaxLength));
    return name;
}

std::optional<GDALExtendedDataType> compound(const std::string& name, const std::vector<DTypeField>& fields) {
    Components components;
    std::size_t size = 0;
    std::size_t widest = 1;
    for (const DTypeField& field : fields) {
        const auto type = extended_type(field.type);
        if (!type || field.type.kind == Kind::kObject) {  // an object's bytes are not in its structure
            continue;
        }
        const std::size_t alignment = alignment_of(*type);
        size = align(size, alignment);
        components.push_back(std::make_unique<GDALEDTComponent>(field.name, size, *type));
        size += type->GetSize();
        widest = std::max(widest, alignment);
    }
    if (components.empty()) {
        return std::nullopt;
    }
    return GDALExtendedDataType::Create(name, align(size, widest), std::move(components));
}

std::optional<GDALExtendedDataType> opaque(const DType& type) {
    if (type.size > kMaxShownBytes) {
        return std::nullopt;
    }
    std::vector<DTypeField> bytes(type.size);
    for (std::uint32_t i = 0; i < type.size; ++i) {
        bytes[i].name = "b" + std::to_string(i);
        bytes[i].offset = i;
    }
    return compound("opaque" + std::to_string(type.size), bytes);
}

}  // namespace

std::optional<GDALDataType> gdal_type(const DType& type) {
    for (const TypePair& pair : kTypes) {
        if (pair.kind == type.kind && pair.size == type.size) {
            return pair.type;
        }
    }
    return std::nullopt;
}

std::optional<DType> buffer_dtype(GDALDataType type) {
    for (const TypePair& pair : kTypes) {
        if (pair.exact && pair.type == type) {
            DType out;
            out.kind = pair.kind;
            out.size = pair.size;
            return out;
        }
    }
    return std::nullopt;
}

std::optional<GDALExtendedDataType> extended_type(const DType& type) {
    if (const auto numeric = gdal_type(type)) {
        return GDALExtendedDataType::Create(*numeric);
    }
    switch (type.kind) {
        case Kind::kBytes:
        case Kind::kUnicode:
            return GDALExtendedDataType::CreateString(type.size);
        case Kind::kObject:
            return GDALExtendedDataType::CreateString();
        case Kind::kStruct:
            return compound(struct_name(type), type.fields);
        case Kind::kRaw:
            return opaque(type);
        default:
            return std::nullopt;
    }
}

DType native(DType type) {
    type.little = DType().little;
    for (DTypeField& field : type.fields) {
        field.type = native(std::move(field.type));
    }
    return type;
}

}  // namespace vcube::driver
