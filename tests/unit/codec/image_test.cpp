// Codecs of images on what is refused: headers that claim too much, formats and configurations that are not read. What
// they decode is in chain_test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/base/dtype_text.h"
#include "core/codec/chain.h"
#include "fixture.h"

namespace vcube {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

Result<CodecChain> plan(const Json& filters, const Json& compressor, const Json& dtype, std::size_t elements) {
    return CodecChain::plan_v2(filters, compressor, parse_dtype(dtype, "test").value(), elements,
                               "a.json: rgb/.zarray");
}

Error error_of(const CodecChain& chain, ByteSpan encoded) {
    std::vector<std::byte> out(chain.decoded_size());
    const Status status = chain.decode(encoded, out);
    return status.ok() ? Error{ErrorCode::kCancelled, "no error at all"} : status.error();
}

Json fixture_named(const std::string& name) {
    for (const Json& entry : read_fixtures("images.json")) {
        if (entry["name"] == name) {
            return entry;
        }
    }
    throw std::runtime_error("no fixture " + name);
}

// The error of a fixture whose header was changed.
Error error_of_changed(const std::string& name, std::size_t at, const std::vector<unsigned>& bytes) {
    const Json entry = fixture_named(name);
    std::vector<std::byte> encoded = from_base64(entry["encoded"].get<std::string>());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        encoded.at(at + i) = static_cast<std::byte>(bytes[i]);
    }
    return error_of(plan(Json(), entry["compressor"], entry["dtype"], entry["elements"].get<std::size_t>()).value(),
                    encoded);
}

std::size_t find(const std::string& name, const std::vector<unsigned>& marker) {
    const std::vector<std::byte> encoded = from_base64(fixture_named(name)["encoded"].get<std::string>());
    const auto same = [](std::byte a, unsigned b) { return static_cast<unsigned>(a) == b; };
    return static_cast<std::size_t>(std::search(encoded.begin(), encoded.end(), marker.begin(), marker.end(), same) -
                                    encoded.begin());
}

TEST(Images, AnImageOfAnotherSizeIsAnError) {
    std::size_t count = 0;
    for (const Json& entry : read_fixtures("images.json")) {
        if (!entry.contains("compressor") || entry.contains("filters")) {
            continue;
        }
        const auto encoded = from_base64(entry["encoded"].get<std::string>());
        const auto elements = entry["elements"].get<std::size_t>();
        for (const std::size_t other : {elements - 1, elements + 1, 2 * elements, std::size_t{1}}) {
            const Error error = error_of(plan(Json(), entry["compressor"], entry["dtype"], other).value(), encoded);
            EXPECT_EQ(error.code, ErrorCode::kCorrupt) << entry["name"] << ": " << error.message;
            EXPECT_THAT(error.message, HasSubstr("expected")) << entry["name"];
        }
        ++count;
    }
    EXPECT_GT(count, 100U);
}

TEST(Images, ClaimsOfAHeaderTakeNoMemory) {
    const std::size_t frame = find("imagecodecs_jpeg rgb", {0xff, 0xc0});
    EXPECT_THAT(error_of_changed("imagecodecs_jpeg rgb", frame + 5, {0xff, 0xdc, 0xff, 0xdc}).message,
                HasSubstr("JPEG image of 65500 x 65500 pixels of 3 values"));
    const std::size_t size = find("imagecodecs_jpeg2k RGB", {0xff, 0x4f, 0xff, 0x51});
    EXPECT_THAT(
        error_of_changed("imagecodecs_jpeg2k RGB", size + 8, {0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff}).message,
        HasSubstr("JPEG 2000 image of 2147483647 x 2147483647 pixels of 3 values"));
    const std::size_t header = find("imagecodecs_png RGB", {'I', 'H', 'D', 'R'});
    EXPECT_THAT(error_of_changed("imagecodecs_png RGB", header + 4, {0x7f, 0xff, 0xff, 0xff}).message,
                HasSubstr("PNG image of "));
    constexpr std::size_t kWidth = 18;  // the value of the directory's first entry
    const Error error = error_of_changed("imagecodecs_tiff u1 tiles", kWidth, {0xff, 0xff});
    EXPECT_EQ(error.code, ErrorCode::kCorrupt);
    EXPECT_THAT(error.message, HasSubstr("TIFF image of "));
}

