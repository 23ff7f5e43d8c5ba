// Chunk indexes of the latest format: where each chunk lies, checked against the stored bytes that the library reads
// when it is asked for a chunk by its place. (What it lists is wrong in 1.10.8 where an extensible array grows along
// another dimension than the first.)
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>

#include "core/index/hdf5_chunks.h"
#include "core/index/hdf5_handles.h"

namespace vcube {
namespace {

struct Layout {
    const char* name;
    Shape extents, largest, chunk;  // largest: H5S_UNLIMITED where the dataset may grow
    bool filtered;
    double written;  // share of the chunks
};

void PrintTo(const Layout& layout, std::ostream* out) {
    *out << layout.name;
}

class ChunkArrays : public testing::TestWithParam<Layout> {
protected:
    void SetUp() override {
        const Layout& layout = GetParam();
        path_ = testing::TempDir() + "/vcube_" + layout.name + ".h5";
        const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
        H5Pset_libver_bounds(access.id(), H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
        const Hdf5Handle file(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()));
        const int rank = static_cast<int>(layout.extents.size());
        const std::vector<hsize_t> extents(layout.extents.begin(), layout.extents.end());
        const std::vector<hsize_t> largest(layout.largest.begin(), layout.largest.end());
        const std::vector<hsize_t> chunk(layout.chunk.begin(), layout.chunk.end());
        const Hdf5Handle space(H5Screate_simple(rank, extents.data(), largest.data()));
        const Hdf5Handle create(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_chunk(create.id(), rank, chunk.data());
        if (layout.filtered) {
            H5Pset_deflate(create.id(), 1);
        }
        const Hdf5Handle dataset(
            H5Dcreate2(file.id(), "d", H5T_STD_I32LE, space.id(), H5P_DEFAULT, create.id(), H5P_DEFAULT));
        ASSERT_TRUE(dataset.ok());
        write_chunks(layout, dataset.id());
    }

    static void write_chunks(const Layout& layout, hid_t dataset) {
        std::mt19937 random(7);
        const Hdf5Handle space(H5Dget_space(dataset));
        const std::vector<hsize_t> one(layout.chunk.begin(), layout.chunk.end());
        const Hdf5Handle memory(H5Screate_simple(static_cast<int>(one.size()), one.data(), nullptr));
        std::vector<int> values(*checked_product(layout.chunk), 0);
        std::vector<hsize_t> start(one.size(), 0);
        while (start[0] < layout.extents[0]) {
            if (static_cast<double>(random() % 1000) < layout.written * 1000) {
                H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, one.data(), nullptr);
                ++values[0];
                ASSERT_GE(H5Dwrite(dataset, H5T_NATIVE_INT, memory.id(), space.id(), H5P_DEFAULT, values.data()), 0);
            }
            for (std::size_t d = start.size(); d-- != 0;) {
                start[d] += one[d];
                if (start[d] < layout.extents[d] || d == 0) {
                    break;
                }
                start[d] = 0;
            }
        }
    }

    using Chunks = std::map<Shape, Hdf5Chunk>;

