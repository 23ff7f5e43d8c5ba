// Under which numbers the chunk cache keeps the chunks of a store's arrays: an array that is opened by two handles is
// decoded once. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace vcube {

struct Runtime;

class ArrayNumbers {
public:
    /// A number that nothing else in the process has or will have.
    static std::uint64_t next();

    explicit ArrayNumbers(std::shared_ptr<Runtime> runtime);
    ArrayNumbers(const ArrayNumbers&) = delete;
    ArrayNumbers& operator=(const ArrayNumbers&) = delete;
    /// Drops the chunks of all of them.
    ~ArrayNumbers();

    /// The same for equal names: what is decoded under one name must be the same bytes.
    std::uint64_t of(const std::string& name);

private:
    const std::shared_ptr<Runtime> runtime_;
    std::mutex mutex_;
    std::unordered_map<std::string, std::uint64_t> numbers_;
};

/// The numbers of all who have a store's arrays open now. With the last of them they go, and so do the chunks: who
/// opens the store after that sees objects as they are then.
class OpenArrayNumbers {
public:
    [[nodiscard]] std::shared_ptr<ArrayNumbers> get(const std::shared_ptr<Runtime>& runtime) const;

private:
    mutable std::mutex mutex_;
    mutable std::weak_ptr<ArrayNumbers> numbers_;
};

}  // namespace vcube
