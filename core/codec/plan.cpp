// Planning of codec chains: CodecChain::plan_v2 and plan_v3.
#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "core/codec/chain.h"
#include "core/codec/registry.h"
#include "core/codec/sharding.h"

namespace vcube {
namespace {

constexpr std::size_t kMaxStages = 16;
constexpr std::size_t kWideningSlack = 1U << 20;

// The codec "bytes" of a chain whose array codecs change the numbers' type: its own stage.
class ByteOrderCodec final : public Codec {
public:
    explicit ByteOrderCodec(NativeOrder order) : order_(std::move(order)) {}
    [[nodiscard]] std::string_view id() const override { return "bytes"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override { return decoded; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        if (in.size() > out.size()) {
            return over_limit("chunk of " + std::to_string(in.size()) + " bytes, more than " +
                              std::to_string(out.size()));
        }
        order_.apply(in, out.first(in.size()));
        return in.size();
    }

private:
    NativeOrder order_;
};

// Recursive; parse_dtype bounds the nesting.
bool holds_objects(const DType& type) {
    return type.kind == Kind::kObject || std::any_of(type.fields.begin(), type.fields.end(),
                                                     [](const DTypeField& f) { return holds_objects(f.type); });
}

}  // namespace

class ChainPlanner {
public:
    ChainPlanner(const DType& type, std::size_t elements, std::string what) : what_(std::move(what)) {
        place_.type = type;
        place_.elements = elements;
    }

    Status begin() {
        if (place_.type.kind == Kind::kStruct && holds_objects(place_.type)) {
            return unsupported(what_ + ": fields of variable length in a structured type are not read");
        }
        chain_.variable_ = place_.type.kind == Kind::kObject;
        chain_.elements_ = place_.elements;
        const std::size_t size = chain_.variable_ ? 8 : place_.type.size;
        const std::optional<std::uint64_t> bytes = checked_product(size, place_.elements);
        if (!bytes || *bytes > std::numeric_limits<std::size_t>::max() / 4) {
            return over_limit(what_ + ": a chunk of " + std::to_string(place_.elements) + " elements of " +
                              std::to_string(size) + " bytes is too large");
        }
        chain_.decoded_size_ = chain_.variable_ ? 0 : static_cast<std::size_t>(*bytes);
        return {};
    }

    Status plan_v2(const Json& filters, const Json& compressor) {
        if (!filters.is_null() && !filters.is_array()) {
            return invalid(what_ + ": \"filters\": expected a list or null, got " + json_type_name(filters));
        }
        VCUBE_TRY(begin());
        if (!chain_.variable_) {
            chain_.swap_ = NativeOrder(place_.type);
        }
        if (filters.is_array()) {
            VCUBE_TRY(check_count(filters.size() + 1, "filters"));
            for (const Json& config : filters) {
                VCUBE_TRY(add_v2(config, what_ + ": filters"));
            }
        }
        if (!compressor.is_null()) {
            VCUBE_TRY(add_v2(compressor, what_ + ": compressor"));
        }
        if (chain_.variable_ && !chain_.strings_) {
            return unsupported(what_ + ": objects (dtype |O) without a codec that tells how they are written");
        }
        return {};
    }

    Status plan_v3(const Json& codecs, const Shape& chunk, ByteSpan fill) {
        if (!codecs.is_array()) {
            return invalid(what_ + ": \"codecs\": expected a list, got " + json_type_name(codecs));
        }
        place_.v3 = true;
        place_.type.little = DType().little;
        shape_ = chunk;
        fill_ = fill;
        VCUBE_TRY(begin());
        VCUBE_TRY(check_count(codecs.size(), "codecs"));
        for (std::size_t i = 0; i < codecs.size(); ++i) {
            bytes_follow_ = std::any_of(codecs.begin() + static_cast<std::ptrdiff_t>(i) + 1, codecs.end(), is_bytes);
            VCUBE_TRY(add_v3(codecs[i]));
        }
        return serialize();
    }

    CodecChain take() { return std::move(chain_); }

private:
    static bool is_bytes(const Json& codec) {
        const Json name = codec.is_object() ? codec.value("name", Json()) : codec;
        return name == "bytes" || name == "endian";
    }

    /// Early writers of Zarr v3 left the codec "bytes" out: elements are little-endian then.
    Status serialize() {
        if (serialized_) {
            return {};
        }
        place_.what = what_ + ": \"codecs\": none of them makes bytes of the array";
        return add_bytes(Json::object());
    }