    Chunks listed(ByteSpan image) const {
        const Shape& chunk = GetParam().chunk;
        const Hdf5Handle file(H5Fopen(path_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
        const Hdf5Handle dataset(H5Dopen2(file.id(), "d", H5P_DEFAULT));
        const Hdf5Bytes bytes(image);
        const auto list = list_hdf5_chunks(dataset.id(), chunk, {}, bytes);
        Chunks out;
        if (!list.ok()) {
            return out;
        }
        for (std::size_t i = 0; i < list.value().chunks.size(); ++i) {
            const auto at = list.value().index.begin() + static_cast<std::ptrdiff_t>(i * chunk.size());
            out[Shape(at, at + static_cast<std::ptrdiff_t>(chunk.size()))] = list.value().chunks[i];
        }
        return out;
    }

    std::string image() const {
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }

    std::string path_;
};

TEST_P(ChunkArrays, AreReadFromTheBytes) {
    std::string bytes = image();
    const Chunks chunks = listed(as_byte_span(bytes));
    const Hdf5Handle file(H5Fopen(path_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
    const Hdf5Handle dataset(H5Dopen2(file.id(), "d", H5P_DEFAULT));
    const Hdf5Handle space(H5Dget_space(dataset.id()));
    hsize_t count = 0;
    ASSERT_GE(H5Dget_num_chunks(dataset.id(), space.id(), &count), 0);
    ASSERT_EQ(chunks.size(), count);
    for (const auto& [index, chunk] : chunks) {
        std::vector<hsize_t> place;
        for (std::size_t d = 0; d < index.size(); ++d) {
            place.push_back(index[d] * GetParam().chunk[d]);
        }
        hsize_t size = 0;
        ASSERT_GE(H5Dget_chunk_storage_size(dataset.id(), place.data(), &size), 0);
        ASSERT_EQ(chunk.size, size);
        std::string stored(static_cast<std::size_t>(size), '\0');
        std::uint32_t mask = 0;
        ASSERT_GE(H5Dread_chunk(dataset.id(), H5P_DEFAULT, place.data(), &mask, stored.data()), 0);
        ASSERT_EQ(chunk.filter_mask, mask);
        ASSERT_EQ(bytes.substr(static_cast<std::size_t>(chunk.offset), stored.size()), stored);
    }
    // Another address in the bytes is another address in the list: it was read there, not by the library.
    const auto last = std::prev(chunks.end());
    std::string address(8, '\0');
    std::memcpy(address.data(), &last->second.offset, 8);
    const std::size_t at = bytes.find(address);
    ASSERT_NE(at, std::string::npos);
    ++bytes[at];
    EXPECT_EQ(listed(as_byte_span(bytes))[last->first].offset, last->second.offset + 1);
}

TEST_P(ChunkArrays, SurviveDamage) {
    const std::string bytes = image();
    std::mt19937 random(3);
    const std::size_t expected = listed(as_byte_span(bytes)).size();
    for (int round = 0; round < 3; ++round) {
        std::string damaged = bytes;
        for (int n = 0; n < 200; ++n) {
            damaged[random() % damaged.size()] = static_cast<char>(random());
        }
        EXPECT_LE(listed(as_byte_span(damaged)).size(), expected);
    }
}

TEST(ChunkArraysOfFewChunks, AreInPlaceWhereAnInnerDimensionGrows) {
    const std::string path = testing::TempDir() + "/vcube_few_chunks.h5";
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_libver_bounds(access.id(), H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    {
        const Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()));
        const hsize_t extents[] = {2, 3};
        const hsize_t largest[] = {2, H5S_UNLIMITED};
        const hsize_t chunk[] = {1, 1};
        const Hdf5Handle space(H5Screate_simple(2, extents, largest));
        const Hdf5Handle create(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_chunk(create.id(), 2, chunk);
        const Hdf5Handle dataset(
            H5Dcreate2(file.id(), "d", H5T_STD_I32LE, space.id(), H5P_DEFAULT, create.id(), H5P_DEFAULT));
        const int values[] = {100, 101, 102, 103, 104, 105};
        ASSERT_GE(H5Dwrite(dataset.id(), H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    }
    const Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
    const Hdf5Handle dataset(H5Dopen2(file.id(), "d", H5P_DEFAULT));
    const Hdf5Bytes bytes(path);
    const auto list = list_hdf5_chunks(dataset.id(), {1, 1}, {}, bytes);
    ASSERT_TRUE(list.ok());
    ASSERT_EQ(list.value().chunks.size(), 6U);
    for (std::size_t i = 0; i < 6; ++i) {
        std::int32_t value = 0;
        ASSERT_TRUE(bytes.read(list.value().chunks[i].offset, std::as_writable_bytes(std::span(&value, 1))));
        EXPECT_EQ(value, 100 + static_cast<int>(list.value().index[2 * i] * 3 + list.value().index[2 * i + 1]));
    }
    // Without the bytes there is an error, not the library's misplaced list.
    EXPECT_FALSE(list_hdf5_chunks(dataset.id(), {1, 1}, {}, Hdf5Bytes(ByteSpan{})).ok());
}

constexpr std::uint64_t kMore = H5S_UNLIMITED;
INSTANTIATE_TEST_SUITE_P(Files, ChunkArrays,
                         testing::Values(Layout{"fixed", {30, 30}, {30, 30}, {2, 1}, false, 1},
                                         Layout{"fixed_larger", {30, 30}, {60, 41}, {2, 1}, false, 0.9},
                                         Layout{"fixed_paged", {30, 100}, {30, 100}, {1, 1}, false, 0.3},
                                         Layout{"fixed_paged_filtered", {30, 80}, {30, 80}, {1, 1}, true, 0.3},
                                         Layout{"extensible", {400, 4}, {kMore, 4}, {1, 2}, false, 1},
                                         Layout{"extensible_inner", {5, 300}, {6, kMore}, {1, 3}, false, 0.8},
                                         Layout{
                                             "extensible_filtered", {20, 3, 20}, {20, kMore, 20}, {1, 1, 2}, true, 0.7},
                                         Layout{"extensible_paged", {20000}, {kMore}, {1}, false, 0.06},
                                         Layout{"tree", {40, 40}, {kMore, kMore}, {1, 2}, false, 0.9},
                                         Layout{"tree_filtered", {40, 40}, {kMore, kMore}, {1, 1}, true, 0.7}),
                         [](const testing::TestParamInfo<Layout>& layout) { return std::string(layout.param.name); });

}  // namespace
}  // namespace vcube
