// Byte views and an owning, uninitialised byte buffer.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace vcube {

using ByteSpan = std::span<const std::byte>;
using MutableByteSpan = std::span<std::byte>;

/// Owns `size()` bytes that are not set on creation. Movable, not copyable.
class Buffer {
public:
    Buffer() = default;
    explicit Buffer(std::size_t size) : data_(std::make_unique_for_overwrite<std::byte[]>(size)), size_(size) {}
    [[nodiscard]] std::byte* data() { return data_.get(); }
    [[nodiscard]] const std::byte* data() const { return data_.get(); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] MutableByteSpan span() { return {data_.get(), size_}; }
    [[nodiscard]] ByteSpan span() const { return {data_.get(), size_}; }
    /// Keeps the first `size` bytes; `size` is at most size().
    void shrink(std::size_t size) { size_ = size; }

private:
    std::unique_ptr<std::byte[]> data_;
    std::size_t size_ = 0;
};

inline ByteSpan as_byte_span(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(ByteSpan bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace vcube
