#include "core/swath/smos_encoding.h"

#include <algorithm>
#include <limits>
#include <sstream>

namespace vcube::swath {

namespace {

bool is_integer(const DType& type) {
    return type.kind == Kind::kInt || type.kind == Kind::kUInt;
}

std::vector<std::string> words(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> out;
    for (std::string word; stream >> word;) {
        out.push_back(word);
    }
    return out;
}

// The masks as the attribute gives them; empty where there are none or one is no integer.
std::vector<std::int64_t> raw_masks(const Json& attributes) {
    const auto found = attributes.find("flag_masks");
    std::vector<std::int64_t> masks;
    if (found == attributes.end() || !found->is_array()) {
        return masks;
    }
    for (const Json& mask : *found) {
        if (!mask.is_number_integer()) {
            return {};
        }
        masks.push_back(mask.get<std::int64_t>());
    }
    return masks;
}

// Masks that were cut to a type narrower than the flags: from some place on they are 0, the one before may be negative.
bool masks_overflowed(const std::vector<std::int64_t>& masks) {
    return std::any_of(masks.begin(), masks.end(), [](std::int64_t mask) { return mask <= 0; });
}

std::vector<Flag> flags_by_position(const ArrayMeta& array, std::uint32_t bits) {
    std::vector<Flag> flags;
    const auto meanings = array.attributes.find("flag_meanings");
    if (meanings == array.attributes.end() || !meanings->is_string()) {
        return flags;
    }
    for (const std::string& name : words(meanings->get<std::string>())) {
        if (flags.size() == bits) {
            break;
        }
        const std::uint64_t mask = std::uint64_t{1} << flags.size();
        flags.push_back({name, mask, static_cast<std::int64_t>(mask)});
    }
    return flags;
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
    if (masks_overflowed(raw_masks(array.attributes))) {
        encoding.flags = flags_by_position(array, encoding.type.size * 8);
    }
    if (!encoding.flags.empty()) {
        set_flag_nodata(encoding, has_bit_flags(encoding));
    } else if (!encoding.nodata && !encoding.nodata_int64 && !encoding.nodata_uint64) {
        set_nodata(encoding, 0, 0);
    }
    return encoding;
}

}  // namespace vcube::swath
