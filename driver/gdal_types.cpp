#include "driver/gdal_types.h"

#include <array>

namespace vcube::driver {
namespace {

struct TypePair {
    Kind kind;
    std::uint32_t size;
    GDALDataType type;
    bool exact;  // the buffer type of a GDALDataType, not only what it is shown as
};

// GDAL 3.6 has no signed 8-bit and no 16-bit float type: the next wider one holds every value.
constexpr std::array<TypePair, 16> kTypes = {{{Kind::kUInt, 1, GDT_Byte, true},
                                              {Kind::kBool, 1, GDT_Byte, false},
                                              {Kind::kInt, 1, GDT_Int16, false},
                                              {Kind::kUInt, 2, GDT_UInt16, true},
                                              {Kind::kInt, 2, GDT_Int16, true},
                                              {Kind::kUInt, 4, GDT_UInt32, true},
                                              {Kind::kInt, 4, GDT_Int32, true},
                                              {Kind::kUInt, 8, GDT_UInt64, true},
                                              {Kind::kInt, 8, GDT_Int64, true},
                                              {Kind::kFloat, 2, GDT_Float32, false},
                                              {Kind::kFloat, 4, GDT_Float32, true},
                                              {Kind::kFloat, 8, GDT_Float64, true},
                                              {Kind::kComplex, 8, GDT_CFloat32, true},
                                              {Kind::kComplex, 16, GDT_CFloat64, true},
                                              {Kind::kDatetime, 8, GDT_Int64, false},
                                              {Kind::kTimedelta, 8, GDT_Int64, false}}};

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

}  // namespace vcube::driver
