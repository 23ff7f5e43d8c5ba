#include "core/refs/thrift_compact.h"

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <string>

namespace vcube {
namespace {

using namespace std::string_literals;

/// Bytes worked out by hand from the description of the protocol.
std::string bytes(std::initializer_list<int> values) {
    std::string out;
    for (const int value : values) {
        out.push_back(static_cast<char>(value));
    }
    return out;
}

/// Reads a struct whose fields are integers: "1=5 3=-7".
std::string integers(const std::string& text) {
    ThriftReader reader(as_byte_span(text));
    ThriftField field;
    std::string out;
    reader.begin_struct();
    while (reader.next_field(field)) {
        std::int64_t value = 0;
        if (reader.read_int(field, value)) {
            out += std::to_string(field.id) + "=" + std::to_string(value) + " ";
        }
    }
    return reader.ok() ? out : out + reader.error("x").message;
}

TEST(ThriftCompact, ReadsIntegersOfEveryWidth) {
    // Field 1 byte -2, field 2 i16 150, field 18 (16 ahead: long form) i32 -1, field 19 i64 least.
    EXPECT_EQ(integers(bytes({0x13, 0xFE, 0x14, 0xAC, 0x02, 0x05, 0x24, 0x01, 0x16, 0xFF,
                              0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x00})),
              "1=-2 2=150 18=-1 19=-9223372036854775808 ");
}

TEST(ThriftCompact, ReadsBooleansBytesAndLists) {
    const std::string text =
        bytes({0x11, 0x12, 0x18, 0x02, 'a', 'b', 0x19, 0x25, 0x02, 0x04, 0x19, 0x1C, 0x15, 0x06, 0x00, 0x00});
    ThriftReader reader(as_byte_span(text));
    ThriftField field;
    bool yes = false;
    bool no = true;
    std::string_view name;
    std::int64_t number = 0;
    std::size_t count = 0;
    ThriftField element;
    ASSERT_TRUE(reader.begin_struct());
    ASSERT_TRUE(reader.next_field(field) && reader.read_bool(field, yes));
    ASSERT_TRUE(reader.next_field(field) && reader.read_bool(field, no));
    EXPECT_TRUE(yes && !no);
    ASSERT_TRUE(reader.next_field(field) && reader.read_binary(field, name));
    EXPECT_EQ(name, "ab");
    ASSERT_TRUE(reader.next_field(field) && reader.begin_list(field, element, count));
    EXPECT_EQ(count, 2U);
    ASSERT_TRUE(reader.read_int(element, number));
    EXPECT_EQ(number, 1);
    ASSERT_TRUE(reader.read_int(element, number));
    EXPECT_EQ(number, 2);
    ASSERT_TRUE(reader.next_field(field) && reader.begin_struct_list(field, count));
    EXPECT_EQ(field.id, 5);
    ASSERT_TRUE(reader.begin_struct() && reader.next_field(field) && reader.read_int(field, number));
    EXPECT_EQ(number, 3);
    EXPECT_FALSE(reader.next_field(field));
    EXPECT_FALSE(reader.next_field(field));
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(reader.offset(), text.size());
}

TEST(ThriftCompact, SkipsWhatItIsNotAskedFor) {
    // A double, a map of i32 to binary, a set of bytes, a UUID, a struct with a boolean and a list of booleans.
    const std::string text =
        bytes({0x17, 0,    0,    0,    0,    0,    0,    0,    0,                                // 1
               0x1B, 0x01, 0x58, 0x02, 0x01, 'z',                                                // 2
               0x1A, 0x23, 0x07, 0x08,                                                           // 3
               0x1D, 0,    1,    2,    3,    4,    5,    6,    7, 8, 9, 10, 11, 12, 13, 14, 15,  // 4
               0x1C, 0x11, 0x19, 0x31, 0x01, 0x02, 0x01, 0x00,                                   // 5
               0x15, 0x08, 0x00});                                                               // 6
    ThriftReader reader(as_byte_span(text));
    ThriftField field;
    std::int64_t last = 0;
    reader.begin_struct();
    while (reader.next_field(field)) {
        EXPECT_TRUE(field.id == 6 ? reader.read_int(field, last) : reader.skip(field)) << field.id;
    }
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(last, 4);
}

TEST(ThriftCompact, FaultsNameTheByte) {
    EXPECT_EQ(integers(bytes({0x15})), "x: byte 1: the structure is cut short");
    EXPECT_EQ(integers(bytes({0x18, 0x01, 'a', 0x00})), "x: byte 1: field 1 has Thrift type 8, expected an integer");
    EXPECT_EQ(integers(bytes({0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02})),
              "x: byte 11: a variable-length integer exceeds 64 bits");
    EXPECT_EQ(integers(bytes({0x06, 0xFE, 0xFF, 0xFF, 0x01, 0x00, 0x00})), "x: byte 5: a field number exceeds 16 bits");
}

TEST(ThriftCompact, CountsAreNotBelieved) {
    const std::string text = bytes({0x19, 0xF5, 0xFF, 0xFF, 0xFF, 0x7F, 0x00});
    ThriftReader reader(as_byte_span(text));
    ThriftField field;
    ThriftField element;
    std::size_t count = 0;
    reader.begin_struct();
    ASSERT_TRUE(reader.next_field(field));
    EXPECT_FALSE(reader.begin_list(field, element, count));
    EXPECT_EQ(reader.error("x").message, "x: byte 6: a list of 268435455 does not fit into the 1 bytes left");
}

TEST(ThriftCompact, NestingIsBounded) {
    for (const char open : {'\x1C', '\x19'}) {
        std::string text(1000, open);  // structures in structures, or lists of lists
        if (open == '\x19') {
            text = "\x19" + std::string(1000, '\x19');
        }
        ThriftReader reader(as_byte_span(text));
        ThriftField field;
        reader.begin_struct();
        ASSERT_TRUE(reader.next_field(field));
        EXPECT_FALSE(reader.skip(field));
        EXPECT_NE(reader.error("x").message.find("nested deeper than 32"), std::string::npos)
            << reader.error("x").message;
    }
}

}  // namespace
}  // namespace vcube
