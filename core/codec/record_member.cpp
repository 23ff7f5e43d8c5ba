// One field of records: {"id": "record_member", "member": "b", "dtype": [["a", "<i2"], ["b", ">f4"]]} of kerchunk.
#include <cstring>

#include "core/base/dtype_text.h"
#include "core/codec/registry.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

class RecordMemberCodec final : public Codec {
public:
    RecordMemberCodec(std::size_t record, std::size_t offset, std::size_t size)
        : record_(record), offset_(offset), size_(size) {}
    [[nodiscard]] std::string_view id() const override { return "record_member"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override {
        return decoded % size_ == 0 ? checked_product(decoded / size_, record_) : std::nullopt;
    }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        const std::size_t count = in.size() / record_;
        if (in.size() % record_ != 0) {
            return corrupt("record_member chunk of " + std::to_string(in.size()) +
                           " bytes: not a whole number of records of " + std::to_string(record_) + " bytes");
        }
        if (count > out.size() / size_) {
            return over_limit("record_member chunk holds " + std::to_string(count) + " records, more than " +
                              std::to_string(out.size() / size_));
        }
        for (std::size_t i = 0; i < count; ++i) {
            std::memcpy(out.data() + i * size_, in.data() + i * record_ + offset_, size_);
        }
        return count * size_;
    }

private:
    std::size_t record_;
    std::size_t offset_;
    std::size_t size_;
};

}  // namespace

MadeCodec make_record_member(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(const std::string member, json_string(config, "member", place.what));
    if (!config.contains("dtype")) {
        return invalid(place.what + ": \"dtype\" is missing");
    }
    VCUBE_ASSIGN(const DType record, parse_dtype(config["dtype"], place.what + ": \"dtype\""));
    for (const DTypeField& field : record.fields) {
        if (field.name == member) {
            place.type = record;
            return std::unique_ptr<const Codec>(
                std::make_unique<RecordMemberCodec>(record.size, field.offset, field.type.size));
        }
    }
    return invalid(place.what + ": \"dtype\" has no field \"" + member.substr(0, 60) + "\"");
}

}  // namespace vcube
