// The rows of a product that count for a composite: those whose cell is wanted and lies in the box, that the filter
// passes and that hold a value. Thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "core/swath/box.h"
#include "core/swath/composite.h"
#include "core/swath/composite_accumulate.h"

namespace vcube::swath {

/// What a composite takes of its products.
struct SampleRequest {
    Recipe recipe;
    Encoding encoding;  // of the variable in the collection's sample product: all products must have the same numbers
    Accumulation plan;
    const BoxCells* box = nullptr;  // null: the whole Earth
};

/// Memory that is used product after product: fresh pages cost as much as the work on them.
struct SampleScratch {
    std::vector<std::uint64_t> seen;          // a bit for each cell of each block
    std::vector<std::uint32_t> rows, places;  // of each row that counts; block * kBlockCells + cell
    std::vector<std::uint32_t> in_block;
};

/// Reads what it needs of the product and gives the samples in `blocks`; all of them or an error.
Result<Samples> read_samples(const Product& product, const SampleRequest& request, const dgg::BlockSet& blocks,
                             SampleScratch& scratch);

/// Bytes of a sample in Samples.
inline std::size_t sample_size(const Accumulation& plan) {
    return sizeof(std::uint16_t) + plan.payload_size + plan.key_size;
}

}  // namespace vcube::swath
