// Reads byte ranges of local files with pread, through a small cache of open handles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "vcube/byte_range.h"
#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

/// Thread-safe. Keeps at most `max_open` descriptors (closed least recently used first, never one in use). A file whose
/// size, inode or modification time changed while its handle was cached is opened anew.
class LocalFiles {
public:
    explicit LocalFiles(std::size_t max_open = 64);
    LocalFiles(const LocalFiles&) = delete;
    LocalFiles& operator=(const LocalFiles&) = delete;
    ~LocalFiles();

    /// Fills `out` (size range.size()) from a bounded range. kNotFound where there is no such file, kIo where it is
    /// shorter.
    Status read(const std::string& path, ByteRange range, MutableByteSpan out);
    /// Size in bytes.
    Result<std::uint64_t> size(const std::string& path);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vcube
