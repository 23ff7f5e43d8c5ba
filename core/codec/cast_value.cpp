// Another type in storage, by value: {"name": "cast_value", "configuration": {"data_type": "uint8", "rounding":
// "nearest-even", "out_of_range": "clamp", "scalar_map": {"decode": [[0, "NaN"]]}}}. Decoding casts to the array's
// type. Source: zarr-extensions, codecs/cast_value.
#include <cfenv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "core/codec/element.h"
#include "core/codec/registry.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

enum class Rounding { kNearestEven, kTowardsZero, kTowardsPositive, kTowardsNegative, kNearestAway };
enum class OutOfRange { kError, kClamp, kWrap };

double round_as(Rounding rounding, double value) {
    switch (rounding) {
        case Rounding::kTowardsZero:
            return std::trunc(value);
        case Rounding::kTowardsPositive:
            return std::ceil(value);
        case Rounding::kTowardsNegative:
            return std::floor(value);
        case Rounding::kNearestAway:
            return std::round(value);
        default:
            return std::nearbyint(value);  // the processor's default
    }
}

// 64-bit integers do not fit a double: integers go through the wide type, floats through double.
__extension__ using Wide = __int128;

struct Rules {
    Rounding rounding = Rounding::kNearestEven;
    OutOfRange out_of_range = OutOfRange::kError;
};

template <class To>
std::optional<To> integer_in_range(Wide value, const Rules& rules) {
    constexpr Wide kLow{std::numeric_limits<To>::min()};
    constexpr Wide kHigh{std::numeric_limits<To>::max()};
    if (value >= kLow && value <= kHigh) {
        return static_cast<To>(value);
    }
    if (rules.out_of_range == OutOfRange::kClamp) {
        return static_cast<To>(value < kLow ? kLow : kHigh);
    }
    if (rules.out_of_range == OutOfRange::kWrap) {
        return static_cast<To>(static_cast<std::uint64_t>(value));
    }
    return std::nullopt;
}

template <class To>
std::optional<To> integer_from(double value, const Rules& rules) {
    if (std::isnan(value)) {
        return std::nullopt;
    }
    const double whole = round_as(rules.rounding, value);
    constexpr double kWideLimit = 0x1p100;
    if (!(std::abs(whole) < kWideLimit)) {
        if (rules.out_of_range == OutOfRange::kClamp) {
            return whole < 0 ? std::numeric_limits<To>::min() : std::numeric_limits<To>::max();
        }
        if (rules.out_of_range == OutOfRange::kWrap && std::isfinite(whole)) {
            return static_cast<To>(0);  // a multiple of every modulus here: 2^100 and above end in 47 zero bits
        }
        return std::nullopt;
    }
    return integer_in_range<To>(static_cast<Wide>(whole), rules);
}

template <class To>
std::optional<To> float_from(double value, const Rules& rules) {
    const To result = convert_element<To>(value);
    const double back = convert_element<double>(result);
    if (std::isfinite(value) && !std::isfinite(back)) {
        if (rules.out_of_range != OutOfRange::kClamp) {
            return std::nullopt;
        }
        const double most = std::is_same_v<To, Half> ? 65504.0 : static_cast<double>(std::numeric_limits<float>::max());
        return convert_element<To>(std::copysign(most, value));
    }
    return result;
}

template <class To, class From>
std::optional<To> cast(From value, const Rules& rules) {
    if constexpr (std::is_same_v<To, From>) {
        return value;
    } else if constexpr (std::is_integral_v<To> && std::is_integral_v<From>) {
        return integer_in_range<To>(value, rules);
    } else if constexpr (std::is_integral_v<To>) {
        return integer_from<To>(convert_element<double>(value), rules);
    } else if constexpr (std::is_same_v<To, float> && std::is_integral_v<From>) {
        return static_cast<float>(value);  // through double it would be rounded twice
    } else {
        return float_from<To>(convert_element<double>(value), rules);
    }
}

// A value of the map in the bytes of its type, native order.
using Pair = std::pair<std::vector<std::byte>, std::vector<std::byte>>;

class CastValueCodec final : public Codec {
public:
    CastValueCodec(ElementType decoded, ElementType encoded, Rules rules, std::vector<Pair> map)
        : decoded_(decoded), encoded_(encoded), rules_(rules), map_(std::move(map)) {}
    [[nodiscard]] std::string_view id() const override { return "cast_value"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override {
        return decoded % decoded_.size == 0 ? checked_product(decoded / decoded_.size, encoded_.size) : std::nullopt;
    }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        const std::size_t count = in.size() / encoded_.size;
        if (in.size() % encoded_.size != 0) {
            return corrupt("cast_value chunk of " + std::to_string(in.size()) +
                           " bytes: not a whole number of elements of " + std::to_string(encoded_.size) + " bytes");
        }
        if (count > out.size() / decoded_.size) {
            return over_limit("cast_value chunk holds " + std::to_string(count) + " elements, more than " +
                              std::to_string(out.size() / decoded_.size));
        }
        std::size_t done = 0;
        with_element(encoded_, [&]<class From>() {
            with_element(decoded_, [&]<class To>() { done = cast_all<To, From>(in.data(), out.data(), count); });
        });
        if (done < count) {
            return corrupt("cast_value chunk: the value of element " + std::to_string(done) +
                           " is beyond the array's type");
        }
        return count * decoded_.size;
    }

private:
    // Gives the number of elements done: less than `count` where the next has no value in the array's type.
    template <class To, class From>
    std::size_t cast_all(const std::byte* in, std::byte* out, std::size_t count) const {
        for (std::size_t i = 0; i < count; ++i) {
            const std::byte* const source = in + i * sizeof(From);
            std::byte* const target = out + i * sizeof(To);
            const From value = load_element<From, false>(source);
            if (const Pair* const pair = find<From>(value)) {
                std::memcpy(target, pair->second.data(), sizeof(To));
                continue;
            }
            const std::optional<To> result = cast<To>(value, rules_);
            if (!result) {
                return i;
            }
            store_element<To, false>(target, *result);
        }
        return count;
    }
    template <class From>
    const Pair* find(From value) const {
        for (const Pair& pair : map_) {
            const From key = load_element<From, false>(pair.first.data());
            const auto a = convert_element<std::conditional_t<std::is_same_v<From, Half>, float, From>>(value);
            const auto b = convert_element<std::conditional_t<std::is_same_v<From, Half>, float, From>>(key);
            if (a == b || (a != a && b != b)) {
                return &pair;
            }
        }
        return nullptr;
    }

