// Metadata of a store and one chunk or shard, all hostile: parse, build the hierarchy, plan the chain, read a small
// region, as numbers and as text, inline and by range.
// Input: .zarray or zarr.json, .zattrs, the root's .zattrs and the chunk's bytes, separated by NUL.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/hierarchy.h"

namespace vcube {
namespace {

class OneArrayStore : public Store {
public:
    OneArrayStore(std::string zarray, std::string zattrs, std::string root, std::string chunk)
        : zarray_(std::move(zarray)),
          zattrs_(std::move(zattrs)),
          root_(std::move(root)),
          chunk_(std::make_shared<const std::string>(std::move(chunk))) {}

    [[nodiscard]] std::string_view name() const override { return "fuzz"; }
    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override {
        return std::vector<std::string>{".zattrs", ".zgroup", "g/a/.zarray", "g/a/.zattrs", "g/b/zarr.json"};
    }
    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view key) const override {
        return std::optional(key == "g/a/.zarray" || key == "g/b/zarr.json" ? zarray_
                             : key == "g/a/.zattrs"                         ? zattrs_
                             : key == ".zattrs"                             ? root_
                                                                            : std::string(R"({"zarr_format": 2})"));
    }
    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            Remote remote;
            remote.url = *chunk_;
            remote.may_be_absent = keys[i].ends_with('2');
            if (chunk_->size() % 3 == 0) {
                remote.range = {0, chunk_->size()};
            }
            out[i] = keys[i].ends_with('1')    ? ChunkLocation(Missing{})
                     : chunk_->size() % 2 == 0 ? ChunkLocation(remote)
                                               : Inline{as_byte_span(*chunk_), chunk_};
        }
        return {};
    }

private:
    std::string zarray_, zattrs_, root_;
    std::shared_ptr<const std::string> chunk_;
};

/// The URL is the object.
class UrlFetcher : public Fetcher {
public:
    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions&) override {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const ByteSpan object = as_byte_span(requests[i].url);
            const ByteRange range = requests[i].range;
            if (range.suffix != 0) {
                range.suffix <= object.size() ? sink(i, object.last(range.suffix)) : sink(i, io_error("too short"));
            } else if (!range.bounded()) {
                sink(i, object.subspan(std::min<std::size_t>(range.begin, object.size())));
            } else if (range.begin <= range.end && range.end <= object.size()) {
                sink(i, object.subspan(range.begin, range.size()));
            } else {
                sink(i, object.empty() ? not_found("no object") : io_error("too short"));
            }
        }
    }
};

std::string take(std::string_view& input) {
    const std::size_t end = std::min(input.find('\0'), input.size());
    std::string part(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
    return part;
}

/// At most two elements along each dimension (of the first four that have more than one), from either end.
void read_corner(const Array& array, bool far) {
    const Shape& shape = array.meta().shape;
    Region region;
    std::size_t elements = 1;
    std::vector<std::ptrdiff_t> strides;
    for (const std::uint64_t extent : shape) {
        const std::uint64_t count = std::min<std::uint64_t>(extent, elements >= 16 ? 1 : 2);
        region.start.push_back(far && extent > 0 ? extent - 1 : 0);
        region.count.push_back(count);
        region.step.push_back(far ? -1 : 1);
        strides.push_back(static_cast<std::ptrdiff_t>(elements * array.meta().dtype.size));
        elements *= std::max<std::uint64_t>(count, 1);
    }
    DType type = array.meta().dtype;
    type.little = std::endian::native == std::endian::little;
    Buffer out(elements * type.size);
    (void)array.read(region, {out.data(), strides, type});
    (void)array.read_strings(region, {}, 1U << 16);
    if (std::find(shape.begin(), shape.end(), 0U) == shape.end()) {
        std::vector<std::uint64_t> chunk = array.meta().chunk_grid();
        std::for_each(chunk.begin(), chunk.end(), [&](std::uint64_t& index) { index = far ? index - 1 : 0; });
        (void)array.locate_chunk(chunk);
    }
}

}  // namespace
}  // namespace vcube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vcube;
    static const auto runtime =
        std::make_shared<Runtime>(std::size_t{0}, std::size_t{1} << 16, std::make_unique<UrlFetcher>());
    std::string_view input(reinterpret_cast<const char*>(data), size);
    std::string zarray = take(input);
    std::string zattrs = take(input);
    std::string root = take(input);
    const auto store = std::make_shared<const OneArrayStore>(zarray, zattrs, root, std::string(input));
    const Result<Group> group = read_hierarchy(*store, {std::uint64_t{1} << 20});
    if (!group.ok()) {
        return 0;
    }
    for_each_array(group.value(), [&](const Group&, const ArrayMeta& meta) {
        const Result<Array> array = Array::open({store, runtime}, meta);
        if (array.ok()) {
            read_corner(array.value(), false);
            read_corner(array.value(), true);
            (void)array.value().read_all(1U << 16);
        }
    });
    return 0;
}
