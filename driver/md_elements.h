// Stored elements of any type into buffers of the multidimensional API: numbers, text, structures and what GDAL
// converts among them. Planned once a read, then run row by row.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/cube/convert.h"
#include "gdal_priv.h"
#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube::driver {

/// Text of one stored element of fixed size, up to its first NUL: bytes as they are, UCS-4 as UTF-8.
std::string fixed_text(const std::byte* element, const DType& type);

/// Immutable, thread-safe.
class ElementCopier {
public:
    /// `stored`: in native byte order, and GDAL shows it (extended_type). kUnsupported where GDAL cannot convert what
    /// it shows into `buffer`.
    static Result<ElementCopier> make(const DType& stored, const GDALExtendedDataType& buffer);

    /// n elements; strides in bytes, of any sign. Strings of the buffer are new, for the caller to free with CPLFree.
    Status row(const std::byte* from, std::ptrdiff_t from_stride, std::byte* to, std::ptrdiff_t to_stride,
               std::size_t n) const;

private:
    /// A number or text of the buffer and where it comes from.
    struct Leaf {
        std::size_t from = 0;  // bytes from the start of the element
        std::size_t to = 0;
        DType stored;
        GDALExtendedDataType shown;
        GDALExtendedDataType wanted;
        Converter converter;  // stored to wanted where `direct`, else stored to shown where that is a number
        bool direct = false;
    };

    Status add(const DType& stored, std::size_t from, const GDALExtendedDataType& wanted, std::size_t to);
    static Status convert(const Leaf& leaf, const std::byte* from, std::byte* to);

    std::vector<Leaf> leaves_;
};

/// Writes `text` as one element of type `wanted` (a new string, or the number that the text is).
Status put_text(const std::string& text, const GDALExtendedDataType& wanted, void* to);

}  // namespace vcube::driver
