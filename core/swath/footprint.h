// What has to be known of a product before its columns are worth reading: which blocks of cells it touches, its pass,
// its times. Small (some 400 bytes), so that it is kept in memory for all products of a collection and, between
// processes, in a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/dgg/blocks.h"
#include "core/swath/product.h"
#include "core/swath/product_list.h"
#include "vcube/result.h"

namespace vcube::swath {

enum class Pass : std::uint8_t { kUnknown, kAscending, kDescending };

struct Footprint {
    dgg::BlockSet blocks;  // every block that holds a grid point of the product: never one too few
    std::uint32_t rows = 0;
    Pass pass = Pass::kUnknown;
    std::int64_t start = 0, stop = 0;  // the precise times of the attributes; those of the name where they do not tell
};

/// Reads the product's ids.
Result<Footprint> footprint_of(const Product& product, const ProductName& name);

/// Footprints that this or an earlier process has seen, by location, size and modification time of the product: one
/// that was rewritten is unknown again. Kept in one file a collection, appended to by many processes at once; a record
/// that was cut off (kill -9, full disk) or damaged is left out, by its checksum. Without a folder they live in memory
/// only. Thread-safe.
class FootprintStore {
public:
    /// `folder`: where files of footprints lie, made on first write; nothing: memory only. `collection`: any text that
    /// is the same for the same collection; the file's name is a hash of it. Never fails: a file that cannot be read or
    /// written is told once as a debug message.
    FootprintStore(std::optional<std::filesystem::path> folder, const std::string& collection);
    FootprintStore(const FootprintStore&) = delete;
    FootprintStore& operator=(const FootprintStore&) = delete;
    ~FootprintStore();  // writes what is new

    [[nodiscard]] std::optional<Footprint> find(const ProductEntry& entry) const;
    void put(const ProductEntry& entry, const Footprint& footprint);
    /// Appends what is new to the file.
    void save();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vcube::swath
