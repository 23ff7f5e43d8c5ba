#include "core/index/hdf5_chunk_arrays.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string_view>

namespace vcube {
namespace {

constexpr std::size_t kMaxBlock = std::size_t{64} << 20U;
constexpr std::size_t kChecksum = 4;
constexpr std::uint64_t kChunked = 2;  // class of the layout message

/// floor of the logarithm; 0 for 0.
unsigned log2_of(std::uint64_t value) {
    return value == 0 ? 0 : static_cast<unsigned>(std::bit_width(value)) - 1;
}

class Reader {
public:
    Reader(const Hdf5ChunkGrid& grid, const Hdf5FileLayout& layout, const Hdf5Bytes& bytes, Hdf5ChunkList& out)
        : grid_(grid), layout_(layout), bytes_(bytes), out_(out) {
        undefined_ = layout.address_size >= 8 ? std::numeric_limits<std::uint64_t>::max()
                                              : (std::uint64_t{1} << (8 * layout.address_size)) - 1;
    }

    bool read(Hdf5Cursor message) {
        const std::uint64_t layout_class = message.number(1);
        const std::uint64_t flags = message.number(1);
        const std::uint64_t dimensions = message.number(1);
        const auto width = static_cast<std::size_t>(message.number(1));
        if (layout_class != kChunked || flags != 0 || dimensions != grid_.chunk_shape.size() + 1) {
            return false;
        }
        message.take(dimensions * width);
        bool done = false;
        switch (message.number(1)) {
            case 3:
                message.take(1);
                done = message.ok() && fixed_array(message.number(layout_.address_size));
                break;
            case 4:
                message.take(5);
                done = message.ok() && extensible_array(message.number(layout_.address_size));
                break;
            case 5:
                message.take(6);
                done = message.ok() && tree(message.number(layout_.address_size));
                break;
            default:
                break;
        }
        return done && message.ok() && out_.chunks.size() == grid_.stored;
    }

private:
    bool load(std::uint64_t address, std::uint64_t size, std::vector<std::byte>& block) const {
        if (address == undefined_ || size > kMaxBlock ||
            address > std::numeric_limits<std::uint64_t>::max() - layout_.base) {
            return false;
        }
        block.resize(static_cast<std::size_t>(size));
        return bytes_.read(layout_.base + address, block);
    }
    bool load(std::uint64_t address, std::uint64_t size, std::string_view signature,
              std::vector<std::byte>& block) const {
        return load(address, size, block) && as_text(block).starts_with(signature);
    }

    /// Row-major numbers of an array's elements count along these extents; dimension `first` is the slowest.
    bool number_chunks(std::size_t first) {
        first_ = first;
        strides_.assign(grid_.chunks.size(), 1);
        std::uint64_t stride = 1;
        for (std::size_t d = grid_.chunks.size(); d-- != 0;) {
            if (d == first) {
                continue;
            }
            strides_[d] = stride;
            if (grid_.chunks[d] == 0 || grid_.chunks[d] > std::numeric_limits<std::uint64_t>::max() / stride) {
                return false;
            }
            stride *= grid_.chunks[d];
        }
        strides_[first] = stride;
        return true;
    }

    bool add(std::uint64_t address, std::uint64_t size, std::uint64_t mask) {
        if (out_.chunks.size() == grid_.stored) {
            return false;
        }
        out_.chunks.push_back({layout_.base + address, size, static_cast<std::uint32_t>(mask)});
        return true;
    }

    /// Elements [number, number + count) of an array.
    bool elements(Hdf5Cursor& block, std::uint64_t number, std::uint64_t count) {
        for (std::uint64_t k = 0; k < count; ++k, ++number) {
            const std::uint64_t address = block.number(layout_.address_size);
            std::uint64_t size = grid_.bytes;
            std::uint64_t mask = 0;
            if (filtered_) {
                size = block.number(element_size_ - layout_.address_size - 4);
                mask = block.number(4);
            }
            if (!block.ok()) {
                return false;
            }
            if (address == undefined_) {
                continue;
            }
            if (!add(address, size, mask)) {
                return false;
            }
            std::uint64_t rest = number;
            const std::size_t at = out_.index.size();
            out_.index.resize(at + strides_.size());
            out_.index[at + first_] = rest / strides_[first_];
            rest %= strides_[first_];
            for (std::size_t d = 0; d < strides_.size(); ++d) {
                if (d != first_) {
                    out_.index[at + d] = rest / strides_[d];
                    rest %= strides_[d];
                }
            }
        }
        return true;
    }

