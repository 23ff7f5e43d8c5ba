// A pull parser for the Thrift compact protocol, as much of it as files hold (no messages, no RPC).
// Input is hostile: nesting is bounded, no count is believed that the bytes left cannot hold, nothing is allocated.
// Source: Apache Thrift, "Thrift Compact protocol encoding" (doc/specs/thrift-compact-protocol.md).
// Not thread-safe; one reader a text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

enum class ThriftType : std::uint8_t {
    kStop = 0,
    kTrue = 1,
    kFalse = 2,
    kByte = 3,
    kI16 = 4,
    kI32 = 5,
    kI64 = 6,
    kDouble = 7,
    kBinary = 8,
    kList = 9,
    kSet = 10,
    kMap = 11,
    kStruct = 12,
    kUuid = 13
};

/// A field's header; for booleans it holds the value too.
struct ThriftField {
    std::int32_t id = 0;
    ThriftType type = ThriftType::kStop;
};

/// Every reading function returns false at a fault and from then on. The caller follows the structure: begin_struct,
/// then next_field and one read or skip until next_field returns false; then ok() tells end from fault.
class ThriftReader {
public:
    explicit ThriftReader(ByteSpan bytes) : bytes_(bytes) {}

    [[nodiscard]] bool ok() const { return message_.empty(); }
    /// "<what>: byte 17: ...". Only when !ok().
    [[nodiscard]] Error error(const std::string& what) const;
    /// Reports a fault found by the caller. Keeps an earlier one. Returns false.
    bool fail(std::string message);

    bool begin_struct();
    /// The next field of the struct; false at its end, which is consumed.
    bool next_field(ThriftField& field);
    /// An integer of any width.
    bool read_int(const ThriftField& field, std::int64_t& out);
    bool read_bool(const ThriftField& field, bool& out);
    /// Bytes or text, a view of the input.
    bool read_binary(const ThriftField& field, std::string_view& out);
    /// A list's length; its elements follow: read or skip each through `element`.
    bool begin_list(const ThriftField& field, ThriftField& element, std::size_t& count);
    /// As begin_list where the elements must be structs: begin_struct and next_field follow for each.
    bool begin_struct_list(const ThriftField& field, std::size_t& count);
    bool begin_struct(const ThriftField& field);
    bool skip(const ThriftField& field);

    /// Bytes read so far.
    [[nodiscard]] std::size_t offset() const { return at_; }

private:
    static constexpr int kMaxDepth = 32;
    bool read_byte(std::uint8_t& out);
    bool read_varint(std::uint64_t& out);
    bool read_zigzag(std::int64_t& out);
    bool read_size(const char* what, std::size_t& out);
    bool expected(const ThriftField& field, const char* what);
    bool skip_value(ThriftType type, int depth);
    bool skip_struct(int depth);
    bool skip_elements(ThriftType type, std::size_t count, int depth);

    ByteSpan bytes_;
    std::size_t at_ = 0;
    std::array<std::int32_t, kMaxDepth> last_id_{};
    int depth_ = 0;
    std::size_t fault_at_ = 0;
    std::string message_;
};

}  // namespace vcube
