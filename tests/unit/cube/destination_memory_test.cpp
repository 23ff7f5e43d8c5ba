#include "core/cube/destination_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fake_store.h"

namespace vcube {
namespace {

constexpr std::size_t kMb = std::size_t{1} << 20U;
constexpr int kManySteps = 1000;

std::size_t page_size() {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Memory that nobody has touched, between megabytes that nobody is to touch.
class Fresh {
public:
    explicit Fresh(std::size_t bytes) : bytes_(bytes), all_(bytes + 2 * kMargin) {
        void* const memory = ::mmap(nullptr, all_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        EXPECT_NE(memory, MAP_FAILED);
        (void)::madvise(memory, all_, MADV_NOHUGEPAGE);  // else a page that is touched may bring its neighbours in
        memory_ = static_cast<std::byte*>(memory);
    }
    Fresh(const Fresh&) = delete;
    Fresh& operator=(const Fresh&) = delete;
    ~Fresh() { ::munmap(memory_, all_); }

    [[nodiscard]] std::byte* data() const { return memory_ + kMargin; }
    [[nodiscard]] std::size_t size() const { return bytes_; }
    /// Bytes whose pages are there.
    [[nodiscard]] std::size_t resident() const { return resident_in(data(), bytes_); }
    [[nodiscard]] std::size_t resident_around() const { return resident_in(memory_, all_) - resident(); }

private:
    static constexpr std::size_t kMargin = 4 * kMb;

    static std::size_t resident_in(std::byte* begin, std::size_t bytes) {
        std::vector<unsigned char> pages(bytes / page_size());
        EXPECT_EQ(::mincore(begin, bytes, pages.data()), 0);
        std::size_t count = 0;
        for (const unsigned char page : pages) {
            count += page & 1U;
        }
        return count * page_size();
    }

    std::size_t bytes_, all_;
    std::byte* memory_ = nullptr;
};

/// Elements of four bytes.
RegionRead read_of(std::byte* data, std::vector<std::uint64_t> count, std::vector<std::ptrdiff_t> strides) {
    RegionRead out;
    out.region.start.assign(count.size(), 0);
    out.region.step.assign(count.size(), 1);
    out.region.count = std::move(count);
    out.destination.data = data;
    out.destination.strides = std::move(strides);
    out.destination.type.kind = Kind::kFloat;
    out.destination.type.size = 4;
    return out;
}

/// Rows of 1024 elements, one after another.
RegionRead rows_of(const Fresh& memory) {
    return read_of(memory.data(), {memory.size() / 4096, 1024}, {4096, 4});
}

int prepare_all(DestinationMemory& memory) {
    int steps = 1;
    while (memory.prepare_some() && steps < kManySteps) {
        ++steps;
    }
    EXPECT_FALSE(memory.prepare_some());
    return steps;
}

int prepare_all(const std::vector<RegionRead>& reads) {
    DestinationMemory memory(reads);
    return prepare_all(memory);
}

class DestinationMemoryTest : public testing::Test {
protected:
    void SetUp() override {
#ifdef MADV_POPULATE_WRITE
        const Fresh memory(page_size());
        if (::madvise(memory.data(), page_size(), MADV_POPULATE_WRITE) != 0) {
            GTEST_SKIP() << "this kernel has no MADV_POPULATE_WRITE, error " << errno;
        }
#else
        GTEST_SKIP() << "built without MADV_POPULATE_WRITE";
#endif
    }

    /// All but what is less than a huge page at either end.
    static void expect_prepared(const Fresh& memory) {
        EXPECT_GE(memory.resident(), memory.size() - 4 * kMb);
        EXPECT_EQ(memory.resident_around(), 0U);
    }
};

TEST_F(DestinationMemoryTest, FaultsInPagesOfALargeDestinationStepByStep) {
    const Fresh memory(40 * kMb);
    DestinationMemory prepared(std::vector<RegionRead>{rows_of(memory)});
    EXPECT_EQ(memory.resident(), 0U);  // nothing before it is asked for
    std::size_t before = 0;
    int steps = 0;
    bool more = true;
    while (more && steps < kManySteps) {
        more = prepared.prepare_some();
        ++steps;
        EXPECT_GT(memory.resident(), before);
        EXPECT_LE(memory.resident() - before, 8 * kMb);  // in between the caller looks whether bytes have come
        before = memory.resident();
    }
    expect_prepared(memory);
    EXPECT_FALSE(prepared.prepare_some());
    EXPECT_EQ(memory.resident(), before);
}

TEST_F(DestinationMemoryTest, WritingFaultsNoMore) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "what the sanitizer notes of each write faults, too";
#endif
    const Fresh memory(40 * kMb);
    prepare_all({rows_of(memory)});
    const auto faults = [] {
        rusage use{};
        EXPECT_EQ(::getrusage(RUSAGE_THREAD, &use), 0);
        return static_cast<std::size_t>(use.ru_minflt);
    };
    const std::size_t before = faults();
    for (std::size_t at = 2 * kMb; at < memory.size() - 2 * kMb; at += page_size()) {
        memory.data()[at] = std::byte{1};
    }
    EXPECT_LT(faults() - before, memory.size() / page_size() / 20);
}

TEST_F(DestinationMemoryTest, LeavesContentsAsTheyAre) {
    const Fresh memory(20 * kMb);
    const auto expected = [](std::size_t i) { return static_cast<std::byte>(i / 3 % 251 + 1); };
    const auto filled = [](std::size_t i) { return i / page_size() % 2 == 0; };
    for (std::size_t i = 0; i < memory.size(); ++i) {
        if (filled(i)) {
            memory.data()[i] = expected(i);
        }
    }
    prepare_all({rows_of(memory)});
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < memory.size(); ++i) {
        wrong += memory.data()[i] == (filled(i) ? expected(i) : std::byte{0}) ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0U);
}

TEST_F(DestinationMemoryTest, LeavesSmallDestinationsAlone) {
    const Fresh memory(7 * kMb);
    EXPECT_EQ(prepare_all({rows_of(memory)}), 1);
    EXPECT_EQ(memory.resident(), 0U);
    EXPECT_EQ(prepare_all(std::vector<RegionRead>{}), 1);
}

TEST_F(DestinationMemoryTest, LeavesDestinationsAloneOfWhichLessThanHalfIsWritten) {
    const Fresh memory(48 * kMb);
    EXPECT_EQ(prepare_all({read_of(memory.data(), {4 * kMb}, {12})}), 1);              // every third element
    EXPECT_EQ(prepare_all({read_of(memory.data(), {1024, 4096}, {48 << 10, 4})}), 1);  // a third of each row
    EXPECT_EQ(memory.resident(), 0U);
    prepare_all({read_of(memory.data(), {6 * kMb}, {8})});  // every other
    expect_prepared(memory);
}

TEST_F(DestinationMemoryTest, KnowsWhereBackwardStridesLead) {
    for (const bool rows : {false, true}) {
        for (const bool columns : {false, true}) {
            const Fresh memory(20 * kMb);
            const std::size_t last_row = memory.size() - 4096;
            std::byte* const first = memory.data() + (rows ? last_row : 0) + (columns ? 4092 : 0);
            prepare_all({read_of(first, {memory.size() / 4096, 1024}, {rows ? -4096 : 4096, columns ? -4 : 4})});
            expect_prepared(memory);
        }
    }
}

TEST_F(DestinationMemoryTest, SeveralDestinationsInTheirOrder) {
    const Fresh first(12 * kMb);
    const Fresh small(kMb);
    const Fresh second(16 * kMb);
    DestinationMemory prepared(std::vector<RegionRead>{rows_of(first), rows_of(small), rows_of(second)});
    EXPECT_TRUE(prepared.prepare_some());
    EXPECT_GT(first.resident(), 0U);
    EXPECT_EQ(second.resident(), 0U);
    prepare_all(prepared);
    expect_prepared(first);
    expect_prepared(second);
    EXPECT_EQ(small.resident(), 0U);
}

TEST_F(DestinationMemoryTest, EndsAtMemoryThatCannotBeWritten) {
    const Fresh memory(20 * kMb);
    memory.data()[5 * kMb] = std::byte{7};
    ASSERT_EQ(::mprotect(memory.data(), memory.size(), PROT_READ), 0);
    EXPECT_EQ(prepare_all({rows_of(memory)}), 1);
    EXPECT_EQ(memory.data()[5 * kMb], std::byte{7});
    EXPECT_EQ(memory.resident(), page_size());
}

/// Elements may lie one upon another, or not be any: what they take counts, not their number.
TEST_F(DestinationMemoryTest, LeavesRegionsAloneThatTakeNoRoom) {
    const Fresh memory(16 * kMb);
    EXPECT_EQ(prepare_all({read_of(memory.data(), {16 * kMb, 1024}, {0, 4})}), 1);
    EXPECT_EQ(prepare_all({read_of(memory.data(), {0, 16 * kMb}, {4, 4})}), 1);
    EXPECT_EQ(prepare_all({read_of(memory.data(), {}, {})}), 1);
    EXPECT_EQ(memory.resident(), 0U);
    EXPECT_EQ(memory.resident_around(), 0U);
}

/// Waits for a server that has nothing to say until its caller has nothing to do.
class Waiting : public Fetcher {
public:
    Waiting(std::unique_ptr<Fetcher> fetcher, const Fresh& destination)
        : fetcher_(std::move(fetcher)), destination_(destination) {}
    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) override {
        EXPECT_EQ(destination_.resident(), 0U);
        for (int steps = 0; options.meanwhile && options.meanwhile() && steps < kManySteps;) {
            ++steps;
        }
        prepared = destination_.resident();
        fetcher_->fetch(requests, sink, options);
    }
    std::size_t prepared = 0;

private:
    const std::unique_ptr<Fetcher> fetcher_;
    const Fresh& destination_;
};

TEST_F(DestinationMemoryTest, AReadThatWaitsPreparesItsDestination) {
    constexpr std::size_t kChunks = 16;
    auto store = std::make_shared<test::FakeStore>();
    store->texts["a/.zarray"] = R"({"zarr_format": 2, "order": "C", "filters": null, "compressor": null,
        "fill_value": 0, "shape": [16777216], "chunks": [1048576], "dtype": "|u1"})";
    for (std::size_t k = 0; k < kChunks; ++k) {
        store->chunks["a/" + std::to_string(k)] = test::Bytes(kMb, static_cast<std::byte>(k + 1));
    }
    const Fresh memory(kChunks * kMb);
    Waiting* fetcher = nullptr;
    const auto runtime = std::make_shared<Runtime>(2, 0, FetcherFactory([&](ThreadPool& pool) {
                                                       auto made = std::make_unique<Waiting>(
                                                           std::make_unique<test::FakeFetcher>(pool, store), memory);
                                                       fetcher = made.get();
                                                       return made;
                                                   }));
    Result<ArrayMeta> meta = parse_zarray("a", store->texts.at("a/.zarray"), "", "fake.json");
    ASSERT_TRUE(meta.ok());
    const Result<Array> array = Array::open({store, runtime}, std::move(meta).value());
    ASSERT_TRUE(array.ok());
    RegionRead read = read_of(memory.data(), {kChunks * kMb}, {1});
    read.destination.type = array.value().meta().dtype;
    ASSERT_TRUE(array.value().read(read.region, read.destination).ok());
    ASSERT_NE(fetcher, nullptr);
    EXPECT_GE(fetcher->prepared, memory.size() - 4 * kMb);
    for (std::size_t at = 0; at < memory.size(); at += 1000) {
        ASSERT_EQ(memory.data()[at], static_cast<std::byte>(at / kMb + 1)) << at;
    }
}

}  // namespace
}  // namespace vcube