    /// What array headers start with; false where an element is none of a chunk.
    bool element_form(Hdf5Cursor& header) {
        filtered_ = header.number(1) != 0;
        element_size_ = static_cast<std::size_t>(header.number(1));
        const std::size_t least = layout_.address_size;
        return filtered_ ? element_size_ > least + 4 && element_size_ <= least + 12 : element_size_ == least;
    }

    /// Pages of an array's block, of which `initialised` tells by bits, the highest first; nothing: all are.
    bool pages(std::uint64_t address, std::uint64_t number, std::uint64_t count, std::uint64_t per_page,
               ByteSpan initialised) {
        std::vector<std::byte> page;
        for (std::uint64_t k = 0; k * per_page < count; ++k) {
            const std::uint64_t here = std::min(per_page, count - k * per_page);
            const auto bits = std::to_integer<unsigned>(initialised[static_cast<std::size_t>(k / 8)]);
            if (((bits << (k % 8)) & 0x80U) == 0) {
                continue;
            }
            if (!load(address + k * (per_page * element_size_ + kChecksum), here * element_size_, page)) {
                return false;
            }
            Hdf5Cursor cursor(page);
            if (!elements(cursor, number + k * per_page, here)) {
                return false;
            }
        }
        return true;
    }

    bool fixed_array(std::uint64_t address) {
        std::vector<std::byte> block;
        if (!load(address, 8 + layout_.length_size + layout_.address_size, "FAHD", block) || !number_chunks(0)) {
            return false;
        }
        Hdf5Cursor header(ByteSpan(block).subspan(5));
        if (!element_form(header)) {
            return false;
        }
        const std::uint64_t page_bits = header.number(1);
        const std::uint64_t count = header.number(layout_.length_size);
        const std::uint64_t data = header.number(layout_.address_size);
        if (data == undefined_) {
            return true;
        }
        if (page_bits > 32 || count > kMaxBlock) {
            return false;
        }
        const std::uint64_t per_page = std::uint64_t{1} << page_bits;
        const std::uint64_t prefix = 6 + layout_.address_size;
        if (count <= per_page) {
            if (!load(data, prefix + count * element_size_, "FADB", block)) {
                return false;
            }
            Hdf5Cursor cursor(ByteSpan(block).subspan(static_cast<std::size_t>(prefix)));
            return elements(cursor, 0, count);
        }
        const std::uint64_t bitmap = ((count + per_page - 1) / per_page + 7) / 8;
        return load(data, prefix + bitmap, "FADB", block) &&
               pages(data + prefix + bitmap + kChecksum, 0, count, per_page,
                     ByteSpan(block).subspan(static_cast<std::size_t>(prefix)));
    }

    /// The numbers in an extensible array's header, and what follows from them.
    struct Extensible {
        std::uint64_t in_index = 0;      // elements in the index block
        std::uint64_t block_least = 0;   // elements of the smallest data block
        std::uint64_t pointers = 0;      // least number of data blocks in a super block
        std::uint64_t per_page = 0;      // elements of a page
        std::uint64_t offset_width = 0;  // bytes of an element number
        std::uint64_t super_blocks = 0;  // numbered from 0; the first have no block of their own
    };

    bool extensible_array(std::uint64_t address) {
        const auto unlimited = std::find(grid_.chunks.begin(), grid_.chunks.end(), 0);
        std::vector<std::byte> block;
        if (unlimited == grid_.chunks.end() ||
            !number_chunks(static_cast<std::size_t>(unlimited - grid_.chunks.begin())) ||
            !load(address, 12 + 6 * layout_.length_size + layout_.address_size, "EAHD", block)) {
            return false;
        }
        Hdf5Cursor header(ByteSpan(block).subspan(5));
        if (!element_form(header)) {
            return false;
        }
        Extensible array;
        const std::uint64_t bits = header.number(1);
        array.in_index = header.number(1);
        array.block_least = header.number(1);
        array.pointers = header.number(1);
        const std::uint64_t page_bits = header.number(1);
        header.take(6 * layout_.length_size);
        const std::uint64_t index = header.number(layout_.address_size);
        if (!std::has_single_bit(array.block_least) || !std::has_single_bit(array.pointers) || array.pointers < 2 ||
            page_bits > 32 || bits > 64 || bits < log2_of(array.block_least)) {
            return false;
        }
        array.per_page = std::uint64_t{1} << page_bits;
        array.offset_width = (bits + 7) / 8;
        array.super_blocks = 1 + bits - log2_of(array.block_least);
        return index == undefined_ || index_block(array, index);
    }

