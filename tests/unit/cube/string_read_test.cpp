#include "core/cube/string_read.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/base/utf8.h"
#include "core/cube/array.h"
#include "fake_store.h"

namespace vcube {
namespace {

using test::Bench;
using Texts = std::vector<std::string>;

Region whole(const Array& array) {
    const std::size_t rank = array.meta().shape.size();
    return {Shape(rank, 0), array.meta().shape, std::vector<std::int64_t>(rank, 1)};
}

/// Text as the fixtures hold it: that of bytes is their latin-1 form.
Texts expected_of(const Json& entry, bool bytes) {
    Texts out;
    for (const Json& value : entry) {
        std::string text = value.get<std::string>();
        std::string latin1;
        if (bytes && utf8_to_latin1(text, latin1)) {
            text = latin1;
        }
        out.push_back(text);
    }
    return out;
}

class StringTest : public testing::Test {
protected:
    const Json fixtures_ = test::load_json("zarr3.json");

    std::shared_ptr<test::FakeStore> store() const { return test::fixture_store(fixtures_); }
    Texts expected(const std::string& name) const {
        return expected_of(fixtures_["strings"][name], name.find("blob") == 0);
    }
};

TEST_F(StringTest, EqualsTheWriter) {
    for (const bool remote : {true, false}) {
        for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20}) {
            auto source = store();
            source->remote = remote;
            const Bench bench(source, cache);
            for (const auto& [name, entry] : fixtures_["strings"].items()) {
                const Array array = bench.open(name);
                for (int round = 0; round < 2; ++round) {
                    const Result<Texts> got = array.read_strings(whole(array));
                    ASSERT_TRUE(got.ok()) << name << ": " << got.error().message;
                    EXPECT_EQ(got.value(), expected(name)) << name;
                }
            }
        }
    }
}

TEST_F(StringTest, WindowsWithStepsOfEitherSign) {
    for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20}) {
        const Bench bench(store(), cache);
        for (const char* name : {"strings", "strings_transposed", "strings_holes", "strings_sharded"}) {
            const Array array = bench.open(name);  // 2 x 11
            const Texts full = expected(name);
            const Result<Texts> got = array.read_strings({{1, 10}, {2, 4}, {-1, -3}});
            ASSERT_TRUE(got.ok()) << got.error().message;
            Texts wanted;
            for (const std::size_t y : {1U, 0U}) {
                for (const std::size_t x : {10U, 7U, 4U, 1U}) {
                    wanted.push_back(full[y * 11 + x]);
                }
            }
            EXPECT_EQ(got.value(), wanted) << name;
        }
    }
}

TEST_F(StringTest, WhatIsNoTextIsRefused) {
    const Bench bench(store());
    const Array numbers = bench.open("plain");
    const Result<Texts> refused = numbers.read_strings(whole(numbers));
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("\"plain\""), std::string::npos) << refused.error().message;
    const Array words = bench.open("strings");
    std::vector<std::byte> out(22 * 8);
    const Status status = words.read(whole(words), {out.data(), {88, 8}, words.meta().dtype});
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.error().message.find("\"strings\""), std::string::npos) << status.error().message;
    EXPECT_FALSE(words.read_strings({{0, 5}, {1, 7}, {1, 1}}).ok());
    EXPECT_EQ(words.read_strings({{0, 5}, {0, 1}, {1, 1}}).value(), Texts());
}

TEST_F(StringTest, NoMoreTextThanAskedFor) {
    const Bench bench(store(), 0);
    for (const char* name : {"strings", "fixed_u"}) {
        const Array array = bench.open(name);
        const Result<Texts> refused = array.read_strings(whole(array), {}, 20);
        ASSERT_FALSE(refused.ok()) << name;
        EXPECT_EQ(refused.error().code, ErrorCode::kLimit) << refused.error().message;
    }
    const Array words = bench.open("strings");
    const Result<Texts> refused = words.read_strings(whole(words), {}, 22 * kElementCost);
    ASSERT_FALSE(refused.ok());  // four elements hold 100 bytes each
    EXPECT_EQ(refused.error().code, ErrorCode::kLimit) << refused.error().message;
}

TEST_F(StringTest, Ucs4OutsideOfUnicodeIsReplaced) {
    auto source = store();
    const std::string key = "fixed_u/c/0";
    // big-endian UCS-4: two elements of two points: a lone surrogate and 0x110000; "A" and NUL.
    source->chunks.at(key) = test::from_hex(
        "0000D83400110000"
        "0000004100000000");
    const Bench bench(source);
    const Array array = bench.open("fixed_u");
    const Texts got = array.read_strings(whole(array)).value();
    EXPECT_EQ(got[0], "\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(got[1], "A");
}

}  // namespace
}  // namespace vcube
