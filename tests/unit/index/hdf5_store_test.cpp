#include "core/index/hdf5_store.h"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/base64.h"
#include "core/base/inflate.h"
#include "core/base/log.h"
#include "core/fetch/local_files.h"
#include "core/refs/kerchunk_json.h"
#include "tests/unit/refs/shared_data.h"

namespace vcube {
namespace {

using Document = nlohmann::json;

std::shared_ptr<const Store> opened(const std::filesystem::path& path, const Hdf5Options& options = {}) {
    auto store = open_hdf5(path.string(), options);
    EXPECT_TRUE(store.ok()) << store.error().message;
    return store.ok() ? store.value() : nullptr;
}

Document metadata(const Store& store, const std::string& key) {
    const auto text = store.metadata(key);
    EXPECT_TRUE(text.ok() && text.value().has_value()) << key;
    return text.ok() && text.value() ? Document::parse(*text.value()) : Document();
}

ChunkLocation located(const Store& store, const std::string& key) {
    ChunkLocation out;
    EXPECT_TRUE(store.locate(std::span(&key, 1), std::span(&out, 1)).ok()) << key;
    return out;
}

/// Bytes of a chunk, taken through the filters backwards; empty where it is missing.
std::string decoded_chunk(const Store& store, const std::string& key, const Document& array, std::size_t size) {
    const ChunkLocation location = located(store, key);
    std::string bytes;
    if (const auto* inside = std::get_if<Inline>(&location)) {
        bytes = as_text(inside->bytes);
    } else if (const auto* remote = std::get_if<Remote>(&location)) {
        bytes.resize(remote->range.size());
        LocalFiles files;
        EXPECT_TRUE(files.read(remote->url, remote->range, std::as_writable_bytes(std::span(bytes))).ok()) << key;
    } else {
        return {};
    }
    const Document filters = array["filters"].is_null() ? Document::array() : array["filters"];
    for (auto filter = filters.rbegin(); filter != filters.rend(); ++filter) {
        std::string out(size, '\0');
        if ((*filter)["id"] == "zlib") {
            const auto count = inflate_zlib(as_byte_span(bytes), std::as_writable_bytes(std::span(out)));
            EXPECT_TRUE(count.ok() && count.value() == size) << key;
        } else {
            const std::size_t width = (*filter)["elementsize"];
            const std::size_t items = size / width;
            for (std::size_t i = 0; i < size; ++i) {
                out[i] = bytes[i % width * items + i / width];
            }
        }
        bytes = out;
    }
    EXPECT_EQ(bytes.size(), size) << key;
    return bytes;
}

/// The whole array put together from its chunks; elements of missing chunks are the fill value or zero.
std::string assembled(const Store& store, const std::string& path, std::size_t item) {
    const Document array = metadata(store, path + "/.zarray");
    const std::vector<std::size_t> shape = array["shape"];
    const std::vector<std::size_t> chunks = array["chunks"];
    std::size_t total = item;
    std::size_t chunk_size = item;
    for (std::size_t d = 0; d < shape.size(); ++d) {
        total *= shape[d];
        chunk_size *= chunks[d];
    }
    std::string out;
    std::map<std::string, std::string> read;
    std::vector<std::size_t> at(shape.size(), 0);
    for (std::size_t element = 0; element < total / item; ++element) {
        std::string key = path + "/";
        std::size_t offset = 0;
        for (std::size_t d = 0; d < shape.size(); ++d) {
            key += (d == 0 ? "" : ".") + std::to_string(at[d] / chunks[d]);
            offset = offset * chunks[d] + at[d] % chunks[d];
        }
        key += shape.empty() ? "0" : "";
        const auto [chunk, is_new] = read.try_emplace(key);
        if (is_new) {
            chunk->second = decoded_chunk(store, key, array, chunk_size);
        }
        if (chunk->second.empty()) {
            const auto fill = array["fill_value"].get<std::int64_t>();
            out.append(reinterpret_cast<const char*>(&fill), item);
        } else {
            out.append(chunk->second, offset * item, item);
        }
        for (std::size_t d = shape.size(); d-- != 0 && ++at[d] == shape[d];) {
            at[d] = 0;
        }
    }
    return out;
}

class SharedHdf5 : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(folder_)) {
            GTEST_SKIP() << "no shared data at " << folder_;
        }
    }
    std::filesystem::path folder_ = shared_data() / "kerchunk";
};

