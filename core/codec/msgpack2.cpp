// Objects as MessagePack: {"id": "msgpack2"}; the list of the elements, then their type and shape.
// Source: MessagePack specification (formats of the first byte).
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/codec/object_list.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxNodes = std::size_t{32} << 20;  // of the tree: an item of one byte becomes a node of 16

class Reader {
public:
    explicit Reader(ByteSpan in) : in_(in) {}

    // Recursive, bounded by kMaxDepth.
    bool value(Json& out, int depth) {
        std::uint8_t type = 0;
        if (depth > kMaxDepth || ++nodes_ > kMaxNodes || !byte(type)) {
            return false;
        }
        if (type < 0x80) {
            out = static_cast<std::uint64_t>(type);
            return true;
        }
        if (type >= 0xe0) {
            out = static_cast<std::int64_t>(static_cast<std::int8_t>(type));
            return true;
        }
        if (type < 0x90) {
            return map(type & 0x0f, out, depth);
        }
        if (type < 0xa0) {
            return array(type & 0x0f, out, depth);
        }
        if (type < 0xc0) {
            return text(type & 0x1f, out);
        }
        return sized(type, out, depth);
    }
    [[nodiscard]] bool at_end() const { return at_ == in_.size(); }

private:
    // Recursive, bounded by kMaxDepth.
    bool sized(std::uint8_t type, Json& out, int depth) {
        std::uint64_t n = 0;
        switch (type) {
            case 0xc0:
                out = nullptr;
                return true;
            case 0xc2:
            case 0xc3:
                out = type == 0xc3;
                return true;
            case 0xc4:
            case 0xc5:
            case 0xc6:
                return number(1U << (type - 0xc4), n) && text(n, out);
            case 0xca:
                return real<float, std::uint32_t>(out);
            case 0xcb:
                return real<double, std::uint64_t>(out);
            case 0xcc:
            case 0xcd:
            case 0xce:
            case 0xcf:
                if (!number(1U << (type - 0xcc), n)) {
                    return false;
                }
                out = n;
                return true;
            case 0xd0:
            case 0xd1:
            case 0xd2:
            case 0xd3:
                return integer(1U << (type - 0xd0), out);
            case 0xd9:
            case 0xda:
            case 0xdb:
                return number(1U << (type - 0xd9), n) && text(n, out);
            case 0xdc:
            case 0xdd:
                return number(type == 0xdc ? 2 : 4, n) && array(n, out, depth);
            case 0xde:
            case 0xdf:
                return number(type == 0xde ? 2 : 4, n) && map(n, out, depth);
            default:  // extension types
                return false;
        }
    }
    bool byte(std::uint8_t& out) {
        if (at_ == in_.size()) {
            return false;
        }
        out = static_cast<std::uint8_t>(in_[at_++]);
        return true;
    }
    bool number(unsigned size, std::uint64_t& out) {
        out = 0;
        for (unsigned i = 0; i < size; ++i) {
            std::uint8_t next = 0;
            if (!byte(next)) {
                return false;
            }
            out = out << 8 | next;
        }
        return true;
    }
    bool integer(unsigned size, Json& out) {
        std::uint64_t bits = 0;
        if (!number(size, bits)) {
            return false;
        }
        const unsigned shift = 64 - 8 * size;
        out = static_cast<std::int64_t>(bits << shift) >> shift;
        return true;
    }
    template <class T, class Bits>
    bool real(Json& out) {
        std::uint64_t bits = 0;
        if (!number(sizeof(T), bits)) {
            return false;
        }
        out = static_cast<double>(std::bit_cast<T>(static_cast<Bits>(bits)));
        return true;
    }
    bool text(std::uint64_t size, Json& out) {
        if (size > in_.size() - at_) {
            return false;
        }
        out = std::string(as_text(in_.subspan(at_, static_cast<std::size_t>(size))));
        at_ += static_cast<std::size_t>(size);
        return true;
    }
    // Recursive, bounded by kMaxDepth.
    bool array(std::uint64_t size, Json& out, int depth) {
        out = Json::array();
        for (std::uint64_t i = 0; i < size; ++i) {
            if (!value(out.emplace_back(), depth + 1)) {
                return false;
            }
        }
        return true;
    }
    // A key that stands twice keeps its last value in Python; here each pair is kept, in the order of the file: looking
    // for every key would cost quadratic time.
    // Recursive, bounded by kMaxDepth.
    bool map(std::uint64_t size, Json& out, int depth) {
        out = Json::object();
        auto& members = out.get_ref<Json::object_t&>();
        for (std::uint64_t i = 0; i < size; ++i) {
            Json key;
            Json member;
            // No list or map is a key, as in Python; as texts in texts, their escapes would double at every level.
            if (!value(key, depth + 1) || key.is_structured() || !value(member, depth + 1)) {
                return false;
            }
            std::string name =
                key.is_string() ? key.get<std::string>() : key.dump(-1, ' ', false, Json::error_handler_t::replace);
            members.emplace_back(std::move(name), std::move(member));
        }
        return true;
    }

    ByteSpan in_;
    std::size_t at_ = 0;
    std::size_t nodes_ = 0;
};

}  // namespace

Result<StringCodec> make_msgpack2(const Json&, CodecPlace&) {
    return StringCodec{[](ByteSpan in, std::size_t elements, std::uint64_t max_bytes) -> Result<Buffer> {
                           Json list;
                           Reader reader(in);
                           if (!reader.value(list, 0) || !reader.at_end()) {
                               return corrupt("msgpack2 chunk of " + std::to_string(in.size()) +
                                              " bytes is damaged, cut short, nested deeper than " +
                                              std::to_string(kMaxDepth) + " or holds extension types");
                           }
                           return strings_of_list("msgpack2", list, elements, max_bytes);
                       },
                       std::nullopt};
}

}  // namespace vcube
