// HDF5 identifiers that close themselves, and silence for the library's error printing. Thread-safe as libhdf5 is.
// Source: HDF5 1.10 C API.
#pragma once

#include <hdf5.h>

#include <utility>

namespace vcube {

/// Owns one identifier. Every kind is closed by dropping its reference.
class Hdf5Handle {
public:
    Hdf5Handle() = default;
    explicit Hdf5Handle(hid_t id) : id_(id) {}
    Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
    Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
        std::swap(id_, other.id_);
        return *this;
    }
    ~Hdf5Handle() {
        if (id_ >= 0) {
            H5Idec_ref(id_);
        }
    }
    [[nodiscard]] bool ok() const { return id_ >= 0; }
    [[nodiscard]] hid_t id() const { return id_; }

private:
    hid_t id_ = H5I_INVALID_HID;
};

/// Switches the printing of errors off for the calling thread and back as it was: the library is shared with other
/// users in the process. Saves and restores nothing else.
class Hdf5Silence {
public:
    Hdf5Silence() {
        H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }
    Hdf5Silence(const Hdf5Silence&) = delete;
    Hdf5Silence& operator=(const Hdf5Silence&) = delete;
    ~Hdf5Silence() {
        H5Eset_auto2(H5E_DEFAULT, function_, data_);
        H5Eclear2(H5E_DEFAULT);
    }

private:
    H5E_auto2_t function_ = nullptr;
    void* data_ = nullptr;
};

}  // namespace vcube
