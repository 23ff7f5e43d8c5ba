// A growing array of plain values that grows by realloc: large arrays move by remapping pages, so that growing neither
// copies nor needs the memory twice, and reserved room that was never written costs nothing.
// Not thread-safe while it grows.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace vcube {

template <class T>
class PodVector {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    PodVector() = default;
    PodVector(PodVector&& other) noexcept
        : data_(std::move(other.data_)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    PodVector& operator=(PodVector&& other) noexcept {
        data_ = std::move(other.data_);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }
    ~PodVector() = default;

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] T* data() { return data_.get(); }
    [[nodiscard]] const T* data() const { return data_.get(); }
    T& operator[](std::size_t i) { return data_.get()[i]; }
    const T& operator[](std::size_t i) const { return data_.get()[i]; }

    void push_back(T value) { *extend(1) = value; }
    void append(const T* values, std::size_t count) {
        if (count != 0) {
            std::memcpy(extend(count), values, count * sizeof(T));
        }
    }
    /// Adds `count` unset values and returns where they begin.
    T* extend(std::size_t count) {
        if (count > capacity_ - size_) {
            reallocate(capacity_ + (count > capacity_ + 16 ? count : capacity_ + 16));
        }
        T* const begin = data_.get() + size_;
        size_ += count;
        return begin;
    }
    /// Keeps the first `size` values; `size` is at most size().
    void truncate(std::size_t size) { size_ = size; }
    void shrink_to_fit() {
        if (capacity_ != size_ && size_ != 0) {
            reallocate(size_);
        }
    }
    void clear() {
        data_.reset();
        size_ = capacity_ = 0;
    }

private:
    void reallocate(std::size_t capacity) {
        void* const moved = std::realloc(data_.get(), capacity * sizeof(T));
        if (moved == nullptr) {
            throw std::bad_alloc();
        }
        static_cast<void>(data_.release());
        data_.reset(static_cast<T*>(moved));
        capacity_ = capacity;
    }

    struct Free {
        void operator()(T* pointer) const { std::free(pointer); }
    };
    std::unique_ptr<T, Free> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace vcube