    Status check_count(std::size_t count, const char* key) const {
        if (count <= kMaxStages) {
            return {};
        }
        return over_limit(what_ + ": \"" + key + "\": more than " + std::to_string(kMaxStages) + " codecs");
    }

    Status add_v2(const Json& config, const std::string& where) {
        if (!config.is_object()) {
            return invalid(where + ": expected a codec's configuration, got " + json_type_name(config));
        }
        VCUBE_ASSIGN(const std::string id, json_string(config, "id", where));
        const CodecEntry* const entry = find_codec(id);
        if (entry == nullptr) {
            return unsupported(where + ": codec \"" + id.substr(0, 60) + "\" is not known");
        }
        place_.what = where + ": " + std::string(entry->id);
        return add(*entry, config, where);
    }

    Status add_v3(const Json& codec) {
        const std::string where = what_ + ": codecs";
        std::string name;
        Json config = Json::object();
        if (codec.is_string()) {
            name = codec.get<std::string>();
        } else if (codec.is_object()) {
            VCUBE_ASSIGN(name, json_string(codec, "name", where));
            if (const auto found = codec.find("configuration"); found != codec.end() && !found->is_null()) {
                config = *found;
            }
        } else {
            return invalid(where + ": expected a codec, got " + json_type_name(codec));
        }
        if (!config.is_object()) {
            return invalid(where + ": " + name.substr(0, 60) + ": \"configuration\": expected an object, got " +
                           json_type_name(config));
        }
        place_.what = where + ": " + name.substr(0, 60);
        if (name == "transpose") {
            return add_transpose(config);
        }
        if (name == "bytes" || name == "endian") {
            return add_bytes(config);
        }
        if (name == "sharding_indexed") {
            return add_sharding(config);
        }
        if (name == "packbits" && !bytes_follow_) {
            return unsupported(place_.what +
                               ": only that of numcodecs is read, which stands before the codec \"bytes\"");
        }
        const CodecEntry* const entry = find_codec(name);
        if (entry == nullptr) {
            if (codec.is_object() && codec.value("must_understand", Json()) == Json(false)) {
                return {};
            }
            return unsupported(where + ": codec \"" + name.substr(0, 60) + "\" is not known");
        }
        if (entry->role != CodecRole::kBytesToBytes) {
            VCUBE_TRY(check_before_bytes());
            serialized_ = entry->role == CodecRole::kArrayToBytes;
            values_change_ = true;
        } else {
            const std::string what = place_.what;
            VCUBE_TRY(serialize());
            place_.what = what;
        }
        return add(*entry, config, where);
    }

    Status check_before_bytes() const {
        if (!serialized_) {
            return {};
        }
        return invalid(place_.what + " takes an array: it must stand before the codec that makes bytes of the array");
    }

    Status add(const CodecEntry& entry, const Json& config, const std::string& where) {
        chain_.ids_.emplace_back(entry.id);
        if (chain_.variable_ && !chain_.strings_) {
            if (entry.make_strings == nullptr) {
                return unsupported(place_.what +
                                   ": the array holds objects of variable length (|O), which need "
                                   "vlen-utf8, json2 or another codec of objects before all others");
            }
            VCUBE_ASSIGN(StringCodec made, entry.make_strings(config, place_));
            chain_.strings_ = std::move(made.decode);
            chain_.strings_size_ = made.encoded_size;
            return {};
        }
        if (entry.make == nullptr) {
            return unsupported(place_.what + ": makes objects of variable length, which the array does not hold");
        }
        VCUBE_ASSIGN(std::unique_ptr<const Codec> codec, entry.make(config, place_));
        return push(std::move(codec), where);
    }

    Status push(std::unique_ptr<const Codec> codec, const std::string& where) {
        if (!codec) {
            return {};
        }
        const std::optional<std::size_t> decoded = chain_.encoded_size();
        const std::optional<std::size_t> encoded = decoded ? codec->encoded_size(*decoded) : std::nullopt;
        const std::size_t whole = chain_.variable_ ? chain_.strings_size_.value_or(0) : chain_.decoded_size_;
        if (encoded && *encoded / 8 > whole + kWideningSlack) {
            return over_limit(where + ": \"" + std::string(codec->id()) + "\" makes a chunk of " +
                              std::to_string(whole) + " bytes more than eight times larger");
        }
        chain_.sizes_.push_back(encoded);
        chain_.stages_.push_back(std::move(codec));
        return {};
    }