    bool index_block(const Extensible& array, std::uint64_t address) {
        const std::uint64_t direct = 2 * (array.pointers - 1);
        const std::uint64_t without =
            std::min<std::uint64_t>(std::uint64_t{2} * log2_of(array.pointers), array.super_blocks);
        const std::uint64_t prefix = 6 + layout_.address_size;
        std::vector<std::byte> block;
        if (!load(address,
                  prefix + array.in_index * element_size_ +
                      (direct + array.super_blocks - without) * layout_.address_size,
                  "EAIB", block)) {
            return false;
        }
        Hdf5Cursor cursor(ByteSpan(block).subspan(static_cast<std::size_t>(prefix)));
        if (!elements(cursor, 0, array.in_index)) {
            return false;
        }
        std::uint64_t number = array.in_index;
        for (std::uint64_t super = 0; super < array.super_blocks; ++super) {
            const std::uint64_t blocks = std::uint64_t{1} << (super / 2);
            const std::uint64_t size = array.block_least << ((super + 1) / 2);
            if (super >= without) {
                const std::uint64_t child = cursor.number(layout_.address_size);
                if (child != undefined_ && !super_block(array, child, number, blocks, size)) {
                    return false;
                }
            } else {
                for (std::uint64_t k = 0; k < blocks; ++k) {
                    const std::uint64_t child = cursor.number(layout_.address_size);
                    if (child != undefined_ && !data_block(array, child, number + k * size, size, {})) {
                        return false;
                    }
                }
            }
            number += blocks * size;
        }
        return cursor.ok();
    }

    bool super_block(const Extensible& array, std::uint64_t address, std::uint64_t number, std::uint64_t blocks,
                     std::uint64_t size) {
        const std::uint64_t bitmap = size > array.per_page ? (size / array.per_page + 7) / 8 : 0;
        const std::uint64_t prefix = 6 + layout_.address_size + array.offset_width;
        if (blocks > kMaxBlock / (bitmap + layout_.address_size)) {
            return false;
        }
        std::vector<std::byte> block;
        if (!load(address, prefix + blocks * (bitmap + layout_.address_size), "EASB", block)) {
            return false;
        }
        Hdf5Cursor cursor(ByteSpan(block).subspan(static_cast<std::size_t>(prefix)));
        const ByteSpan bitmaps = cursor.take(static_cast<std::size_t>(blocks * bitmap));
        for (std::uint64_t k = 0; k < blocks; ++k) {
            const std::uint64_t child = cursor.number(layout_.address_size);
            const ByteSpan bits =
                bitmaps.subspan(static_cast<std::size_t>(k * bitmap), static_cast<std::size_t>(bitmap));
            if (child != undefined_ && !data_block(array, child, number + k * size, size, bits)) {
                return false;
            }
        }
        return cursor.ok();
    }

    bool data_block(const Extensible& array, std::uint64_t address, std::uint64_t number, std::uint64_t size,
                    ByteSpan initialised) {
        const std::uint64_t prefix = 6 + layout_.address_size + array.offset_width;
        std::vector<std::byte> block;
        if (!initialised.empty()) {
            return load(address, prefix, "EADB", block) &&
                   pages(address + prefix + kChecksum, number, size, array.per_page, initialised);
        }
        if (size > kMaxBlock || size > array.per_page || !load(address, prefix + size * element_size_, "EADB", block)) {
            return false;
        }
        Hdf5Cursor cursor(ByteSpan(block).subspan(static_cast<std::size_t>(prefix)));
        return elements(cursor, number, size);
    }

    /// The numbers in a version 2 B-tree's header.
    struct Tree {
        std::uint64_t node_size = 0;
        std::uint64_t record = 0;
        std::size_t count_width = 0;            // bytes of a node's number of records
        std::vector<std::size_t> total_widths;  // by depth: of the number of records below a node of that depth
    };

