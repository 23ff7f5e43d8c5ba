#include "core/cube/chunk_runs.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "core/cube/region_plan.h"

namespace vcube {
namespace {

using Runs = std::vector<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>>;

Result<ChunkRuns> parse(const char* edges, std::uint64_t length) {
    return parse_chunk_runs(Json::parse(edges), length, "place");
}

Runs runs_of(const char* edges, std::uint64_t length) {
    const Result<ChunkRuns> parsed = parse(edges, length);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    Runs out;
    for (const ChunkRun& run : parsed.ok() ? parsed.value() : ChunkRuns()) {
        out.emplace_back(run.begin, run.chunk, run.extent, run.count);
    }
    return out;
}

// The five forms of the specification's example, for a dimension of 6 elements.
TEST(ChunkRuns, ReadsTheFormsOfTheSpecification) {
    EXPECT_EQ(runs_of("4", 6), (Runs{{0, 0, 4, 2}}));
    EXPECT_EQ(runs_of("[1, 2, 3]", 6), (Runs{{0, 0, 1, 1}, {1, 1, 2, 1}, {3, 2, 3, 1}}));
    EXPECT_EQ(runs_of("[[4, 2]]", 6), (Runs{{0, 0, 4, 2}}));
    EXPECT_EQ(runs_of("[[1, 3], 3]", 6), (Runs{{0, 0, 1, 3}, {3, 3, 3, 1}}));
    EXPECT_EQ(runs_of("[4, 4, 4]", 6), (Runs{{0, 0, 4, 2}}));
}

TEST(ChunkRuns, HugeCountsAreOneRun) {
    EXPECT_EQ(runs_of("[[7, 9000000000000000000]]", 20), (Runs{{0, 0, 7, 3}}));
    EXPECT_EQ(runs_of("[2, [9223372036854775807, 9223372036854775807]]", 20),
              (Runs{{0, 0, 2, 1}, {2, 1, 9223372036854775807U, 1}}));
    EXPECT_EQ(runs_of("[[1, 1000000000000000], 5]", 1000000000000001),
              (Runs{{0, 0, 1, 1000000000000000}, {1000000000000000, 1000000000000000, 5, 1}}));
    EXPECT_TRUE(runs_of("[[3, 2]]", 0).empty());
    EXPECT_TRUE(runs_of("[]", 0).empty());
}

TEST(ChunkRuns, FaultsAreTold) {
    for (const char* edges : {"\"4\"", "0", "-1", "4.5", "null", "{}", "[0]", "[[4]]", "[[4, 0]]", "[[0, 4]]",
                              "[[4, 1, 1]]", "[-3, 9]", "[[[2, 2], 2]]"}) {
        const Result<ChunkRuns> parsed = parse(edges, 6);
        ASSERT_FALSE(parsed.ok()) << edges;
        EXPECT_EQ(parsed.error().message.find("place: expected"), 0U) << parsed.error().message;
    }
    EXPECT_EQ(parse("[2, 3]", 6).error().message, "place: the chunks hold 5 elements, the dimension 6");
}

// The specification's figure: extents 16 and 10 by 24 and 14; here with the position in each chunk counted by hand.
TEST(ChunkRuns, AnAxisIsSplitWhereItsChunksEnd) {
    const ChunkRuns runs = parse("[16, 10]", 26).value();
    const std::vector<Segment> all = split_axis(0, 26, 1, runs);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].chunk, 1U);
    EXPECT_EQ(all[1].first, 0U);
    EXPECT_EQ(all[1].count, 10U);
    EXPECT_EQ(all[1].target, 16U);
    // 25, 18, 11, 4: two in each chunk
    const std::vector<Segment> back = split_axis(25, 4, -7, runs);
    ASSERT_EQ(back.size(), 2U);
    EXPECT_EQ(back[0].chunk, 1U);
    EXPECT_EQ(back[0].first, 9U);
    EXPECT_EQ(back[0].count, 2U);
    EXPECT_EQ(back[1].chunk, 0U);
    EXPECT_EQ(back[1].first, 11U);
    EXPECT_EQ(back[1].target, 2U);
    EXPECT_EQ(run_of_chunk(runs, 1).extent, 10U);
}

// Where all chunks are alike, both ways to split must agree.
TEST(ChunkRuns, AgreesWithTheRegularSplit) {
    const ChunkRuns runs = parse("[[5, 3], [5, 9]]", 57).value();
    for (const std::int64_t step : {1, 2, 3, 11, -1, -4, 0}) {
        const std::uint64_t start = step < 0 ? 56 : 1;
        const std::vector<Segment> a = split_axis(start, 5, step, runs);
        const std::vector<Segment> b = split_axis(start, 5, step, std::uint64_t{5});
        ASSERT_EQ(a.size(), b.size()) << step;
        for (std::size_t i = 0; i < a.size(); ++i) {
            EXPECT_EQ(std::tie(a[i].chunk, a[i].first, a[i].count, a[i].target),
                      std::tie(b[i].chunk, b[i].first, b[i].count, b[i].target));
        }
    }
}

}  // namespace
}  // namespace vcube
