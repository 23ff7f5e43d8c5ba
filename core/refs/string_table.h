// Strings interned to small numbers: one arena of text, 8 bytes a string and an open-addressing index beside it.
// Thread-safe for reading once filled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/refs/pod_vector.h"

namespace vcube {

class StringTable {
public:
    StringTable();
    [[nodiscard]] std::size_t size() const { return ends_.size(); }
    /// Valid until the next string is added.
    std::string_view operator[](std::size_t id) const;
    /// The number of `text`, which is added where it is new.
    std::uint32_t intern(std::string_view text);
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const;
    /// Gives the index's memory back; after that only operator[] may be used.
    void drop_index();

private:
    [[nodiscard]] std::size_t hash(std::string_view text) const;
    /// The slot that holds `text`, or the free one where it would stand.
    [[nodiscard]] std::size_t slot_of(std::string_view text) const;
    void grow();

    PodVector<char> text_;
    PodVector<std::uint64_t> ends_;
    PodVector<std::uint32_t> slots_;  // id + 1, 0 for a free slot; the size is a power of two
    std::uint64_t seed_;
};

}  // namespace vcube
