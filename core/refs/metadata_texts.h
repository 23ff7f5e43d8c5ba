// Metadata texts of a store: a sorted table of them, and how they are read from files in one batch.
// The table is a value: thread-safe once filled.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vcube/fetcher.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

struct TextLimits {
    std::uint64_t max_text_bytes = std::uint64_t{256} << 20;  // one text
    std::uint64_t max_bytes = std::uint64_t{1} << 30;         // all texts of a store
};

/// Metadata keys with their texts.
class MetadataTable {
public:
    /// In any order; of equal keys the one added last counts.
    void add(std::string key, std::string text);
    /// Sorts; to be called after add(), before keys() and find().
    void finish();

    [[nodiscard]] std::vector<std::string> keys() const;
    [[nodiscard]] const std::string* find(std::string_view key) const;

private:
    std::vector<std::pair<std::string, std::string>> texts_;  // sorted by key
};

/// Texts of `keys`, brought in one batch; nothing where a key does not exist. Blocks on the network. `total` counts the
/// bytes read so far against limits.max_bytes.
Result<std::vector<std::optional<std::string>>> read_texts(const Store& store, Fetcher& fetcher,
                                                           std::span<const std::string> keys, const TextLimits& limits,
                                                           std::uint64_t& total);

/// One text: as metadata where the store has it, or as any other key it locates.
Result<std::optional<std::string>> read_text(const Store& store, Fetcher& fetcher, const std::string& key,
                                             const TextLimits& limits);

}  // namespace vcube
