#include "core/refs/parquet_column.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/unit/refs/shared_data.h"

namespace vcube::parquet {
namespace {

using Document = nlohmann::json;

constexpr std::uint64_t kPlenty = 64U << 20;

std::filesystem::path folder() {
    return std::filesystem::path(VCUBE_TEST_DATA) / "refs" / "parquet";
}

std::string from_hex(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        out.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
    }
    return out;
}

void expect_integers(ByteSpan file, const FileMetadata& metadata, std::size_t column, const Document& values) {
    Budget budget(kPlenty);
    const auto got = read_integers(file, metadata, column, "file", budget);
    ASSERT_TRUE(got.ok()) << got.error().message;
    const Integers& integers = got.value();
    ASSERT_EQ(integers.values.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const bool valid = integers.valid.empty() || integers.valid[i] != 0;
        EXPECT_EQ(valid, !values[i].is_null()) << "row " << i;
        EXPECT_EQ(integers.values[i], values[i].is_null() ? 0 : values[i].get<std::int64_t>()) << "row " << i;
    }
}

void expect_byte_arrays(ByteSpan file, const FileMetadata& metadata, std::size_t column, const Document& values) {
    Budget budget(kPlenty);
    const auto got = read_byte_arrays(file, metadata, column, "file", budget);
    ASSERT_TRUE(got.ok()) << got.error().message;
    const ByteArrays& arrays = got.value();
    ASSERT_EQ(arrays.rows.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint32_t number = arrays.rows[i];
        ASSERT_EQ(number == ByteArrays::kNull, values[i].is_null()) << "row " << i;
        if (number != ByteArrays::kNull) {
            ASSERT_LT(number, arrays.values.size());
            EXPECT_EQ(arrays.values[number], from_hex(values[i].get<std::string>())) << "row " << i;
        }
    }
}

/// Every file of tests/data/refs/parquet holds what its maker says.
class ParquetFixture : public testing::TestWithParam<std::string> {};

std::vector<std::string> fixture_names() {
    std::vector<std::string> out;
    const Document expected = Document::parse(file_text(folder() / "expected.json"));
    for (const auto& item : expected.items()) {
        out.push_back(item.key());
    }
    return out;
}

TEST_P(ParquetFixture, HoldsTheExpectedValues) {
    const std::string text = file_text(folder() / (GetParam() + ".parq"));
    const ByteSpan file = as_byte_span(text);
    const auto metadata = read_footer(file, "file");
    ASSERT_TRUE(metadata.ok()) << metadata.error().message;
    const Document expected = Document::parse(file_text(folder() / "expected.json"))[GetParam()];
    for (const auto& [name, column] : expected.items()) {
        SCOPED_TRACE(name);
        const auto index = metadata.value().find(name);
        ASSERT_TRUE(index.has_value());
        if (column["integers"]) {
            expect_integers(file, metadata.value(), *index, column["values"]);
        } else {
            expect_byte_arrays(file, metadata.value(), *index, column["values"]);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, ParquetFixture, testing::ValuesIn(fixture_names()),
                         [](const auto& one) { return one.param; });

std::string fixture(const std::string& name) {
    return file_text(folder() / (name + ".parq"));
}

Error failure(const std::string& text, const std::string& column, std::uint64_t bytes = kPlenty,
              bool integers = false) {
    const auto metadata = read_footer(as_byte_span(text), "file");
    if (!metadata.ok()) {
        return metadata.error();
    }
    Budget budget(bytes);
    const std::size_t index = metadata.value().find(column).value();
    if (integers) {
        const auto got = read_integers(as_byte_span(text), metadata.value(), index, "file", budget);
        return got.ok() ? Error{} : got.error();
    }
    const auto got = read_byte_arrays(as_byte_span(text), metadata.value(), index, "file", budget);
    return got.ok() ? Error{} : got.error();
}

TEST(ParquetColumn, TypesThatAreNotAskedForAreNamed) {
    EXPECT_EQ(failure(fixture("required"), "offset").message, "file: column offset: type INT64, expected BYTE_ARRAY");
    EXPECT_EQ(failure(fixture("required"), "path", kPlenty, true).message,
              "file: column path: type BYTE_ARRAY, expected INT32 or INT64");
    EXPECT_EQ(failure(fixture("beside"), "extra.extra", kPlenty, true).message,
              "file: column extra.extra: nested and repeated columns are not read");
}

TEST(ParquetColumn, ADamagedPageDoesNotPassItsChecksum) {
    std::string text = fixture("checksums");
    const auto metadata = read_footer(as_byte_span(text), "file").value();
    const ColumnChunk& chunk = metadata.row_groups[0].chunks[0];
    text[chunk.begin + chunk.size - 1] ^= 1;
    const Error error = failure(text, "path");
    EXPECT_EQ(error.code, ErrorCode::kCorrupt);
    EXPECT_NE(error.message.find("file: column path: the CRC of a page"), std::string::npos) << error.message;
}

TEST(ParquetColumn, MemoryIsBounded) {
    const Error error = failure(fixture("codec_zstd"), "path", 300);
    EXPECT_EQ(error.code, ErrorCode::kLimit);
    EXPECT_EQ(error.message, "file: column path: the decoded file exceeds the limit of 300 bytes");
    EXPECT_EQ(failure(fixture("codec_zstd"), "offset", 300, true).code, ErrorCode::kLimit);
}

TEST(ParquetColumn, FilesCutShortAnywhereGiveErrors) {
    const std::string text = fixture("codec_snappy");
    for (std::size_t size = 0; size < text.size(); size += 7) {
        EXPECT_FALSE(failure(text.substr(0, size), "path").message.empty()) << size;
    }
}

/// Whatever is changed, there is a result or an error. The sanitizers look on.
TEST(ParquetColumn, DamagedFilesDoNoHarm) {
    std::uint32_t state = 1;
    for (const char* name : {"delta_strings", "dictionary_old", "delta", "levels_old", "v2_snappy", "row_groups"}) {
        const std::string good = fixture(name);
        for (int round = 0; round < 300; ++round) {
            std::string text = good;
            for (int i = 0; i < 3; ++i) {
                state = state * 1664525U + 1013904223U;
                text[state % text.size()] = static_cast<char>(state >> 24U);
            }
            const auto metadata = read_footer(as_byte_span(text), "file");
            for (std::size_t c = 0; metadata.ok() && c < metadata.value().columns.size(); ++c) {
                Budget budget(1U << 20);
                static_cast<void>(read_integers(as_byte_span(text), metadata.value(), c, "file", budget));
                static_cast<void>(read_byte_arrays(as_byte_span(text), metadata.value(), c, "file", budget));
            }
        }
    }
}

}  // namespace
}  // namespace vcube::parquet