TEST(Images, WhatIsRefusedSaysWhy) {
    std::set<std::string> names;
    for (const Json& entry : read_fixtures("image_errors.json")) {
        const auto encoded = from_base64(entry["encoded"].get<std::string>());
        const Error error =
            error_of(plan(Json(), entry["compressor"], "|u1", entry["elements"].get<std::size_t>()).value(), encoded);
        EXPECT_THAT(error.code, AnyOf(ErrorCode::kCorrupt, ErrorCode::kUnsupported)) << entry["name"];
        EXPECT_THAT(error.message, HasSubstr(entry["message"].get<std::string>())) << entry["name"];
        names.insert(entry["name"].get<std::string>());
    }
    EXPECT_GE(names.size(), 9U);
}

TEST(Images, NoBytesAreNoImage) {
    for (const char* const id :
         {"imagecodecs_jpeg", "imagecodecs_jpeg2k", "imagecodecs_lerc", "imagecodecs_png", "imagecodecs_tiff",
          "imagecodecs_webp", "imagecodecs_brotli", "imagecodecs_snappy", "imagecodecs_lz4f", "imagecodecs_packints"}) {
        const Json config = {{"id", id}, {"dtype", "u1"}, {"bitspersample", 4}};
        EXPECT_EQ(error_of(plan(Json(), config, "|u1", 10).value(), {}).code, ErrorCode::kCorrupt) << id;
    }
}

TEST(Images, BadConfigurationsAreErrorsThatNameTheKey) {
    const std::vector<std::pair<const char*, const char*>> bad = {
        {R"({"id":"imagecodecs_jpeg","tables":"*"})", "tables"},
        {R"({"id":"imagecodecs_jpeg","header":7})", "header"},
        {R"({"id":"imagecodecs_jpeg","colorspace_data":"pink"})", "colorspace_data"},
        {R"({"id":"imagecodecs_jpeg","colorspace_jpeg":99})", "colorspace_jpeg"},
        {R"({"id":"imagecodecs_tiff","index":-1})", "index"},
        {R"({"id":"imagecodecs_tiff","index":[]})", "index"},
        {R"({"id":"imagecodecs_tiff","index":[0,"1"]})", "index"},
        {R"({"id":"imagecodecs_webp","index":2})", "index"},
        {R"({"id":"imagecodecs_floatpred","shape":[2,4],"dtype":"<f4","axis":2})", "axis"},
        {R"({"id":"imagecodecs_floatpred","shape":[2,2,2],"dtype":"<f4","axis":0})", "axis"},
        {R"({"id":"imagecodecs_floatpred","shape":[2,4],"dtype":"<i4"})", "dtype"},
        {R"({"id":"imagecodecs_floatpred","shape":[2,4]})", "dtype"},
        {R"({"id":"imagecodecs_byteshuffle","shape":[2,4],"dtype":"<i4","dist":3})", "dist"},
        {R"({"id":"imagecodecs_byteshuffle","shape":[0],"dtype":"<i4"})", "shape"},
        {R"({"id":"imagecodecs_xor","dtype":"<i4","axis":1})", "axis"},
        {R"({"id":"imagecodecs_xor","shape":[18446744073709551615,9],"dtype":"<i4"})", "shape"},
        {R"({"id":"imagecodecs_bitshuffle","itemsize":3})", "itemsize"},
        {R"({"id":"imagecodecs_bitshuffle","blocksize":7})", "blocksize"},
        {R"({"id":"imagecodecs_packints","dtype":"u1","bitspersample":12})", "bitspersample"},
        {R"({"id":"imagecodecs_packints","dtype":"u1"})", "bitspersample"},
    };
    for (const auto& [config, key] : bad) {
        const Result<CodecChain> chain = plan(Json(), Json::parse(config), "<f4", 8);
        ASSERT_FALSE(chain.ok()) << config;
        EXPECT_THAT(chain.error().message, HasSubstr(key)) << config;
        EXPECT_THAT(chain.error().message, HasSubstr("a.json: rgb/.zarray")) << config;
    }
}

}  // namespace
}  // namespace vcube
