#include "core/index/hdf5_chunks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <string_view>

#include "core/index/hdf5_chunk_arrays.h"
#include "core/index/hdf5_cursor.h"
#include "core/index/hdf5_handles.h"

namespace vcube {
namespace {

/// The library needs n * n / 2 steps of some 10 ns for n chunks; below this reading the index is not worth it.
constexpr hsize_t kManyChunks = 200;

/// Finds the index of a chunked dataset; lists the leaves of version 1 B-trees and hands other indexes on.
class IndexReader {
public:
    IndexReader(const Hdf5Bytes& bytes, const Hdf5FileLayout& layout, const Hdf5ChunkGrid& grid)
        : bytes_(bytes), layout_(layout), grid_(grid), chunk_shape_(grid.chunk_shape), expected_(grid.stored) {}

    bool read(std::uint64_t header_address, Hdf5ChunkList& out) {
        const auto root = find_root(header_address);
        if (!layout_message_.empty()) {
            return read_hdf5_chunk_arrays(Hdf5Cursor(layout_message_), grid_, layout_, bytes_, out);
        }
        return root && read_node(*root, -1, out) && out.chunks.size() == expected_;
    }

    /// Whether read() met a version 1 B-tree.
    [[nodiscard]] bool is_version_1() const { return is_version_1_; }

private:
    static constexpr std::size_t kMaxBlock = 16U << 20U;

    bool load(std::uint64_t address, std::uint64_t size, std::vector<std::byte>& out) const {
        if (size > kMaxBlock || address > std::numeric_limits<std::uint64_t>::max() - layout_.base) {
            return false;
        }
        out.resize(static_cast<std::size_t>(size));
        return bytes_.read(layout_.base + address, out);
    }

    /// Address of the B-tree, from the data layout message of the dataset's object header.
    std::optional<std::uint64_t> find_root(std::uint64_t header_address) {
        std::vector<std::byte> start;
        if (!load(header_address, 16, start)) {
            return std::nullopt;
        }
        if (as_text(start).starts_with("OHDR")) {
            return find_root_v2(header_address);
        }
        Hdf5Cursor prefix(start);
        if (prefix.number(1) != 1) {
            return std::nullopt;
        }
        prefix.take(7);
        pending_.push_back({header_address + 16, prefix.number(4)});
        return scan_blocks(1, 0);
    }

    std::optional<std::uint64_t> find_root_v2(std::uint64_t header_address) {
        constexpr std::uint64_t kPrefix = 4 + 2 + 16 + 4 + 8;
        std::vector<std::byte> start;
        if (!load(header_address, kPrefix, start)) {
            return std::nullopt;
        }
        Hdf5Cursor prefix(start);
        prefix.take(5);
        const auto flags = static_cast<unsigned>(prefix.number(1));
        prefix.take((flags & 0x20U) != 0 ? 16 : 0);
        prefix.take((flags & 0x10U) != 0 ? 4 : 0);
        const std::uint64_t size = prefix.number(std::size_t{1} << (flags & 3U));
        pending_.push_back({header_address + kPrefix - prefix.left(), size});
        return scan_blocks(2, (flags & 4U) != 0 ? 2 : 0);
    }

    /// Goes through the blocks of an object header until the layout message is met.
    std::optional<std::uint64_t> scan_blocks(int version, std::size_t order_bytes) {
        constexpr std::size_t kMaxBlocks = 1024;
        std::vector<std::byte> block;
        for (std::size_t i = 0; i < pending_.size() && i < kMaxBlocks; ++i) {
            auto [address, size] = pending_[i];
            if (version == 2 && i != 0) {  // "OCHK" before the messages, a checksum behind them
                address += 4;
                size = size < 8 ? 0 : size - 8;
            }
            if (!load(address, size, block)) {
                return std::nullopt;
            }
            Hdf5Cursor messages(block);
            while (messages.left() >= (version == 1 ? 8U : 4U + order_bytes)) {
                const std::uint64_t type = messages.number(version == 1 ? 2 : 1);
                const auto length = static_cast<std::size_t>(messages.number(2));
                messages.take(version == 1 ? 4 : 1 + order_bytes);
                Hdf5Cursor body(messages.take(length));
                if (!messages.ok()) {
                    return std::nullopt;
                }
                if (type == 0x10) {
                    const std::uint64_t next = body.number(layout_.address_size);
                    pending_.push_back({next, body.number(layout_.length_size)});
                } else if (type == 0x08) {
                    return root_of_layout(body);
                }
            }
        }
        return std::nullopt;
    }

    /// Version 3 layout messages of chunked datasets name a version 1 B-tree; those of version 4 are kept whole.
    std::optional<std::uint64_t> root_of_layout(Hdf5Cursor& body) {
        const std::uint64_t version = body.number(1);
        if (version == 4) {
            const ByteSpan rest = body.take(body.left());
            layout_message_.assign(rest.begin(), rest.end());
            return std::nullopt;
        }
        const std::uint64_t layout_class = body.number(1);
        const std::uint64_t dimensions = body.number(1);
        const std::uint64_t address = body.number(layout_.address_size);
        if (!body.ok() || version != 3 || layout_class != 2 || dimensions != chunk_shape_.size() + 1) {
            return std::nullopt;
        }
        is_version_1_ = true;
        return address;
    }