    ElementType decoded_;
    ElementType encoded_;
    Rules rules_;
    std::vector<Pair> map_;
};

// A number, or "NaN", "Infinity", "-Infinity".
Result<std::vector<std::byte>> scalar(const Json& value, const ElementType& type, const std::string& what) {
    std::vector<std::byte> out(type.size);
    const auto store = [&](auto number, Kind kind) {
        convert_elements(reinterpret_cast<const std::byte*>(&number), {kind, sizeof number, false}, out.data(), type,
                         1);
    };
    if (value.is_number_unsigned()) {
        store(value.get<std::uint64_t>(), Kind::kUInt);
    } else if (value.is_number_integer()) {
        store(value.get<std::int64_t>(), Kind::kInt);
    } else if (value.is_number()) {
        store(value.get<double>(), Kind::kFloat);
    } else if (value == "NaN" && type.kind == Kind::kFloat) {
        store(std::numeric_limits<double>::quiet_NaN(), Kind::kFloat);
    } else if (value == "Infinity" && type.kind == Kind::kFloat) {
        store(std::numeric_limits<double>::infinity(), Kind::kFloat);
    } else if (value == "-Infinity" && type.kind == Kind::kFloat) {
        store(-std::numeric_limits<double>::infinity(), Kind::kFloat);
    } else {
        return unsupported(what + ": \"scalar_map\": expected numbers of the types on both sides");
    }
    return out;
}

template <class Enum, std::size_t kCount>
Result<Enum> choice(const Json& config, const char* key, const std::array<std::string_view, kCount>& names,
                    Enum fallback, const std::string& what) {
    if (!config.contains(key) || config[key].is_null()) {
        return fallback;
    }
    VCUBE_ASSIGN(const std::string text, json_string(config, key, what));
    for (std::size_t i = 0; i < kCount; ++i) {
        if (names[i] == text) {
            return static_cast<Enum>(i);
        }
    }
    return unsupported(what + ": \"" + key + "\": \"" + text.substr(0, 60) + "\" is not known");
}

}  // namespace

MadeCodec make_cast_value(const Json& config, CodecPlace& place) {
    const std::optional<ElementType> decoded = element_of(place.type);
    if (!decoded) {
        return unsupported(place.what + ": only arrays of integers and floats are read");
    }
    VCUBE_ASSIGN(const ElementType encoded, config_element(config, "data_type", place));
    Rules rules;
    constexpr std::array<std::string_view, 5> kRoundings = {"nearest-even", "towards-zero", "towards-positive",
                                                            "towards-negative", "nearest-away"};
    constexpr std::array<std::string_view, 3> kRanges = {"error", "clamp", "wrap"};
    VCUBE_ASSIGN(rules.rounding, choice(config, "rounding", kRoundings, rules.rounding, place.what));
    VCUBE_ASSIGN(rules.out_of_range, choice(config, "out_of_range", kRanges, rules.out_of_range, place.what));
    std::vector<Pair> map;
    constexpr std::size_t kMaxPairs = 256;
    if (config.contains("scalar_map") && config["scalar_map"].is_object()) {
        const Json pairs = config["scalar_map"].value("decode", Json::array());
        if (pairs.size() > kMaxPairs) {
            return over_limit(place.what + ": \"scalar_map\": more than " + std::to_string(kMaxPairs) + " values");
        }
        for (const Json& pair : pairs) {
            if (!pair.is_array() || pair.size() != 2) {
                return invalid(place.what + ": \"scalar_map\": expected pairs of values");
            }
            VCUBE_ASSIGN(std::vector<std::byte> from, scalar(pair[0], encoded, place.what));
            VCUBE_ASSIGN(std::vector<std::byte> to, scalar(pair[1], *decoded, place.what));
            map.emplace_back(std::move(from), std::move(to));
        }
    }
    place.type = dtype_of(encoded);
    if (*decoded == encoded && map.empty()) {
        return std::unique_ptr<const Codec>();
    }
    return std::unique_ptr<const Codec>(std::make_unique<CastValueCodec>(*decoded, encoded, rules, std::move(map)));
}

}  // namespace vcube
