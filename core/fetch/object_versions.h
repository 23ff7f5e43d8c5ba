// Which version of each object has been seen: what a session reads of one object is of one version. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "vcube/result.h"

namespace vcube {

/// What servers tell of an object; what one does not tell is unset or empty.
struct ObjectVersion {
    std::optional<std::uint64_t> size;  // bytes
    std::string etag;                   // as sent, quotes and W/ included (RFC 9110, 8.8.3)
    std::string modified;               // Last-Modified as sent
    friend bool operator==(const ObjectVersion&, const ObjectVersion&) = default;
};

/// Whether two may be of the same object in the same version: size, ETag, and Last-Modified where there is no ETag,
/// each where both tell it. ETags are compared weakly (RFC 9110, 8.8.3.2).
bool agree(const ObjectVersion& a, const ObjectVersion& b);

class ObjectVersions {
public:
    /// Of more objects than these those noted first are forgotten.
    explicit ObjectVersions(std::size_t max_objects = std::size_t{1} << 17U);
    ObjectVersions(const ObjectVersions&) = delete;
    ObjectVersions& operator=(const ObjectVersions&) = delete;
    ~ObjectVersions();

    /// What is known of the object at `location` (as references name it).
    [[nodiscard]] std::optional<ObjectVersion> find(const std::string& location) const;

    /// Remembers what was seen first, or recorded by an index, and compares with it ever after; what was not told
    /// before is added. kIo where they do not agree(), in words that may follow "location: ".
    Status note(const std::string& location, const ObjectVersion& seen);

    /// Whether note() has met a changed object: what is read through this table cannot become whole any more.
    [[nodiscard]] bool changed() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vcube
