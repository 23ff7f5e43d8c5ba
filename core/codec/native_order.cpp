#include "core/codec/native_order.h"

#include <bit>
#include <cstring>

#include "core/codec/byte_swap.h"

namespace vcube {

NativeOrder::NativeOrder(const DType& type) : element_size_(type.size) {
    add(type, 0, nullptr);
}

NativeOrder::NativeOrder(const DType& type, bool little) : element_size_(type.size) {
    add(type, 0, &little);
}

// Recursive; parse_dtype bounds the nesting.
void NativeOrder::add(const DType& type, std::uint32_t offset, const bool* little) {
    if (type.kind == Kind::kStruct) {
        for (const DTypeField& field : type.fields) {
            add(field.type, offset + field.offset, little);
        }
        return;
    }
    const bool is_little = little == nullptr ? type.little : *little;
    const std::uint32_t width = type.swap_width();
    if (width == 1 || is_little == (std::endian::native == std::endian::little)) {
        return;
    }
    if (!runs_.empty() && runs_.back().width == width && runs_.back().offset + runs_.back().size == offset) {
        runs_.back().size += type.size;
    } else {
        runs_.push_back({offset, type.size, width});
    }
}

void NativeOrder::apply(ByteSpan in, MutableByteSpan out) const {
    const bool whole = runs_.size() == 1 && runs_.front().size == element_size_;
    if (whole) {
        swap_words(in.data(), out.data(), in.size(), runs_.front().width);
        return;
    }
    if (in.data() != out.data() && !in.empty()) {
        std::memcpy(out.data(), in.data(), in.size());
    }
    if (runs_.empty()) {
        return;
    }
    for (std::size_t begin = 0; begin + element_size_ <= out.size(); begin += element_size_) {
        for (const Run& run : runs_) {
            std::byte* const field = out.data() + begin + run.offset;
            swap_words(field, field, run.size, run.width);
        }
    }
}

}  // namespace vcube
