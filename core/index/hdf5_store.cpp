#include "core/index/hdf5_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/index/hdf5_attributes.h"
#include "core/index/hdf5_chunks.h"
#include "core/index/hdf5_handles.h"
#include "core/index/hdf5_types.h"
#include "core/refs/manifest.h"

namespace vcube {
namespace {

constexpr int kMaxDepth = 64;
/// Contiguous datasets larger than this are described as several chunks, where whole rows allow it.
constexpr std::uint64_t kContiguousChunk = 4U << 20U;

/// A dataset while it is described.
struct Dataset {
    std::string path;  // without a leading slash
    Hdf5Handle id;
    Hdf5Handle create;
    DType type;
    Shape shape;
    Shape chunks;
    Json filters;
    Hdf5Attributes attributes;
    bool has_missing = false;  // some of its elements are not stored
};

std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string chunk_key(const std::string& path, std::span<const std::uint64_t> index) {
    std::string out = path + "/";
    for (std::size_t d = 0; d < index.size(); ++d) {
        out.append(d == 0 ? "" : ".").append(std::to_string(index[d]));
    }
    return index.empty() ? out + "0" : out;
}

class Walker {
public:
    Walker(hid_t file, std::string location, const Hdf5Bytes& bytes, const Hdf5Options& options)
        : file_(file), location_(std::move(location)), bytes_(bytes), options_(options) {
        url_ = builder_.intern_url(location_);
        const Hdf5Handle create(H5Fget_create_plist(file));
        hsize_t user_block = 0;
        H5Pget_userblock(create.id(), &user_block);
        layout_.base = user_block;
        H5Pget_sizes(create.id(), &layout_.address_size, &layout_.length_size);
        link_access_ = Hdf5Handle(H5Pcreate(H5P_LINK_ACCESS));
        H5Pset_elink_cb(link_access_.id(), &refuse_other_files, nullptr);
    }

    Status walk() {
        const Hdf5Handle root(H5Gopen2(file_, "/", H5P_DEFAULT));
        if (!root.ok()) {
            return corrupt(location_ + ": the root group cannot be opened");
        }
        VCUBE_TRY(add_group(root.id(), "", 0));
        return {};
    }

    std::shared_ptr<const Store> store() && { return std::move(builder_).build(location_, UrlPolicy{}); }

private:
    struct Iteration {
        Walker* walker;
        const std::string* path;
        int depth;
        Status status;
        std::exception_ptr failure;
    };

    /// Soft links may lead through external ones.
    static herr_t refuse_other_files(const char* /*parent_file*/, const char* /*parent_group*/,
                                     const char* /*child_file*/, const char* /*child_object*/, unsigned* /*flags*/,
                                     hid_t /*access*/, void* /*data*/) {
        return -1;
    }

    void warn(const std::string& path, const std::string& reason) const {
        log(LogLevel::kWarning, location_ + ": " + path + " is left out: " + reason);
    }

    void add_text(const std::string& key, const Json& json) { builder_.add_inline(key, as_byte_span(text_of(json))); }

    static std::string joined(const std::string& path, const std::string& name) {
        return path.empty() ? name : path + "/" + name;
    }

