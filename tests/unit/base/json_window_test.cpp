#include "core/base/json_window.h"

#include <gtest/gtest.h>

#include <string>

namespace vcube {
namespace {

using namespace std::string_literals;

/// The document {"skipped": ..., "numbers": [...]} read step by step: its numbers, or nothing after a fault.
std::optional<std::vector<std::uint64_t>> numbers(JsonWindow& input) {
    JsonReader& reader = input.reader();
    std::vector<std::uint64_t> out;
    std::string key;
    const auto member = [&](bool& more) {
        return input.step([&] {
            std::string_view found;
            more = reader.next_key(found);
            key = found;
            return reader.ok();
        });
    };
    bool more = false;
    if (!input.restart() || !input.step([&] { return reader.begin_object(); }) || !member(more) || !more ||
        !input.skip() || !member(more) || key != "numbers" || !input.step([&] { return reader.begin_array(); })) {
        return std::nullopt;
    }
    while (true) {
        std::uint64_t number = 0;
        const bool done = input.step([&] {
            more = reader.next_element();
            return more ? reader.read_uint(number) : reader.ok();
        });
        if (!done) {
            return std::nullopt;
        }
        if (!more) {
            break;
        }
        out.push_back(number);
    }
    if (!member(more) || more || !input.finish()) {
        return std::nullopt;
    }
    return out;
}

TEST(JsonWindow, GivesTheSameThroughEveryWindow) {
    const std::string text =
        "\xEF\xBB\xBF {\"skipped\": {\"a\": [1, 2.5e3, \"x\\\"\\u00e9\\ud83d\\ude00\xC3\xA9\", true, null, NaN, "
        "-Infinity],"
        " \"b\": {}},\r\n \"numbers\" : [1, 12, 18446744073709551615, 1e3, 12.0 , 7]}  ";
    const std::vector<std::uint64_t> expected{1, 12, 18446744073709551615U, 1000, 12, 7};
    for (std::size_t size = 1; size < text.size() + 2; ++size) {
        JsonWindow input(memory_source(as_byte_span(text)), {}, {.window_bytes = size});
        EXPECT_EQ(numbers(input), expected) << size << input.error("").message;
        EXPECT_EQ(numbers(input), expected) << "again " << size;
    }
    JsonWindow whole(text, {});
    EXPECT_EQ(numbers(whole), expected);
}

TEST(JsonWindow, FaultsStandWhereTheyStandInTheWhole) {
    const std::string good = "{\"skipped\": [[\"x\\u0041\"], {}],\n\n \"numbers\": [1, 22, 333, 1e2]}";
    for (std::size_t cut = 0; cut <= good.size(); ++cut) {
        for (const std::string& text :
             {good.substr(0, cut), good.substr(0, cut) + "\1" + good.substr(cut), good + good.substr(cut)}) {
            JsonWindow whole(text, {});
            const auto expected = numbers(whole);
            for (const std::size_t size : {1U, 2U, 7U, 20U, 33U}) {
                JsonWindow input(memory_source(as_byte_span(text)), {}, {.window_bytes = size});
                ASSERT_EQ(numbers(input), expected) << text;
                if (!whole.ok()) {
                    EXPECT_EQ(input.error("x").message, whole.error("x").message) << text << size;
                }
            }
        }
    }
}

TEST(JsonWindow, HoldsNoMoreThanItMust) {
    std::string text = "{\"skipped\": [";
    for (int i = 0; i < 20000; ++i) {
        text += "{\"key\": [\"" + std::string(20, 'x') + "\"]},";
    }
    text += "0], \"numbers\": [" + std::string(30000, ' ') + "5]}";
    std::size_t largest = 0;
    ByteSource source = memory_source(as_byte_span(text));
    const auto read = source.read;
    source.read = [&, read](MutableByteSpan out) {
        largest = std::max(largest, out.size());
        return read(out);
    };
    JsonWindow input(source, {}, {.window_bytes = 4096, .max_window_bytes = 65536});
    EXPECT_EQ(numbers(input), (std::vector<std::uint64_t>{5}));
    EXPECT_LE(largest, 65536U);
    JsonWindow tight(memory_source(as_byte_span(text)), {}, {.window_bytes = 4096, .max_window_bytes = 8192});
    EXPECT_EQ(numbers(tight), std::nullopt);
    EXPECT_EQ(tight.error("x").code, ErrorCode::kLimit);
    JsonWindow short_limit(memory_source(as_byte_span(text)), {}, {.window_bytes = 4096, .max_bytes = 100000});
    EXPECT_EQ(numbers(short_limit), std::nullopt);
    EXPECT_EQ(short_limit.error("x").code, ErrorCode::kLimit);
}

TEST(JsonWindow, DeepTextsAreRefused) {
    const std::string text = "{\"skipped\": " + std::string(100000, '[');
    JsonWindow input(memory_source(as_byte_span(text)), {}, {.window_bytes = 64});
    EXPECT_EQ(numbers(input), std::nullopt);
    EXPECT_EQ(input.error("x").code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace vcube
