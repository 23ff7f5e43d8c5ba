#include "core/refs/thrift_compact.h"

#include <limits>
#include <utility>

namespace vcube {

Error ThriftReader::error(const std::string& what) const {
    return invalid(what + ": byte " + std::to_string(fault_at_) + ": " + message_);
}

bool ThriftReader::fail(std::string message) {
    if (message_.empty()) {
        message_ = std::move(message);
        fault_at_ = at_;
        at_ = bytes_.size();
    }
    return false;
}

bool ThriftReader::expected(const ThriftField& field, const char* what) {
    return fail("field " + std::to_string(field.id) + " has Thrift type " +
                std::to_string(static_cast<int>(field.type)) + ", expected " + what);
}

bool ThriftReader::read_byte(std::uint8_t& out) {
    if (!ok()) {
        return false;
    }
    if (at_ == bytes_.size()) {
        return fail("the structure is cut short");
    }
    out = static_cast<std::uint8_t>(bytes_[at_++]);
    return true;
}

bool ThriftReader::read_varint(std::uint64_t& out) {
    out = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        std::uint8_t byte = 0;
        if (!read_byte(byte)) {
            return false;
        }
        if (shift == 63 && byte > 1) {
            break;
        }
        out |= std::uint64_t{byte & 0x7FU} << shift;
        if ((byte & 0x80U) == 0) {
            return true;
        }
    }
    return fail("a variable-length integer exceeds 64 bits");
}

bool ThriftReader::read_zigzag(std::int64_t& out) {
    std::uint64_t raw = 0;
    if (!read_varint(raw)) {
        return false;
    }
    out = static_cast<std::int64_t>((raw >> 1U) ^ (~(raw & 1U) + 1U));
    return true;
}

/// A count of things that take at least a byte each.
bool ThriftReader::read_size(const char* what, std::size_t& out) {
    std::uint64_t raw = 0;
    if (!read_varint(raw)) {
        return false;
    }
    if (raw > bytes_.size() - at_) {
        return fail("a " + std::string(what) + " of " + std::to_string(raw) + " does not fit into the " +
                    std::to_string(bytes_.size() - at_) + " bytes left");
    }
    out = static_cast<std::size_t>(raw);
    return true;
}

bool ThriftReader::begin_struct() {
    if (!ok()) {
        return false;
    }
    if (depth_ == kMaxDepth) {
        return fail("structures are nested deeper than " + std::to_string(kMaxDepth));
    }
    last_id_[static_cast<std::size_t>(depth_++)] = 0;
    return true;
}

bool ThriftReader::next_field(ThriftField& field) {
    std::uint8_t byte = 0;
    if (!read_byte(byte)) {
        return false;
    }
    if (byte == 0) {
        --depth_;
        return false;
    }
    std::int32_t& last = last_id_[static_cast<std::size_t>(depth_ - 1)];
    field.type = static_cast<ThriftType>(byte & 0x0FU);
    if ((byte >> 4U) != 0) {
        field.id = last + (byte >> 4U);
    } else {
        std::int64_t id = 0;
        if (!read_zigzag(id)) {
            return false;
        }
        if (id < std::numeric_limits<std::int16_t>::min() || id > std::numeric_limits<std::int16_t>::max()) {
            return fail("a field number exceeds 16 bits");
        }
        field.id = static_cast<std::int32_t>(id);
    }
    if (field.id > std::numeric_limits<std::int16_t>::max()) {
        return fail("a field number exceeds 16 bits");
    }
    last = field.id;
    return true;
}

bool ThriftReader::read_int(const ThriftField& field, std::int64_t& out) {
    if (field.type == ThriftType::kByte) {
        std::uint8_t byte = 0;
        if (!read_byte(byte)) {
            return false;
        }
        out = std::int64_t{byte} - (byte < 128 ? 0 : 256);  // a signed one
        return true;
    }
    if (field.type != ThriftType::kI16 && field.type != ThriftType::kI32 && field.type != ThriftType::kI64) {
        return expected(field, "an integer");
    }
    return read_zigzag(out);
}

bool ThriftReader::read_bool(const ThriftField& field, bool& out) {
    if (field.type != ThriftType::kTrue && field.type != ThriftType::kFalse) {
        return expected(field, "a boolean");
    }
    out = field.type == ThriftType::kTrue;
    return ok();
}