    /// `above`: the parent's level, -1 for the root. Levels fall strictly, so the recursion ends.
    bool read_node(std::uint64_t address, int above, Hdf5ChunkList& out) {
        const std::size_t head = 8 + 2 * layout_.address_size;
        const std::size_t key = 8 + 8 * (chunk_shape_.size() + 1);
        std::vector<std::byte> node;
        if (!load(address, head, node) || !as_text(node).starts_with("TREE")) {
            return false;
        }
        Hdf5Cursor header(ByteSpan(node).subspan(4));
        const std::uint64_t type = header.number(1);
        const int level = static_cast<int>(header.number(1));
        const auto entries = static_cast<std::size_t>(header.number(2));
        if (type != 1 || (above >= 0 && level != above - 1) ||
            !load(address + head, entries * (key + layout_.address_size), node)) {
            return false;
        }
        Hdf5Cursor body(node);
        for (std::size_t i = 0; i < entries; ++i) {
            Hdf5Chunk chunk;
            chunk.size = body.number(4);
            chunk.filter_mask = static_cast<std::uint32_t>(body.number(4));
            const ByteSpan place = body.take(8 * (chunk_shape_.size() + 1));
            const std::uint64_t child = body.number(layout_.address_size);
            if (level > 0) {
                if (!read_node(child, level, out)) {
                    return false;
                }
                continue;
            }
            if (out.chunks.size() == expected_) {
                return false;
            }
            chunk.offset = layout_.base + child;
            out.chunks.push_back(chunk);
            Hdf5Cursor coordinates(place);
            for (const std::uint64_t extent : chunk_shape_) {
                out.index.push_back(coordinates.number(8) / extent);
            }
        }
        return true;
    }

    struct Block {
        std::uint64_t address;
        std::uint64_t size;
    };
    const Hdf5Bytes& bytes_;
    const Hdf5FileLayout& layout_;
    const Hdf5ChunkGrid& grid_;
    const Shape& chunk_shape_;
    std::size_t expected_;
    std::vector<Block> pending_;
    bool is_version_1_ = false;
    std::vector<std::byte> layout_message_;  // of version 4, behind the version
};

Hdf5ChunkGrid grid_of(hid_t dataset, hid_t space, const Shape& chunk_shape, hsize_t count) {
    Hdf5ChunkGrid grid;
    grid.chunk_shape = chunk_shape;
    grid.stored = count;
    std::vector<hsize_t> largest(chunk_shape.size());
    if (H5Sget_simple_extent_ndims(space) == static_cast<int>(largest.size())) {
        H5Sget_simple_extent_dims(space, nullptr, largest.data());
        for (std::size_t d = 0; d < largest.size(); ++d) {
            const std::uint64_t size = chunk_shape[d];
            grid.chunks.push_back(largest[d] == H5S_UNLIMITED ? 0 : largest[d] / size + (largest[d] % size != 0));
        }
    }
    const Hdf5Handle type(H5Dget_type(dataset));
    grid.bytes = checked_product(chunk_shape, H5Tget_size(type.id())).value_or(0);
    return grid;
}

}  // namespace

Hdf5Bytes::Hdf5Bytes(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

Hdf5Bytes::~Hdf5Bytes() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

bool Hdf5Bytes::read(std::uint64_t offset, MutableByteSpan out) const {
    if (descriptor_ < 0) {
        if (offset > image_.size() || out.size() > image_.size() - offset) {
            return false;
        }
        std::copy_n(image_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
        return true;
    }
    if (offset > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
        return false;
    }
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got =
            ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (got <= 0) {
            if (got < 0 && errno == EINTR) {
                continue;
            }
            return false;
        }
        done += static_cast<std::size_t>(got);
    }
    return true;
}

Result<Hdf5ChunkList> list_hdf5_chunks(hid_t dataset, const Shape& chunk_shape, const Hdf5FileLayout& layout,
                                       const Hdf5Bytes& bytes) {
    hsize_t count = 0;
    const Hdf5Handle space(H5Dget_space(dataset));
    if (H5Dget_num_chunks(dataset, space.id(), &count) < 0) {
        return corrupt("its chunk index cannot be read");
    }
    Hdf5ChunkList out;
    const Hdf5ChunkGrid grid = grid_of(dataset, space.id(), chunk_shape, count);
    // Of extensible arrays that grow along another dimension than the first, the library (1.10.8) lists chunks at
    // wrong places.
    const bool grows_inside = std::count(grid.chunks.begin(), grid.chunks.end(), 0) == 1 && grid.chunks[0] != 0;
    if (count >= kManyChunks || (count > 0 && grows_inside)) {
        H5O_info_t info;
        if (H5Oget_info2(dataset, &info, H5O_INFO_BASIC) < 0) {
            return corrupt("its object header cannot be read");
        }
        IndexReader reader(bytes, layout, grid);
        if (reader.read(info.addr, out)) {
            return out;
        }
        if (grows_inside && !reader.is_version_1()) {
            return unsupported("its chunk index (extensible array) cannot be read");
        }
        out = {};
    }
    std::vector<hsize_t> place(chunk_shape.size() + 1);
    for (hsize_t i = 0; i < count; ++i) {
        unsigned mask = 0;
        haddr_t address = HADDR_UNDEF;
        hsize_t size = 0;
        if (H5Dget_chunk_info(dataset, space.id(), i, place.data(), &mask, &address, &size) < 0) {
            return corrupt("chunk " + std::to_string(i) + " of its index cannot be read");
        }
        if (address == HADDR_UNDEF) {
            continue;
        }
        out.chunks.push_back({layout.base + address, size, mask});
        for (std::size_t d = 0; d < chunk_shape.size(); ++d) {
            out.index.push_back(place[d] / chunk_shape[d]);
        }
    }
    return out;
}

}  // namespace vcube
