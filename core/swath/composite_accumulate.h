// How many values of a cell become one: samples of products are added to the state of a block of cells, in the order of
// products, and the state becomes the block's values. Pure functions on values; a state is worked on by one thread at a
// time, so results do not depend on how many there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/swath/composite.h"
#include "vcube/bytes.h"

namespace vcube::swath {

/// The rows of a product that count, sorted by block; of one cell at most one.
struct Samples {
    struct Run {
        std::uint32_t block = 0;
        std::uint32_t begin = 0, end = 0;
    };
    std::vector<Run> runs;             // blocks ascending
    std::vector<std::uint16_t> cells;  // of each sample: its cell in the block
    Buffer payload;                    // of each sample: its value or, for times of observation, its time (double)
    Buffer keys;                       // of each sample: what chooses it, where that is not the payload
};

/// What is known so far of one block. Empty until the first samples are added.
struct BlockState {
    Buffer values;  // of each cell: the payload chosen, a sum or a count
    Buffer keys;    // of each cell: the key of the payload chosen, or how many make up the sum
    std::vector<std::uint8_t> seen;
    std::vector<std::uint16_t> list_cells;  // all samples, for methods that need them at once
    std::vector<std::byte> list_values;

    [[nodiscard]] std::size_t bytes() const {
        return values.size() + keys.size() + seen.capacity() + 2 * list_cells.capacity() + list_values.capacity();
    }
};

/// A recipe's method for one type of values: planned once, used for all blocks.
struct Accumulation {
    std::size_t payload_size = 0;  // Samples::payload, bytes a sample
    std::size_t key_size = 0;      // Samples::keys; 0: the payload is the key
    bool quality_is_key = false;   // keys are doubles of the quality variable, else values
    bool needs_all = false;        // states grow with the number of samples

    std::size_t value_size = 0, state_key_size = 0;  // BlockState::values and keys, bytes a cell
    bool has_seen = false;
    std::vector<std::byte> first;  // what BlockState::values hold in the beginning; one element

    void (*add)(BlockState& state, const Samples& samples, const Samples::Run& run) = nullptr;
    /// Null where BlockState::values are the result.
    Buffer (*finish)(const BlockState& state) = nullptr;

    [[nodiscard]] std::size_t state_size() const {
        return dgg::kBlockCells * (value_size + state_key_size + (has_seen ? 1 : 0));
    }
};

/// `type`: of the variable's values. `form`: of the recipe (form_of).
Accumulation plan_accumulation(const Recipe& recipe, const DType& type, const ResultForm& form);

void add_samples(const Accumulation& plan, BlockState& state, const Samples& samples, const Samples::Run& run);

/// kBlockCells elements of the form's type; the state is used up.
std::shared_ptr<const Buffer> finish_block(const Accumulation& plan, BlockState& state);

}  // namespace vcube::swath