bool ThriftReader::read_binary(const ThriftField& field, std::string_view& out) {
    std::size_t size = 0;
    if (field.type != ThriftType::kBinary) {
        return expected(field, "bytes");
    }
    if (!read_size("byte string", size)) {
        return false;
    }
    out = as_text(bytes_.subspan(at_, size));
    at_ += size;
    return true;
}

bool ThriftReader::begin_list(const ThriftField& field, ThriftField& element, std::size_t& count) {
    if (field.type != ThriftType::kList && field.type != ThriftType::kSet) {
        return expected(field, "a list");
    }
    std::uint8_t byte = 0;
    if (!read_byte(byte)) {
        return false;
    }
    element = {field.id, static_cast<ThriftType>(byte & 0x0FU)};
    count = byte >> 4U;
    if (count == 15) {
        return read_size("list", count);
    }
    return count <= bytes_.size() - at_ || fail("a list is cut short");
}

bool ThriftReader::begin_struct_list(const ThriftField& field, std::size_t& count) {
    ThriftField element;
    if (!begin_list(field, element, count)) {
        return false;
    }
    return count == 0 || element.type == ThriftType::kStruct || expected(element, "a list of structures");
}

bool ThriftReader::begin_struct(const ThriftField& field) {
    return field.type == ThriftType::kStruct ? begin_struct() : expected(field, "a structure");
}

bool ThriftReader::skip(const ThriftField& field) {
    const bool is_bool = field.type == ThriftType::kTrue || field.type == ThriftType::kFalse;
    return is_bool ? ok() : skip_value(field.type, depth_);
}

/// A value as it stands in lists and maps, where a boolean takes a byte.
bool ThriftReader::skip_value(ThriftType type, int depth) {
    std::uint8_t byte = 0;
    std::int64_t number = 0;
    std::size_t count = 0;
    ThriftField element;
    switch (type) {
        case ThriftType::kTrue:
        case ThriftType::kFalse:
        case ThriftType::kByte:
            return read_byte(byte);
        case ThriftType::kI16:
        case ThriftType::kI32:
        case ThriftType::kI64:
            return read_zigzag(number);
        case ThriftType::kDouble:
        case ThriftType::kUuid:
            count = type == ThriftType::kDouble ? 8 : 16;
            if (count > bytes_.size() - at_) {
                return fail("a number is cut short");
            }
            at_ += count;
            return ok();
        case ThriftType::kBinary: {
            std::string_view text;
            return read_binary({0, type}, text);
        }
        case ThriftType::kList:
        case ThriftType::kSet:
            return begin_list({0, type}, element, count) && skip_elements(element.type, count, depth);
        case ThriftType::kMap:
            if (!read_size("map", count) || count == 0) {
                return ok();
            }
            if (!read_byte(byte) || depth >= kMaxDepth) {
                return fail("structures are nested deeper than " + std::to_string(kMaxDepth));
            }
            for (; count != 0 && ok(); --count) {
                static_cast<void>(skip_value(static_cast<ThriftType>(byte >> 4U), depth + 1) &&
                                  skip_value(static_cast<ThriftType>(byte & 0x0FU), depth + 1));
            }
            return ok();
        case ThriftType::kStruct:
            return skip_struct(depth);
        default:
            return fail("Thrift type " + std::to_string(static_cast<int>(type)) + " is not known");
    }
}

bool ThriftReader::skip_elements(ThriftType type, std::size_t count, int depth) {
    if (depth >= kMaxDepth) {
        return fail("structures are nested deeper than " + std::to_string(kMaxDepth));
    }
    for (; count != 0 && ok(); --count) {
        static_cast<void>(skip_value(type, depth + 1));
    }
    return ok();
}

bool ThriftReader::skip_struct(int depth) {
    if (depth >= kMaxDepth) {
        return fail("structures are nested deeper than " + std::to_string(kMaxDepth));
    }
    while (true) {
        std::uint8_t byte = 0;
        if (!read_byte(byte) || byte == 0) {
            return ok();
        }
        std::int64_t id = 0;
        if ((byte >> 4U) == 0 && !read_zigzag(id)) {
            return false;
        }
        const auto type = static_cast<ThriftType>(byte & 0x0FU);
        if (type != ThriftType::kTrue && type != ThriftType::kFalse && !skip_value(type, depth + 1)) {
            return false;
        }
    }
}

}  // namespace vcube