    Status add_transpose(const Json& config) {
        VCUBE_TRY(check_before_bytes());
        const std::size_t rank = shape_.size();
        std::vector<std::size_t> order(rank);
        std::iota(order.begin(), order.end(), std::size_t{0});
        const auto found = config.find("order");
        if (found != config.end() && found->is_string() && (*found == "F" || *found == "C")) {
            if (*found == "F") {
                std::reverse(order.begin(), order.end());
            }
        } else {
            VCUBE_ASSIGN(const Shape given, json_shape(config, "order", place_.what));
            Shape sorted = given;
            std::sort(sorted.begin(), sorted.end());
            if (!std::equal(sorted.begin(), sorted.end(), order.begin(), order.end())) {
                return invalid(place_.what + ": \"order\": expected a permutation of the " + std::to_string(rank) +
                               " dimensions");
            }
            std::transform(given.begin(), given.end(), order.begin(),
                           [](std::uint64_t d) { return static_cast<std::size_t>(d); });
        }
        chain_.ids_.emplace_back("transpose");
        std::vector<std::size_t> before = chain_.order_;
        if (before.empty()) {
            before.resize(rank);
            std::iota(before.begin(), before.end(), std::size_t{0});
        }
        Shape shape(rank);
        chain_.order_.resize(rank);
        for (std::size_t d = 0; d < rank; ++d) {
            chain_.order_[d] = before[order[d]];
            shape[d] = shape_[order[d]];
        }
        shape_ = std::move(shape);
        if (std::is_sorted(chain_.order_.begin(), chain_.order_.end())) {
            chain_.order_.clear();
        }
        return {};
    }

    Status add_bytes(const Json& config) {
        VCUBE_TRY(check_before_bytes());
        serialized_ = true;
        chain_.ids_.emplace_back("bytes");
        if (chain_.variable_) {
            return unsupported(place_.what + ": elements of variable length need vlen-utf8 or vlen-bytes");
        }
        bool little = true;
        if (const auto found = config.find("endian"); found != config.end() && !found->is_null()) {
            if (*found != "little" && *found != "big") {
                return invalid(place_.what + ": \"endian\": expected \"little\" or \"big\"");
            }
            little = *found == "little";
        }
        NativeOrder order(place_.type, little);
        if (order.is_identity()) {
            return {};
        }
        if (chain_.stages_.empty()) {
            chain_.swap_ = std::move(order);
            return {};
        }
        return push(std::make_unique<ByteOrderCodec>(std::move(order)), place_.what);
    }

    Status add_sharding(const Json& config) {
        VCUBE_TRY(check_before_bytes());
        serialized_ = true;
        chain_.ids_.emplace_back("sharding_indexed");
        // What fills the gaps is known before the array codecs only.
        const std::optional<ByteSpan> fill = values_change_ ? std::nullopt : std::optional<ByteSpan>(fill_);
        if (chain_.variable_) {
            VCUBE_ASSIGN(chain_.strings_, make_sharding_strings(config, place_, shape_, fill_));
            return {};
        }
        VCUBE_ASSIGN(std::unique_ptr<const Codec> codec, make_sharding(config, place_, shape_, fill));
        return push(std::move(codec), place_.what);
    }

    std::string what_;
    CodecPlace place_;
    CodecChain chain_;
    Shape shape_;                 // v3: of the array that the next codec takes
    ByteSpan fill_;               // v3
    bool serialized_ = false;     // v3: the array has become bytes
    bool values_change_ = false;  // v3: a codec before changed the elements
    bool bytes_follow_ = false;   // v3: the codec "bytes" stands behind the one that is added
};

Result<CodecChain> CodecChain::plan_v2(const Json& filters, const Json& compressor, const DType& type,
                                       std::size_t elements, const std::string& what) {
    ChainPlanner planner(type, elements, what);
    VCUBE_TRY(planner.plan_v2(filters, compressor));
    return planner.take();
}

// Recursive for shards in shards; the depth of a JSON document is bounded.
Result<CodecChain> CodecChain::plan_v3(const Json& codecs, const DType& type, const Shape& chunk,
                                       const std::string& what, ByteSpan fill) {
    const std::optional<std::uint64_t> elements = checked_product(chunk);
    if (!elements || *elements > std::numeric_limits<std::size_t>::max() / 4) {
        return over_limit(what + ": a chunk holds too many elements");
    }
    ChainPlanner planner(type, static_cast<std::size_t>(*elements), what);
    VCUBE_TRY(planner.plan_v3(codecs, chunk, fill));
    return planner.take();
}

}  // namespace vcube
