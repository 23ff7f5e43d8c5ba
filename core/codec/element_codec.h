// What the array->array codecs share (delta, fixedscaleoffset, quantize): an encoded and a decoded element type, and
// the sizes that follow from them. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/codec/element.h"
#include "vcube/codec.h"
#include "vcube/shape.h"

namespace vcube {

class ElementCodec : public Codec {
public:
    /// `id` must outlive the codec (a literal).
    ElementCodec(std::string_view id, ElementType decoded, ElementType encoded)
        : decoded_(decoded), encoded_(encoded), id_(id) {}
    [[nodiscard]] std::string_view id() const final { return id_; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const final {
        if (decoded % decoded_.size != 0) {
            return std::nullopt;
        }
        return checked_product(decoded / decoded_.size, encoded_.size);
    }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const final {
        const std::size_t count = in.size() / encoded_.size;
        if (in.size() % encoded_.size != 0) {
            return corrupt(std::string(id_) + " chunk of " + std::to_string(in.size()) +
                           " bytes: not a whole number of elements of " + std::to_string(encoded_.size) + " bytes");
        }
        if (count > out.size() / decoded_.size) {
            return over_limit(std::string(id_) + " chunk holds " + std::to_string(count) + " elements of " +
                              std::to_string(decoded_.size) + " bytes, more than " + std::to_string(out.size()) +
                              " bytes");
        }
        decode_elements(in.data(), out.data(), count);
        return count * decoded_.size;
    }

protected:
    virtual void decode_elements(const std::byte* in, std::byte* out, std::size_t count) const = 0;

    ElementType decoded_;
    ElementType encoded_;

private:
    std::string_view id_;
};

}  // namespace vcube
