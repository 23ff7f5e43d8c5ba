#include "core/fetch/body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

namespace vcube {
namespace {

constexpr std::size_t kMb = std::size_t{1} << 20U;

TEST(BodyMemory, GivesEachBodyItsOwnBytes) {
    BodyMemory memory;
    std::vector<Body> bodies;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{100}, 3 * kMb, 3 * kMb, 3 * kMb, 20 * kMb, std::size_t{7}}) {
        bodies.push_back(memory.take(size));
        ASSERT_EQ(bodies.back().size(), size);
        std::memset(bodies.back().data(), static_cast<int>(bodies.size()), size);
    }
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        const ByteSpan bytes = bodies[i].span();
        EXPECT_TRUE(std::all_of(bytes.begin(), bytes.end(), [i](std::byte b) { return b == std::byte(i + 1); })) << i;
    }
}

TEST(BodyMemory, UsesItsMemoryAgain) {
    BodyMemory memory;
    std::set<const std::byte*> places;
    for (int round = 0; round < 200; ++round) {
        Body body = memory.take(3 * kMb);
        std::memset(body.data(), round, body.size());
        places.insert(body.data());
    }
    // Two bodies fit a slab, and a slab is given up only when the next one is there.
    EXPECT_LE(places.size(), 4U);
}

TEST(BodyMemory, BodiesOutliveIt) {
    Body body;
    {
        BodyMemory memory;
        body = memory.take(1000);
        std::memset(body.data(), 9, body.size());
    }
    EXPECT_EQ(body.span()[999], std::byte{9});
    Body other = std::move(body);
    EXPECT_TRUE(body.empty());  // NOLINT(bugprone-use-after-move): what is left of it is told
    other.shrink(10);
    EXPECT_EQ(other.size(), 10U);
}

TEST(Body, TakesABufferOver) {
    Buffer buffer(3);
    std::memcpy(buffer.data(), "abc", 3);
    const Body body = std::move(buffer);
    EXPECT_EQ(as_text(body.span()), "abc");
}

TEST(Body, ItsBeginningIsTheSameBytesWithAnOwnerOfItsOwn) {
    BodyMemory memory;
    for (const std::size_t size : {std::size_t{1000}, 5 * kMb}) {  // in a slab, and alone
        Body whole = memory.take(size);
        std::memset(whole.data(), 7, 300);
        const Body beginning = whole.beginning(300);
        EXPECT_EQ(beginning.size(), 300U);
        EXPECT_EQ(beginning.data(), whole.data());
        EXPECT_EQ(whole.size(), size);
        std::memset(whole.data() + 300, 8, size - 300);
        whole = Body();
        std::vector<Body> others;
        for (int i = 0; i < 20; ++i) {  // the slabs of before would be used again
            others.push_back(memory.take(3 * kMb));
            std::memset(others.back().data(), 9, others.back().size());
        }
        const ByteSpan bytes = beginning.span();
        EXPECT_TRUE(std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{7}; }));
    }
    EXPECT_TRUE(Body().beginning(0).empty());
}

}  // namespace
}  // namespace vcube
