#include "driver/md_chunks.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "driver/vsi_files.h"

namespace vcube::driver {
namespace {

std::string joined(const Shape& shape) {
    std::string out;
    for (const std::uint64_t extent : shape) {
        out.append(out.empty() ? "" : ",").append(std::to_string(extent));
    }
    return out;
}

std::string json_text(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void add_codecs(const ArrayMeta& meta, CPLStringList& out) {
    if (!meta.codecs.is_null()) {
        out.SetNameValue("CODEC_CHAIN", json_text(meta.codecs).c_str());
        return;
    }
    if (meta.compressor.is_object()) {
        out.SetNameValue("COMPRESSOR", json_text(meta.compressor).c_str());
    }
    if (meta.filters.is_array() && !meta.filters.empty()) {
        out.SetNameValue("FILTERS", json_text(meta.filters).c_str());
    }
}

/// Bytes of a whole object, for ranges that tell their end from the object's.
Result<std::uint64_t> object_size(const std::string& vsi_path) {
    VSIStatBufL stat;
    if (VSIStatExL(vsi_path.c_str(), &stat, VSI_STAT_EXISTS_FLAG | VSI_STAT_SIZE_FLAG) != 0) {
        return not_found("the object that holds the chunk is missing");
    }
    return static_cast<std::uint64_t>(stat.st_size);
}

Status describe_remote(const Remote& place, RawBlock& out) {
    const std::string path = vsi_path_of(place.url);
    ByteRange range = place.range;
    if (range.suffix != 0 || range.end == ByteRange::kEnd) {
        const Result<std::uint64_t> size = object_size(path);
        if (!size.ok()) {
            const bool absent = size.error().code == ErrorCode::kNotFound && place.may_be_absent;
            return absent ? Status() : Status(size.error());
        }
        range.begin = range.suffix != 0 ? size.value() - std::min(range.suffix, size.value()) : range.begin;
        range.end = std::max(range.begin, size.value());
    }
    out.filename = path;
    out.offset = range.begin;
    out.size = range.end - range.begin;
    if (place.wrap == Wrap::kDeflate) {
        out.info.SetNameValue("WRAP", "DEFLATE");
    }
    return {};
}

}  // namespace

CPLStringList structural_info(const Array& array) {
    const ArrayMeta& meta = array.meta();
    CPLStringList out;
    out.SetNameValue("FORMAT", meta.codecs.is_null() ? "Zarr 2" : "Zarr 3");
    std::string codecs;
    for (const std::string& id : array.codec_ids()) {
        codecs.append(codecs.empty() ? "" : ",").append(id);
    }
    if (!codecs.empty()) {
        out.SetNameValue("CODECS", codecs.c_str());
    }
    add_codecs(meta, out);
    if (!meta.shape.empty()) {
        const Shape grid = meta.chunk_grid();
        out.SetNameValue("CHUNK_GRID", joined(grid).c_str());
        if (const auto chunks = checked_product(grid)) {
            out.SetNameValue("CHUNK_COUNT", std::to_string(*chunks).c_str());
        }
    }
    if (meta.fortran) {
        out.SetNameValue("ORDER", "F");
    }
    if (meta.sharding) {
        out.SetNameValue("SHARD_SHAPE", joined(meta.sharding->shard).c_str());
    }
    return out;
}

Status describe_chunk(const Array& array, const std::uint64_t* index, RawBlock& out) {
    const ArrayMeta& meta = array.meta();
    const Shape grid = meta.chunk_grid();
    for (std::size_t d = 0; d < grid.size(); ++d) {
        if (index[d] >= grid[d]) {
            return invalid(meta.path + ": chunk " + std::to_string(index[d]) + " along dimension " + std::to_string(d) +
                           " of " + std::to_string(grid[d]));
        }
    }
    if (meta.dtype.swap_width() > 1) {
        out.info.SetNameValue("ENDIANNESS", meta.dtype.little ? "LITTLE" : "BIG");
    }
    add_codecs(meta, out.info);
    VCUBE_ASSIGN(const ChunkLocation location, array.locate_chunk({index, grid.size()}));
    if (const auto* bytes = std::get_if<Inline>(&location)) {
        const auto* const begin = reinterpret_cast<const GByte*>(bytes->bytes.data());
        out.inline_bytes.assign(begin, begin + bytes->bytes.size());
        out.size = out.inline_bytes.size();
        return {};
    }
    const auto* place = std::get_if<Remote>(&location);
    Status found = place != nullptr ? describe_remote(*place, out) : Status();
    if (found.ok() && out.filename.empty()) {
        out.info.Clear();
    }
    return found;
}

std::optional<Region> one_element_a_chunk(const ArrayMeta& meta, const GUInt64* start, const std::size_t* count,
                                          std::size_t max_bytes) {
    constexpr std::uint64_t kWholeChunkBytes = std::uint64_t{4} << 20;  // larger bare chunks are read by parts
    const std::size_t rank = meta.shape.size();
    const auto chunk_bytes = checked_product(meta.chunks, meta.dtype.size);
    if (rank == 0 || !meta.runs.empty() || meta.dtype.kind == Kind::kObject || !chunk_bytes ||
        *chunk_bytes > max_bytes || (meta.uncompressed() && *chunk_bytes > kWholeChunkBytes)) {
        return std::nullopt;
    }
    std::uint64_t left = max_bytes / std::max<std::uint64_t>(*chunk_bytes, 1);
    Region region{Shape(rank), Shape(rank), std::vector<std::int64_t>(rank)};
    // The innermost dimensions are taken whole as far as they fit; of what is outside of them, the first only.
    for (std::size_t d = rank; d-- > 0;) {
        if (count[d] == 0) {
            return std::nullopt;
        }
        const std::uint64_t first = start[d] / meta.chunks[d];
        const std::uint64_t last = (start[d] + count[d] - 1) / meta.chunks[d];
        region.start[d] = first * meta.chunks[d];
        region.count[d] = std::min(last - first + 1, left);
        region.step[d] = static_cast<std::int64_t>(meta.chunks[d]);
        left /= region.count[d];
        left = std::max<std::uint64_t>(left, 1);
    }
    return region;
}

}  // namespace vcube::driver
