#include "core/base/inflate_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace vcube {
namespace {

std::string from_base64(const std::string& text) {
    static const std::string kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned held = 0;
    int bits = 0;
    for (const char c : text) {
        const std::size_t digit = kAlphabet.find(c);
        if (digit == std::string::npos) {
            break;
        }
        held = (held << 6U) | static_cast<unsigned>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<char>((held >> static_cast<unsigned>(bits)) & 0xFFU));
        }
    }
    return bytes;
}

/// Streams by Python's gzip and numcodecs' zstd (tests/data/codec/make_inflate.py).
std::vector<std::string> streams(const char* format) {
    const auto json = nlohmann::json::parse(std::ifstream(std::string(VCUBE_TEST_DATA) + "/codec/inflate.json"));
    std::vector<std::string> out;
    for (const auto& item : json[format]) {
        out.push_back(from_base64(item.get<std::string>()));
    }
    return out;
}

/// The lines that make_inflate.py compresses.
std::string expected_text() {
    std::string text;
    for (int i = 0; i < 150; ++i) {
        text += "line " + std::to_string(i * i) + " of a reference file\n";
    }
    return text;
}

/// All of `source` through a buffer of `room` bytes.
Result<std::string> drained(const ByteSource& source, std::size_t room) {
    std::string out;
    Buffer buffer(room);
    while (true) {
        VCUBE_ASSIGN(const std::size_t count, source.read(buffer.span()));
        if (count == 0) {
            return out;
        }
        out.append(as_text(std::as_const(buffer).span().first(count)));
    }
}

/// `bytes` in pieces of `step`.
ByteSource pieces(const std::string& bytes, std::size_t step) {
    ByteSource source = memory_source(as_byte_span(bytes));
    const auto read = source.read;
    source.read = [read, step](MutableByteSpan out) { return read(out.first(std::min(step, out.size()))); };
    return source;
}

TEST(InflateSource, GivesTheTextOfEveryStream) {
    const std::string text = expected_text();
    std::vector<std::string> all = streams("gzip");
    // Three frames begin as zstd does; the one with a skippable frame in front is not recognised.
    for (const std::string& stream : streams("zstd")) {
        if (stream.starts_with("\x28\xB5\x2F\xFD")) {
            all.push_back(stream);
        }
    }
    EXPECT_GE(all.size(), 6U);
    all.push_back(text);
    for (const std::string& stream : all) {
        for (const std::size_t step : {1U, 3U, 1000U, 1U << 20U}) {
            const ByteSource source = inflated_source(pieces(stream, step));
            for (const std::size_t room : {1U, 100U, 1U << 16U}) {
                const auto result = drained(source, room);
                ASSERT_TRUE(result.ok()) << result.error().message;
                EXPECT_EQ(result.value(), text) << step << " " << room;
                ASSERT_TRUE(source.rewind().ok());
            }
        }
    }
}

TEST(InflateSource, ReportsDamage) {
    const std::string text = expected_text();
    for (const char* format : {"gzip", "zstd"}) {
        const std::string good = streams(format)[0];
        for (std::size_t cut = 4; cut < good.size(); cut += 7) {
            const auto result = drained(inflated_source(memory_source(as_byte_span(good.substr(0, cut)))), 500);
            ASSERT_FALSE(result.ok()) << format << cut;
            EXPECT_EQ(result.error().code, ErrorCode::kCorrupt);
        }
        std::string bad = good;
        bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 0x55);
        const auto result = drained(inflated_source(memory_source(as_byte_span(bad))), 500);
        EXPECT_TRUE(!result.ok() || result.value() != text) << format;
        EXPECT_FALSE(drained(inflated_source(memory_source(as_byte_span(good + "junk"))), 500).ok()) << format;
    }
    const std::string padded = streams("gzip")[0] + std::string(10, '\0') + streams("gzip")[0];
    EXPECT_FALSE(drained(inflated_source(memory_source(as_byte_span(padded))), 500).ok());
}

TEST(InflateSource, HandsOnWhatIsShortOrPlain) {
    for (const std::string& text : {std::string(), std::string("x"), std::string("\x1F"), std::string(5000, 'y')}) {
        EXPECT_EQ(drained(inflated_source(memory_source(as_byte_span(text))), 7).value(), text);
    }
}

TEST(InflateSource, HandsOnTheErrorsOfItsSource) {
    ByteSource broken;
    broken.read = [](MutableByteSpan) -> Result<std::size_t> { return io_error("gone"); };
    broken.rewind = [] { return Status(); };
    EXPECT_EQ(drained(inflated_source(broken), 10).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace vcube