    Status add_group(hid_t group, const std::string& path, int depth) {
        H5O_info_t info;
        if (H5Oget_info2(group, &info, H5O_INFO_BASIC) < 0) {
            return corrupt(location_ + ": group /" + path + " cannot be read");
        }
        // Hard links may form a ring; each group is shown at the first place it is met.
        if (!visited_.insert(info.addr).second) {
            return {};
        }
        if (depth > kMaxDepth) {
            return over_limit(location_ + ": groups nested deeper than " + std::to_string(kMaxDepth));
        }
        add_text(joined(path, ".zgroup"), {{"zarr_format", 2}});
        const Hdf5Attributes attributes = read_hdf5_attributes(group);
        if (!attributes.shown.empty()) {
            add_text(joined(path, ".zattrs"), attributes.shown);
        }
        const Hdf5Handle create(H5Gget_create_plist(group));
        unsigned order = 0;
        H5Pget_link_creation_order(create.id(), &order);
        const H5_index_t index = (order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
        Iteration iteration{this, &path, depth, {}, nullptr};
        hsize_t position = 0;
        const herr_t end = H5Literate(group, index, H5_ITER_INC, &position, &on_link, &iteration);
        if (iteration.failure) {
            std::rethrow_exception(iteration.failure);
        }
        if (iteration.status.ok() && end < 0) {
            return corrupt(location_ + ": the links of group /" + path + " cannot be read");
        }
        return iteration.status;
    }

    /// Called by the library, through which no exception may pass.
    static herr_t on_link(hid_t group, const char* name, const H5L_info_t* info, void* data) {
        auto* const iteration = static_cast<Iteration*>(data);
        try {
            iteration->status = iteration->walker->add_link(group, name, *info, *iteration->path, iteration->depth);
            return iteration->status.ok() ? 0 : -1;
        } catch (...) {
            iteration->failure = std::current_exception();
            return -1;
        }
    }

    Status add_link(hid_t group, const std::string& name, const H5L_info_t& info, const std::string& parent,
                    int depth) {
        const std::string path = joined(parent, name);
        if (info.type != H5L_TYPE_HARD && info.type != H5L_TYPE_SOFT) {
            warn(path, "it is a link to another file");
            return {};
        }
        if (name.starts_with(".z") || name.find('/') != std::string::npos) {
            warn(path, "its name cannot be a Zarr name");
            return {};
        }
        Hdf5Handle object(H5Oopen(group, name.c_str(), link_access_.id()));
        if (!object.ok()) {
            warn(path, info.type == H5L_TYPE_SOFT ? "its link leads nowhere in this file" : "it cannot be opened");
            return {};
        }
        const H5I_type_t kind = H5Iget_type(object.id());
        if (kind == H5I_GROUP && info.type == H5L_TYPE_SOFT) {
            warn(path, "it is a link to a group");
            return {};
        }
        if (kind == H5I_GROUP) {
            return add_group(object.id(), path, depth + 1);
        }
        if (kind == H5I_DATASET) {
            Dataset dataset;
            dataset.path = path;
            dataset.id = std::move(object);
            if (const Status status = add_dataset(dataset); !status.ok()) {
                warn(path, status.error().message);
            }
        }
        return {};
    }

    Status add_dataset(Dataset& dataset) {
        dataset.attributes = read_hdf5_attributes(dataset.id.id());
        if (dataset.attributes.is_bare_dimension) {
            return {};
        }
        dataset.create = Hdf5Handle(H5Dget_create_plist(dataset.id.id()));
        const Hdf5Handle type(H5Dget_type(dataset.id.id()));
        VCUBE_ASSIGN(dataset.type, dtype_of_hdf5(type.id()));
        VCUBE_TRY(read_shape(dataset));
        if (H5Pget_external_count(dataset.create.id()) > 0) {
            return unsupported("its data stand in other files");
        }
        switch (H5Pget_layout(dataset.create.id())) {
            case H5D_CHUNKED:
                VCUBE_TRY(add_chunks(dataset));
                break;
            case H5D_CONTIGUOUS:
                VCUBE_TRY(add_contiguous(dataset));
                break;
            case H5D_COMPACT:
                VCUBE_TRY(add_compact(dataset, type.id()));
                break;
            default:
                return unsupported("its layout (virtual datasets)");
        }
        add_metadata(dataset, type.id());
        return {};
    }

    static Status read_shape(Dataset& dataset) {
        const Hdf5Handle space(H5Dget_space(dataset.id.id()));
        const int rank = H5Sget_simple_extent_ndims(space.id());
        if (H5Sget_simple_extent_type(space.id()) == H5S_NULL || rank < 0) {
            return unsupported("it has no elements (null dataspace)");
        }
        std::array<hsize_t, H5S_MAX_RANK> extents{};
        H5Sget_simple_extent_dims(space.id(), extents.data(), nullptr);
        dataset.shape.assign(extents.begin(), extents.begin() + rank);
        dataset.chunks = dataset.shape;
        for (std::uint64_t& extent : dataset.chunks) {
            extent = std::max<std::uint64_t>(extent, 1);
        }
        if (!checked_product(dataset.shape, dataset.type.size)) {
            return over_limit("its size exceeds 64 bits");
        }
        return {};
    }

    /// Element index ranges of the chunk grid; how many chunks a full dataset has.
    static std::uint64_t grid_size(const Dataset& dataset, Shape& grid) {
        grid.clear();
        for (std::size_t d = 0; d < dataset.shape.size(); ++d) {
            grid.push_back(dataset.shape[d] / dataset.chunks[d] + (dataset.shape[d] % dataset.chunks[d] != 0 ? 1 : 0));
        }
        return checked_product(grid).value_or(std::numeric_limits<std::uint64_t>::max());
    }

    Status add_chunks(Dataset& dataset) {
        std::array<hsize_t, H5S_MAX_RANK> extents{};
        const auto rank = static_cast<int>(dataset.shape.size());
        if (H5Pget_chunk(dataset.create.id(), rank, extents.data()) != rank) {
            return corrupt("its chunk shape cannot be read");
        }
        dataset.chunks.assign(extents.begin(), extents.begin() + rank);
        VCUBE_ASSIGN(const Hdf5ChunkList list, list_hdf5_chunks(dataset.id.id(), dataset.chunks, layout_, bytes_));
        std::uint32_t mask = list.chunks.empty() ? 0 : list.chunks[0].filter_mask;
        for (const Hdf5Chunk& chunk : list.chunks) {
            if (chunk.filter_mask != mask) {
                return unsupported("some of its chunks were stored without a filter that others went through");
            }
        }
        VCUBE_TRY(read_filters(dataset, mask));
        Shape grid;
        const std::uint64_t total = grid_size(dataset, grid);
        std::uint64_t inside = 0;
        for (std::size_t i = 0; i < list.chunks.size(); ++i) {
            const std::span<const std::uint64_t> index(list.index.data() + i * grid.size(), grid.size());
            if (std::equal(index.begin(), index.end(), grid.begin(), std::less<>())) {
                VCUBE_TRY(add_bytes(chunk_key(dataset.path, index), list.chunks[i].offset, list.chunks[i].size));
                ++inside;
            }
        }
        dataset.has_missing = inside < total;
        return {};
    }

    /// The filter pipeline as numcodecs configurations, in the order in which they encode.
    static Status read_filters(Dataset& dataset, std::uint32_t mask) {
        const int count = H5Pget_nfilters(dataset.create.id());
        dataset.filters = Json::array();
        for (int i = 0; i < count; ++i) {
            if (i < 32 && ((mask >> static_cast<unsigned>(i)) & 1U) != 0) {
                continue;
            }
            std::array<unsigned, 8> values{};
            std::size_t value_count = values.size();
            std::array<char, 64> name{};
            unsigned flags = 0;
            unsigned config = 0;
            const H5Z_filter_t filter =
                H5Pget_filter2(dataset.create.id(), static_cast<unsigned>(i), &flags, &value_count, values.data(),
                               name.size() - 1, name.data(), &config);
            if (filter == H5Z_FILTER_DEFLATE) {
                dataset.filters.push_back({{"id", "zlib"}, {"level", values[0]}});
            } else if (filter == H5Z_FILTER_SHUFFLE) {
                const unsigned width = value_count > 0 && values[0] != 0 ? values[0] : dataset.type.size;
                dataset.filters.push_back({{"elementsize", width}, {"id", "shuffle"}});
            } else {
                const std::string shown = name[0] != '\0' ? name.data() : "without a name";
                return unsupported("the filter " + shown + " (" + std::to_string(filter) + ") is not read");
            }
        }
        return {};
    }

    Status add_bytes(const std::string& key, std::uint64_t offset, std::uint64_t size) {
        if (size == 0) {
            return {};
        }
        if (size < options_.inline_below) {
            std::vector<std::byte> bytes(static_cast<std::size_t>(size));
            if (!bytes_.read(offset, bytes)) {
                return corrupt("chunk " + key + " stands behind the end of the file");
            }
            builder_.add_inline(key, bytes);
            return {};
        }
        if (offset > ByteRange::kEnd - 1 - size) {
            return corrupt("chunk " + key + " has an impossible address");
        }
        builder_.add_range(key, url_, {offset, offset + size});
        return {};
    }

    Status add_contiguous(Dataset& dataset) {
        const haddr_t offset = H5Dget_offset(dataset.id.id());
        const std::uint64_t size = *checked_product(dataset.shape, dataset.type.size);
        if (offset == HADDR_UNDEF) {
            dataset.has_missing = size != 0;
            return {};
        }
        if (H5Dget_storage_size(dataset.id.id()) < size) {
            return corrupt("its stored data are shorter than its shape tells");
        }
        split_rows(dataset);
        Shape grid;
        const std::uint64_t count = size == 0 ? 0 : grid_size(dataset, grid);
        Shape index(grid.size(), 0);
        for (std::uint64_t i = 0; i < count; ++i) {
            VCUBE_TRY(add_bytes(chunk_key(dataset.path, index), offset + i * (size / count), size / count));
            for (std::size_t d = grid.size(); d-- != 0 && ++index[d] == grid[d];) {
                index[d] = 0;
            }
        }
        return {};
    }

    /// Cuts a large contiguous array into chunks of equal size along its slowest dimensions.
    static void split_rows(Dataset& dataset) {
        std::uint64_t size = *checked_product(dataset.chunks, dataset.type.size);
        for (std::uint64_t& extent : dataset.chunks) {
            if (size <= kContiguousChunk) {
                return;
            }
            const std::uint64_t row = size / extent;
            // An edge chunk would reach behind the data, so the extent must be divided exactly.
            std::uint64_t rows = std::max<std::uint64_t>(kContiguousChunk / row, 1);
            while (extent % rows != 0) {
                --rows;
            }
            extent = rows;
            size = row * rows;
        }
    }

    Status add_compact(Dataset& dataset, hid_t type) {
        const std::uint64_t size = *checked_product(dataset.shape, dataset.type.size);
        constexpr std::uint64_t kMaxCompact = 64U << 10U;
        if (size > kMaxCompact) {
            return corrupt("a compact dataset of " + std::to_string(size) + " bytes");
        }
        std::vector<std::byte> bytes(static_cast<std::size_t>(size));
        if (H5Dread(dataset.id.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0) {
            return corrupt("its data cannot be read");
        }
        if (size != 0) {
            builder_.add_inline(chunk_key(dataset.path, Shape(dataset.shape.size(), 0)), bytes);
        }
        return {};
    }

    /// Zarr's fill value is what missing chunks hold and, to readers, the nodata value. The _FillValue attribute is
    /// both where it exists. netCDF and time variables without one have no nodata value, so that the library's default
    /// fill is told only where chunks are in fact missing.
    Json fill_value(Dataset& dataset, hid_t type) const {
        H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
        H5Pfill_value_defined(dataset.create.id(), &defined);
        Json stored;
        std::vector<std::byte> bytes(dataset.type.size);
        if (defined != H5D_FILL_VALUE_UNDEFINED && dataset.type.kind != Kind::kStruct &&
            H5Pget_fill_value(dataset.create.id(), type, bytes.data()) >= 0) {
            stored = fill_json(dataset.type, bytes);
        }
        Json& attributes = dataset.attributes.shown;
        if (const auto given = attributes.find("_FillValue"); given != attributes.end() && given->is_primitive()) {
            if (dataset.has_missing && *given != stored) {
                return stored;
            }
            Json out = *given;
            attributes.erase("_FillValue");
            return out;
        }
        const auto units = attributes.find("units");
        const bool is_time = units != attributes.end() && units->is_string() &&
                             units->get_ref<const std::string&>().find("since") != std::string::npos;
        const bool no_nodata = dataset.attributes.is_netcdf || is_time;
        return no_nodata && !dataset.has_missing ? Json() : stored;
    }

    void add_metadata(Dataset& dataset, hid_t type) {
        const Json fill = fill_value(dataset, type);
        const Json filters = dataset.filters.empty() ? Json() : dataset.filters;
        add_text(joined(dataset.path, ".zarray"), {{"chunks", dataset.chunks},
                                                   {"compressor", nullptr},
                                                   {"dtype", dtype_json(dataset.type)},
                                                   {"fill_value", fill},
                                                   {"filters", filters},
                                                   {"order", "C"},
                                                   {"shape", dataset.shape},
                                                   {"zarr_format", 2}});
        Json attributes = {{"_ARRAY_DIMENSIONS", dimension_names(dataset)}};
        attributes.update(dataset.attributes.shown);
        add_text(joined(dataset.path, ".zattrs"), attributes);
    }

    Json dimension_names(const Dataset& dataset) {
        Json out = Json::array();
        const auto& scales = dataset.attributes.dimension_scales;
        for (std::size_t d = 0; d < dataset.shape.size(); ++d) {
            std::string name = d < scales.size() && scales[d] != 0 ? scale_name(dataset, scales[d]) : std::string();
            if (name.empty() && dataset.attributes.is_scale) {
                name = dataset.path.substr(dataset.path.rfind('/') + 1);
            }
            out.push_back(name.empty() ? "phony_dim_" + std::to_string(d) : name);
        }
        return out;
    }

    /// Last part of the path of the dataset that a reference names; remembered, for most variables share scales.
    const std::string& scale_name(const Dataset& dataset, hobj_ref_t reference) {
        const auto [place, is_new] = scale_names_.try_emplace(reference);
        if (is_new) {
            std::array<char, 1024> name{};
            const ssize_t length = H5Rget_name(dataset.id.id(), H5R_OBJECT, &reference, name.data(), name.size() - 1);
            const std::string path = length > 0 ? name.data() : "";
            place->second = path.substr(path.rfind('/') + 1);
        }
        return place->second;
    }

    hid_t file_;
    std::string location_;
    const Hdf5Bytes& bytes_;
    Hdf5Options options_;
    Hdf5FileLayout layout_;
    Hdf5Handle link_access_;
    ManifestBuilder builder_;
    std::uint32_t url_ = 0;
    std::unordered_set<haddr_t> visited_;
    std::unordered_map<hobj_ref_t, std::string> scale_names_;
};

Result<std::shared_ptr<const Store>> walked(hid_t file, const std::string& location, const Hdf5Bytes& bytes,
                                            const Hdf5Options& options) {
    Walker walker(file, location, bytes, options);
    VCUBE_TRY(walker.walk());
    return std::move(walker).store();
}

}  // namespace

Result<std::shared_ptr<const Store>> open_hdf5(const std::string& path, const Hdf5Options& options) {
    const Hdf5Silence silence;
    const Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
    if (!file.ok()) {
        return invalid(path + ": not an HDF5 file, or it cannot be opened");
    }
    const Hdf5Bytes bytes(path);
    return walked(file.id(), path, bytes, options);
}

Result<std::shared_ptr<const Store>> open_hdf5_image(ByteSpan image, const std::string& location,
                                                     const Hdf5Options& options) {
    const Hdf5Silence silence;
    // The library takes two open images of the same name for one file.
    static std::atomic<unsigned> counter{0};
    const std::string name = "vcube-image-" + std::to_string(counter.fetch_add(1));
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
    constexpr std::size_t kIncrement = 64U << 10U;
    // The library copies the image; its signature lacks a const.
    if (H5Pset_fapl_core(access.id(), kIncrement, 0) < 0 ||
        H5Pset_file_image(access.id(), const_cast<std::byte*>(image.data()), image.size()) < 0) {
        return io_error(location + ": no room for an image of " + std::to_string(image.size()) + " bytes");
    }
    const Hdf5Handle file(H5Fopen(name.c_str(), H5F_ACC_RDONLY, access.id()));
    if (!file.ok()) {
        return invalid(location + ": not an HDF5 file");
    }
    const Hdf5Bytes bytes(image);
    return walked(file.id(), location, bytes, options);
}

}  // namespace vcube
