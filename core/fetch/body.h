// Memory for what servers send: parts of large slabs that are used again, since fresh pages cost more than the bytes
// that are put into them.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "vcube/bytes.h"

namespace vcube {

/// Owns `size()` bytes that are not set on creation. Movable, not copyable; to be used by one thread at a time, but for
/// the part that beginning() gives away.
class Body {
public:
    Body() = default;
    /// Takes over a buffer of its own.
    Body(Buffer buffer) : size_(buffer.size()) {  // NOLINT(google-explicit-constructor): bytes are bytes
        auto owner = std::make_shared<Buffer>(std::move(buffer));
        bytes_ = std::shared_ptr<std::byte>(owner, owner->data());
    }
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    Body(Body&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
    Body& operator=(Body&& other) noexcept {
        bytes_ = std::move(other.bytes_);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }
    ~Body() = default;

    [[nodiscard]] std::byte* data() { return bytes_.get(); }
    [[nodiscard]] const std::byte* data() const { return bytes_.get(); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] ByteSpan span() const { return {bytes_.get(), size_}; }
    /// Keeps the first `size` bytes; `size` is at most size().
    void shrink(std::size_t size) { size_ = size; }
    /// Another owner of the first `size` bytes, at most size(). Another thread may read those as long as they are not
    /// written again.
    [[nodiscard]] Body beginning(std::size_t size) const { return {bytes_, size}; }

private:
    friend class BodyMemory;
    Body(std::shared_ptr<std::byte> bytes, std::size_t size) : bytes_(std::move(bytes)), size_(size) {}

    std::shared_ptr<std::byte> bytes_;
    std::size_t size_ = 0;
};

/// Used by one thread; the bodies that it gives may be dropped by any, and may outlive it.
class BodyMemory {
public:
    BodyMemory();
    BodyMemory(const BodyMemory&) = delete;
    BodyMemory& operator=(const BodyMemory&) = delete;
    ~BodyMemory();

    /// Throws std::bad_alloc.
    Body take(std::size_t size);

private:
    class Spare;
    struct Slab;
    const std::shared_ptr<Spare> spare_;
    std::shared_ptr<Slab> slab_;  // whose rest is given next
    std::size_t used_ = 0;        // of it
};

}  // namespace vcube
