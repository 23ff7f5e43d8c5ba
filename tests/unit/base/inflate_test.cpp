#include "core/base/inflate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/base/json.h"

namespace vcube {
namespace {

using Bytes = std::vector<std::byte>;

Bytes from_base64(const std::string& text) {
    static const std::string kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Bytes bytes;
    unsigned held = 0;
    int bits = 0;
    for (const char c : text) {
        const std::size_t digit = kAlphabet.find(c);
        if (digit == std::string::npos) {
            break;
        }
        held = (held << 6) | static_cast<unsigned>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<std::byte>((held >> bits) & 0xffU));
        }
    }
    return bytes;
}

const Json& fixture() {
    static const Json json = [] {
        std::ifstream file(std::string(VCUBE_TEST_DATA) + "/codec/inflate.json");
        std::stringstream text;
        text << file.rdbuf();
        return Json::parse(text.str());
    }();
    return json;
}

// The lines that make_inflate.py compresses.
std::string expected_text() {
    std::string text;
    for (int i = 0; i < 150; ++i) {
        text += "line " + std::to_string(i * i) + " of a reference file\n";
    }
    return text;
}

std::vector<Bytes> streams(const char* format) {
    std::vector<Bytes> list;
    for (const Json& entry : fixture()[format]) {
        list.push_back(from_base64(entry.get<std::string>()));
    }
    return list;
}

struct Format {
    const char* name;
    Result<std::size_t> (*bounded)(ByteSpan, MutableByteSpan);
    Result<Buffer> (*growing)(ByteSpan, std::size_t);
};
const Format kFormats[] = {{"zlib", inflate_zlib, nullptr},
                           {"gzip", inflate_gzip, inflate_gzip_all},
                           {"zstd", decompress_zstd, decompress_zstd_all}};

TEST(Inflate, KnownCapacity) {
    const std::string text = expected_text();
    ASSERT_EQ(text.size(), fixture()["size"].get<std::size_t>());
    for (const Format& format : kFormats) {
        for (const Bytes& stream : streams(format.name)) {
            for (const std::size_t spare : {0U, 1U, 1000U}) {
                Bytes out(text.size() + spare);
                const Result<std::size_t> written = format.bounded(stream, out);
                ASSERT_TRUE(written.ok()) << format.name << ": " << written.error().message;
                ASSERT_EQ(written.value(), text.size()) << format.name;
                EXPECT_TRUE(std::equal(text.begin(), text.end(), reinterpret_cast<const char*>(out.data())));
            }
        }
    }
}

TEST(Inflate, TooSmallIsALimitError) {
    const std::size_t size = expected_text().size();
    for (const Format& format : kFormats) {
        for (const Bytes& stream : streams(format.name)) {
            for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, size / 2, size - 1}) {
                Bytes out(capacity);
                const Result<std::size_t> written = format.bounded(stream, out);
                ASSERT_FALSE(written.ok()) << format.name;
                EXPECT_EQ(written.error().code, ErrorCode::kLimit) << format.name << ": " << written.error().message;
                EXPECT_THAT(written.error().message, testing::HasSubstr(std::to_string(capacity)));
            }
        }
    }
}

TEST(Inflate, DamageIsACorruptError) {
    const std::string text = expected_text();
    for (const Format& format : kFormats) {
        const Bytes stream = streams(format.name).front();
        Bytes out(text.size());
        for (std::size_t size = 0; size < stream.size(); size += 7) {
            const Bytes cut(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size));
            const Result<std::size_t> written = format.bounded(cut, out);
            ASSERT_FALSE(written.ok()) << format.name << " cut to " << size;
            // A deflate stream that is cut near its end may seem to go on where `out` is full.
            const bool full = written.error().code == ErrorCode::kLimit && size + 24 > stream.size();
            EXPECT_TRUE(full || written.error().code == ErrorCode::kCorrupt) << format.name << " cut to " << size;
            if (format.growing != nullptr) {
                const Result<Buffer> all = format.growing(cut, 1U << 20);
                ASSERT_FALSE(all.ok()) << format.name << " cut to " << size;
                EXPECT_EQ(all.error().code, ErrorCode::kCorrupt) << format.name << " cut to " << size;
            }
        }
        Bytes changed = stream;
        changed[0] ^= std::byte{0xff};
        EXPECT_EQ(format.bounded(changed, out).error().code, ErrorCode::kCorrupt) << format.name;
    }
}