/// hdf5_values.json holds what h5py reads (tests/data/index/make_hdf5_values.py).
TEST_P(SharedHdf5, GivesTheBytesThatH5pyReads) {
    const Document expected =
        Document::parse(file_text(std::filesystem::path(VCUBE_TEST_DATA) / "index/hdf5_values.json"));
    const std::filesystem::path file = folder_ / "files" / GetParam();
    const std::string image = file_text(file);
    for (const bool from_image : {false, true}) {
        const auto store = from_image ? open_hdf5_image(as_byte_span(image), file.string()).value() : opened(file);
        ASSERT_NE(store, nullptr);
        ASSERT_FALSE(expected[GetParam()].empty());
        for (const auto& [path, array] : expected[GetParam()].items()) {
            std::string bytes;
            ASSERT_TRUE(decode_base64(array["bytes"].get<std::string>(), bytes));
            EXPECT_EQ(metadata(*store, path + "/.zarray")["shape"], array["shape"]) << path;
            EXPECT_EQ(assembled(*store, path, array["size"]), bytes) << path;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Hdf5Store, SharedHdf5,
                         testing::Values("bigendian.h5", "chunk_edge_missing.h5", "compact.h5", "contiguous.h5",
                                         "dtypes.h5", "filtermask_shuffle_skipped.h5", "groups.h5", "latest_v3.h5",
                                         "lzf.h5", "unlimited_bigchunk.h5", "userblock.h5"));

/// Kerchunk's own reference of a product: same keys, same metadata, same byte ranges.
class SmosProducts : public testing::TestWithParam<const char*> {};

TEST_P(SmosProducts, EqualKerchunksReferences) {
    const std::filesystem::path folder = shared_data() / "kerchunk";
    if (!std::filesystem::exists(folder)) {
        GTEST_SKIP() << "no shared data at " << folder;
    }
    const Document refs = Document::parse(file_text(folder / GetParam()))["refs"];
    std::string product;
    for (const auto& [key, value] : refs.items()) {
        product = value.is_array() ? value[0].get<std::string>() : product;
    }
    const std::string path = (folder / product).string();
    const auto store = opened(path);
    ASSERT_NE(store, nullptr);
    std::size_t metadata_count = 0;
    for (const auto& [key, value] : refs.items()) {
        if (value.is_array()) {
            const ChunkLocation location = located(*store, key);
            const auto* remote = std::get_if<Remote>(&location);
            ASSERT_NE(remote, nullptr) << key;
            EXPECT_EQ(remote->url, path);
            const std::uint64_t begin = value[1];
            EXPECT_EQ(remote->range, (ByteRange{begin, begin + value[2].get<std::uint64_t>()})) << key;
        } else {
            EXPECT_EQ(metadata(*store, key), Document::parse(value.get<std::string>())) << key;
            ++metadata_count;
        }
    }
    EXPECT_EQ(store->metadata_keys().value().size(), metadata_count);
    EXPECT_EQ(store->chunk_count(), refs.size() - metadata_count);
}

INSTANTIATE_TEST_SUITE_P(Hdf5Store, SmosProducts, testing::Values("smos_1.json", "smos_2.json"));

TEST(Hdf5Store, LeavesOutWhatNoReferenceDescribesAndSaysSo) {
    const std::filesystem::path folder = shared_data() / "kerchunk/files";
    if (!std::filesystem::exists(folder)) {
        GTEST_SKIP() << "no shared data at " << folder;
    }
    const std::pair<const char*, const char*> cases[] = {
        {"fletcher32.h5", "fletcher32"},
        {"scaleoffset_nbit.h5", "scaleoffset"},
        {"filtermask_gzip_skipped_mixed.h5", "without a filter"},
        {"dtypes.h5", "v_vlen is left out: strings of variable length"}};
    for (const auto& [file, part] : cases) {
        std::string said;
        set_log_sink([&](LogLevel level, const std::string& message) {
            EXPECT_EQ(level, LogLevel::kWarning);
            said += message + "\n";
        });
        const auto store = opened(folder / file);
        set_log_sink(nullptr);
        ASSERT_NE(store, nullptr);
        EXPECT_NE(said.find(part), std::string::npos) << file << ": " << said;
        EXPECT_NE(said.find((folder / file).string()), std::string::npos) << said;
    }
}

TEST(Hdf5Store, FollowsLinksInsideTheFileOnly) {
    const std::string path = testing::TempDir() + "/vcube_links.h5";
    const std::string other = testing::TempDir() + "/vcube_links_other.h5";
    for (const std::string& name : {other, path}) {
        const hid_t file = H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        const hid_t group = H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        const hid_t space = H5Screate(H5S_SCALAR);
        const hid_t dataset = H5Dcreate2(group, "d", H5T_STD_I16BE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        const int value = 7;
        H5Dwrite(dataset, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value);
        H5Lcreate_soft("/g/d", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_soft("/nowhere", file, "dangling", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_hard(file, "/", group, "ring", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_external(other.c_str(), "/g", file, "external", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_soft("/external/d", file, "through", H5P_DEFAULT, H5P_DEFAULT);
        H5Dclose(dataset);
        H5Sclose(space);
        H5Gclose(group);
        H5Fclose(file);
    }
    const auto store = opened(path);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(store->metadata_keys().value(),
              (std::vector<std::string>{".zgroup", "g/.zgroup", "g/d/.zarray", "g/d/.zattrs", "soft/.zarray",
                                        "soft/.zattrs"}));
    EXPECT_EQ(located(*store, "soft/0").index(), located(*store, "g/d/0").index());
    EXPECT_EQ(assembled(*store, "soft", 2), std::string("\0\7", 2));
    std::filesystem::remove(path);
    std::filesystem::remove(other);
}

TEST(Hdf5Store, InlinesSmallChunks) {
    const std::filesystem::path file = shared_data() / "kerchunk/files/userblock.h5";
    if (!std::filesystem::exists(file)) {
        GTEST_SKIP() << "no shared data at " << file;
    }
    const auto store = opened(file, {.inline_below = 1U << 20U});
    ASSERT_NE(store, nullptr);
    EXPECT_TRUE(std::holds_alternative<Inline>(located(*store, "a/0")));
    EXPECT_TRUE(std::holds_alternative<Inline>(located(*store, "b/0")));
}

TEST(Hdf5Store, RefusesWhatIsNoHdf5) {
    EXPECT_FALSE(open_hdf5("/nonexistent/x.h5").ok());
    EXPECT_FALSE(open_hdf5_image(as_byte_span("not a file"), "x").ok());
    const std::filesystem::path file = shared_data() / "kerchunk/files/latest_v3.h5";
    if (!std::filesystem::exists(file)) {
        GTEST_SKIP() << "no shared data at " << file;
    }
    const std::string image = file_text(file);
    for (std::size_t size = 0; size < image.size(); size += 211) {
        static_cast<void>(open_hdf5_image(as_byte_span(image).first(size), "cut"));
    }
}

/// Many chunks behind a user block: the B-tree of several levels is read without the library.
TEST(Hdf5Store, ListsManyChunks) {
    const std::string path = testing::TempDir() + "/vcube_many_chunks.h5";
    constexpr hsize_t kExtent = 60;
    {
        const hid_t create = H5Pcreate(H5P_FILE_CREATE);
        H5Pset_userblock(create, 1024);
        const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, create, H5P_DEFAULT);
        const hsize_t extents[] = {kExtent, kExtent};
        const hsize_t chunk[] = {1, 2};
        const hid_t space = H5Screate_simple(2, extents, nullptr);
        const hid_t layout = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_chunk(layout, 2, chunk);
        const hid_t dataset = H5Dcreate2(file, "d", H5T_STD_I32LE, space, H5P_DEFAULT, layout, H5P_DEFAULT);
        for (hsize_t row = 0; row < kExtent; ++row) {
            std::vector<int> values(kExtent);
            for (std::size_t i = 0; i < kExtent; ++i) {
                values[i] = static_cast<int>(row * 1000 + i);
            }
            const hsize_t start[] = {(row * 37) % kExtent, 0};
            const hsize_t count[] = {1, kExtent - (row % 2) * 2};
            const hid_t memory = H5Screate_simple(2, count, nullptr);
            H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr);
            ASSERT_GE(H5Dwrite(dataset, H5T_NATIVE_INT, memory, space, H5P_DEFAULT, values.data()), 0);
            H5Sclose(memory);
        }
        H5Dclose(dataset);
        H5Pclose(layout);
        H5Sclose(space);
        H5Fclose(file);
        H5Pclose(create);
    }
    const auto store = opened(path);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(store->chunk_count(), kExtent * kExtent / 2 - kExtent / 2);
    std::vector<int> values(kExtent * kExtent);
    const std::string bytes = assembled(*store, "d", 4);
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t dataset = H5Dopen2(file, "d", H5P_DEFAULT);
    ASSERT_GE(H5Dread(dataset, H5T_STD_I32LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
    H5Dclose(dataset);
    H5Fclose(file);
    EXPECT_EQ(bytes, std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4));
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace vcube
