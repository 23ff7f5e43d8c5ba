// Tables of composites by name, as far as they have been made: bounded in bytes, least recently used first out. Single
// flight by block: what one request is making is waited for by the others. Thread-safe; the lock is held for no longer
// than it takes to copy pointers.
//
// A request claims its blocks, makes those it owns, and only then waits for those that others make. So two requests
// that each own what the other waits for both end.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/dgg/blocks.h"
#include "core/swath/composite.h"

namespace vcube::swath {

using SharedTable = std::shared_ptr<const CellTable>;

/// `table` with the blocks that `other` has besides.
SharedTable merged(const SharedTable& table, const SharedTable& other);

class CompositeCache {
    struct Flight;
    struct State;

public:
    explicit CompositeCache(std::size_t max_bytes);
    CompositeCache(const CompositeCache&) = delete;
    CompositeCache& operator=(const CompositeCache&) = delete;
    ~CompositeCache();

    /// Blocks being made by another request.
    class Joined {
    public:
        [[nodiscard]] const dgg::BlockSet& blocks() const;
        /// Blocks until they are done; null where their owner gave them up, or nobody wants them any more.
        [[nodiscard]] SharedTable wait() const;

    private:
        friend class CompositeCache;
        std::shared_ptr<Flight> flight_;
    };

    /// The answer to claim(). Movable; must not outlive the cache. Destroyed before complete() it gives up the blocks
    /// that it owns: those who wait for them claim them again.
    class Claim {
    public:
        Claim() = default;
        Claim(Claim&&) noexcept = default;
        Claim& operator=(Claim&& other) noexcept;
        ~Claim();

        SharedTable ready;           // null where no block is there; may hold others than those that were asked for
        dgg::BlockSet ready_blocks;  // of those asked for
        std::vector<Joined> joined;

        /// The holder makes these and calls complete().
        [[nodiscard]] const dgg::BlockSet& owned() const { return owned_; }
        /// `table` has the owned blocks and no others.
        void complete(const SharedTable& table);

    private:
        friend class CompositeCache;
        void finish(const SharedTable& table);
        std::string name_;
        dgg::BlockSet owned_;
        std::shared_ptr<Flight> flight_;
        State* state_ = nullptr;
    };

    Claim claim(const std::string& name, const dgg::BlockSet& blocks);
    /// Bytes of values that are kept.
    [[nodiscard]] std::size_t bytes() const;

private:
    std::unique_ptr<State> state_;
};

}  // namespace vcube::swath
