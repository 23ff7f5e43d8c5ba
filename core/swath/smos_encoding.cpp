#include "core/swath/smos_encoding.h"

#include <algorithm>
#include <bit>

namespace vcube::swath {

namespace {

bool is_integer(const DType& type) {
    return type.kind == Kind::kInt || type.kind == Kind::kUInt;
}

DType readable_type(DType type) {
    type.little = std::endian::native == std::endian::little;
    if (type.kind == Kind::kBool) {
        type.kind = Kind::kUInt;
    } else if (type.kind == Kind::kInt && type.size == 1) {
        type.size = 2;
    } else if (type.kind == Kind::kFloat && type.size == 2) {
        type.size = 4;
    }
    return type;
}

void set_nodata(Encoding& encoding, std::uint64_t unsigned_value, std::int64_t signed_value) {
    encoding.nodata.reset();
    encoding.nodata_int64.reset();
    encoding.nodata_uint64.reset();
    if (encoding.type.size < 8) {
        encoding.nodata =
            encoding.type.kind == Kind::kUInt ? static_cast<double>(unsigned_value) : static_cast<double>(signed_value);
    } else if (encoding.type.kind == Kind::kUInt) {
        encoding.nodata_uint64 = unsigned_value;
    } else {
        encoding.nodata_int64 = signed_value;
    }
}

// All bits set, where no flag or combination of flags is that.
void set_flag_nodata(Encoding& encoding, bool bit_flags) {
    const std::uint32_t bits = encoding.type.size * 8;
    const std::uint64_t all = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    bool is_free = true;
    if (bit_flags) {
        std::uint64_t used = 0;
        for (const Flag& flag : encoding.flags) {
            used |= flag.mask;
        }
        is_free = (used & all) != all;
    } else {
        is_free = std::none_of(encoding.flags.begin(), encoding.flags.end(), [all](const Flag& flag) {
            return (static_cast<std::uint64_t>(flag.value) & all) == all;
        });
    }
    set_nodata(encoding, all, -1);
    if (!is_free) {
        encoding.nodata.reset();
        encoding.nodata_int64.reset();
        encoding.nodata_uint64.reset();
    }
}

}  // namespace

bool has_bit_flags(const Encoding& encoding) {
    return std::any_of(encoding.flags.begin(), encoding.flags.end(), [](const Flag& flag) { return flag.mask != 0; });
}

Encoding smos_encoding(const ArrayMeta& array) {
    Encoding encoding = decode_encoding(array);
    encoding.type = readable_type(encoding.type);
    if (!is_integer(encoding.type)) {
        return encoding;
    }
    if (!encoding.flags.empty()) {
        set_flag_nodata(encoding, has_bit_flags(encoding));
    } else if (!encoding.nodata && !encoding.nodata_int64 && !encoding.nodata_uint64) {
        set_nodata(encoding, 0, 0);
    }
    return encoding;
}

}  // namespace vcube::swath