    bool tree(std::uint64_t address) {
        std::vector<std::byte> block;
        if (!load(address, 18 + layout_.address_size + layout_.length_size, "BTHD", block)) {
            return false;
        }
        Hdf5Cursor header(ByteSpan(block).subspan(5));
        const std::uint64_t type = header.number(1);
        Tree tree;
        tree.node_size = header.number(4);
        tree.record = header.number(2);
        const std::uint64_t depth = header.number(2);
        header.take(2);
        const std::uint64_t root = header.number(layout_.address_size);
        const std::uint64_t records = header.number(2);
        filtered_ = type == 11;
        const std::uint64_t least = layout_.address_size + 8 * grid_.chunks.size();
        if ((type != 10 && type != 11) || depth > 32 || tree.node_size > kMaxBlock || tree.node_size < 32 ||
            (filtered_ ? tree.record <= least + 4 || tree.record > least + 12 : tree.record != least)) {
            return false;
        }
        element_size_ = static_cast<std::size_t>(tree.record - 8 * grid_.chunks.size());
        // Numbers of records are as wide as the largest possible one needs.
        constexpr std::uint64_t kOverhead = 10;
        const std::uint64_t in_leaf = (tree.node_size - kOverhead) / tree.record;
        tree.count_width = log2_of(in_leaf) / 8 + 1;
        tree.total_widths = {0};
        std::uint64_t below = in_leaf;
        for (std::uint64_t level = 1; level <= depth; ++level) {
            const std::uint64_t pointer = layout_.address_size + tree.count_width + tree.total_widths.back();
            if (tree.node_size < kOverhead + pointer) {
                return false;
            }
            const std::uint64_t here = (tree.node_size - (kOverhead + pointer)) / (tree.record + pointer);
            if (below > std::numeric_limits<std::uint64_t>::max() / (here + 2)) {
                return false;
            }
            below = (here + 1) * below + here;
            tree.total_widths.push_back(log2_of(below) / 8 + 1);
        }
        return root == undefined_ || node(tree, root, records, static_cast<std::size_t>(depth));
    }

    bool node(const Tree& tree, std::uint64_t address, std::uint64_t records, std::size_t depth) {
        std::vector<std::byte> block;
        if (!load(address, tree.node_size, depth == 0 ? "BTLF" : "BTIN", block)) {
            return false;
        }
        Hdf5Cursor cursor(ByteSpan(block).subspan(6));
        for (std::uint64_t k = 0; k < records; ++k) {
            const std::uint64_t chunk = cursor.number(layout_.address_size);
            const std::uint64_t size =
                filtered_ ? cursor.number(element_size_ - layout_.address_size - 4) : grid_.bytes;
            const std::uint64_t mask = filtered_ ? cursor.number(4) : 0;
            if (!cursor.ok() || !add(chunk, size, mask)) {
                return false;
            }
            for (std::size_t d = 0; d < grid_.chunks.size(); ++d) {
                out_.index.push_back(cursor.number(8));
            }
        }
        for (std::uint64_t k = 0; depth > 0 && k <= records; ++k) {
            const std::uint64_t child = cursor.number(layout_.address_size);
            const std::uint64_t count = cursor.number(tree.count_width);
            cursor.take(tree.total_widths[depth - 1]);
            if (!cursor.ok() || !node(tree, child, count, depth - 1)) {
                return false;
            }
        }
        return cursor.ok();
    }

    const Hdf5ChunkGrid& grid_;
    const Hdf5FileLayout& layout_;
    const Hdf5Bytes& bytes_;
    Hdf5ChunkList& out_;
    std::uint64_t undefined_ = 0;
    bool filtered_ = false;
    std::size_t element_size_ = 0;  // of an array's element, of a record without coordinates
    std::size_t first_ = 0;
    Shape strides_;
};

}  // namespace

bool read_hdf5_chunk_arrays(Hdf5Cursor message, const Hdf5ChunkGrid& grid, const Hdf5FileLayout& layout,
                            const Hdf5Bytes& bytes, Hdf5ChunkList& out) {
    return !grid.chunks.empty() && Reader(grid, layout, bytes, out).read(message);
}

}  // namespace vcube