TEST(Inflate, GarbageAfterAGzipMemberIsAnError) {
    Bytes stream = streams("gzip").front();
    Bytes out(expected_text().size());
    stream.push_back(std::byte{0});
    EXPECT_TRUE(inflate_gzip(stream, out).ok());
    stream.push_back(std::byte{7});
    EXPECT_EQ(inflate_gzip(stream, out).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(inflate_gzip_all(stream, 1U << 20).error().code, ErrorCode::kCorrupt);
}

TEST(Inflate, GrowingGivesTheWholeText) {
    const std::string text = expected_text();
    for (const Format& format : kFormats) {
        if (format.growing == nullptr) {
            continue;
        }
        for (const Bytes& stream : streams(format.name)) {
            for (const std::size_t cap : {text.size(), text.size() + 1, std::size_t{1} << 30}) {
                const Result<Buffer> all = format.growing(stream, cap);
                ASSERT_TRUE(all.ok()) << format.name << ": " << all.error().message;
                EXPECT_EQ(as_text(all.value().span()), text);
            }
            EXPECT_EQ(format.growing(stream, text.size() - 1).error().code, ErrorCode::kLimit) << format.name;
            EXPECT_EQ(format.growing(stream, 0).error().code, ErrorCode::kLimit) << format.name;
        }
    }
}

TEST(Inflate, BombsStopAtTheCap) {
    const Bytes gzip = from_base64(fixture()["bomb_gzip"].get<std::string>());
    const Bytes zstd = from_base64(fixture()["bomb_zstd"].get<std::string>());
    EXPECT_EQ(inflate_gzip_all(gzip, 100'000).error().code, ErrorCode::kLimit);
    EXPECT_EQ(decompress_zstd_all(zstd, 100'000).error().code, ErrorCode::kLimit);
    EXPECT_EQ(inflate_gzip_all(gzip, 3'000'000).value().size(), 3'000'000U);
    EXPECT_EQ(decompress_zstd_all(zstd, 3'000'000).value().size(), 3'000'000U);
}

TEST(Inflate, TheTrailersSizeIsNotTrusted) {
    // The last four bytes of a gzip member claim its size: too small and too large ones are found out by the format.
    for (const unsigned claim : {0x00U, 0x01U, 0x7fU, 0xffU}) {
        Bytes stream = streams("gzip").front();
        std::fill(stream.end() - 4, stream.end(), static_cast<std::byte>(claim));
        EXPECT_EQ(inflate_gzip_all(stream, std::size_t{1} << 33).error().code, ErrorCode::kCorrupt);
    }
    // Behind padding the trailer is not at the end: the claim is 0, the text is whole.
    EXPECT_EQ(inflate_gzip_all(streams("gzip")[2], 1U << 20).value().size(), expected_text().size());
}

TEST(Inflate, ThreadsDoNotDisturbEachOther) {
    const std::string text = expected_text();
    std::vector<std::thread> threads;
    std::vector<int> wrong(4);
    for (std::size_t t = 0; t < wrong.size(); ++t) {
        threads.emplace_back([&, t] {
            const Format& format = kFormats[t % 3];
            const Bytes stream = streams(format.name).front();
            Bytes out(text.size());
            for (int i = 0; i < 100; ++i) {
                const Result<std::size_t> written = format.bounded(stream, out);
                wrong[t] += written.ok() && as_text(out) == text ? 0 : 1;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_THAT(wrong, testing::Each(0));
}

}  // namespace
}  // namespace vcube
