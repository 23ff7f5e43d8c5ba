// Labels as numbers: {"id": "categorize", "labels": ["a", "b"], "dtype": "|O", "astype": "|u1"}; 1 is the first label,
// other numbers are an empty text. Decoded as text for objects, as fixed U text otherwise.
#include <cstring>
#include <memory>
#include <vector>

#include "core/base/dtype_text.h"
#include "core/codec/element.h"
#include "core/codec/registry.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

constexpr std::size_t kMaxLabels = 1U << 20;

struct Labels {
    ElementType type;
    std::vector<std::string> texts;

    // 0: none; k: texts[k - 1].
    [[nodiscard]] std::size_t index(const std::byte* p) const {
        std::uint64_t value = 0;
        convert_elements(p, type, reinterpret_cast<std::byte*>(&value), {Kind::kUInt, 8, false}, 1);
        return value <= texts.size() ? static_cast<std::size_t>(value) : 0;
    }
};

Result<Labels> parse_labels(const Json& config, const CodecPlace& place) {
    Labels labels;
    VCUBE_ASSIGN(labels.type, config_element(config, "astype", place, ElementType{}));
    if (labels.type.kind == Kind::kFloat) {
        return unsupported(place.what + ": \"astype\": only integer types are read");
    }
    if (!config.contains("labels") || !config["labels"].is_array() || config["labels"].size() > kMaxLabels) {
        return invalid(place.what + ": \"labels\": expected a list of texts");
    }
    for (const Json& label : config["labels"]) {
        if (!label.is_string()) {
            return invalid(place.what + ": \"labels\": expected texts, got " + json_type_name(label));
        }
        labels.texts.push_back(label.get<std::string>());
    }
    return labels;
}

Error not_whole(std::size_t in, std::size_t size) {
    return corrupt("categorize chunk of " + std::to_string(in) + " bytes: not a whole number of elements of " +
                   std::to_string(size) + " bytes");
}

// UCS-4 in the stored byte order, cut to `points`; bytes that are no UTF-8 count one by one.
std::vector<std::byte> as_ucs4(const std::string& text, std::size_t points, bool swap) {
    std::vector<std::byte> out(points * 4);
    std::size_t at = 0;
    for (std::size_t n = 0; n < points && at < text.size(); ++n) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        std::uint32_t point = length == 1 ? lead : lead & (0xffU >> (length + 1));
        for (std::size_t i = 1; i < length && at + i < text.size(); ++i) {
            point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
        }
        at += length;
        point = swap ? byte_swapped(point) : point;
        std::memcpy(out.data() + 4 * n, &point, 4);
    }
    return out;
}

class CategorizeCodec final : public Codec {
public:
    CategorizeCodec(Labels labels, const DType& type) : labels_(std::move(labels)), size_(type.size) {
        texts_.emplace_back(size_);
        for (const std::string& text : labels_.texts) {
            texts_.push_back(as_ucs4(text, size_ / 4, !type.native()));
        }
    }
    [[nodiscard]] std::string_view id() const override { return "categorize"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override {
        return decoded % size_ == 0 ? checked_product(decoded / size_, labels_.type.size) : std::nullopt;
    }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        const std::size_t width = labels_.type.size;
        const std::size_t count = in.size() / width;
        if (in.size() % width != 0) {
            return not_whole(in.size(), width);
        }
        if (count > out.size() / size_) {
            return over_limit("categorize chunk holds " + std::to_string(count) + " elements, more than " +
                              std::to_string(out.size() / size_));
        }
        for (std::size_t i = 0; i < count; ++i) {
            std::memcpy(out.data() + i * size_, texts_[labels_.index(in.data() + i * width)].data(), size_);
        }
        return count * size_;
    }

private:
    Labels labels_;
    std::size_t size_;
    std::vector<std::vector<std::byte>> texts_;
};

}  // namespace

MadeCodec make_categorize(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(Labels labels, parse_labels(config, place));
    VCUBE_ASSIGN(const std::string text, json_string(config, "dtype", place.what));
    VCUBE_ASSIGN(DType type, parse_dtype(text));
    if (type.kind != Kind::kUnicode) {
        return unsupported(place.what + ": \"dtype\": expected |O or a U type, got " + text.substr(0, 60));
    }
    // Every label takes as much as an element, however short it is.
    constexpr std::size_t kMaxBytes = 256U << 20;
    if (type.size > kMaxBytes / (labels.texts.size() + 1)) {
        return over_limit(place.what + ": " + std::to_string(labels.texts.size()) + " labels of " +
                          std::to_string(type.size) + " bytes are too many");
    }
    type.little = place.v3 ? DType().little : type.little;
    const ElementType encoded = labels.type;
    auto codec = std::make_unique<CategorizeCodec>(std::move(labels), type);
    place.type = dtype_of(encoded);
    return std::unique_ptr<const Codec>(std::move(codec));
}

Result<StringCodec> make_categorize_strings(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(Labels parsed, parse_labels(config, place));
    const std::size_t width = parsed.type.size;
    auto labels = std::make_shared<const Labels>(std::move(parsed));
    const std::optional<std::uint64_t> size = checked_product(width, place.elements);
    return StringCodec{[labels, width](ByteSpan in, std::size_t elements, std::uint64_t max_bytes) -> Result<Buffer> {
                           if (in.size() % width != 0) {
                               return not_whole(in.size(), width);
                           }
                           StringBuilder builder("categorize", elements, max_bytes);
                           for (std::size_t i = 0; i < in.size(); i += width) {
                               const std::size_t index = labels->index(in.data() + i);
                               VCUBE_TRY(builder.add(index == 0 ? std::string_view() : labels->texts[index - 1]));
                           }
                           return builder.finish();
                       },
                       size};
}

}  // namespace vcube
