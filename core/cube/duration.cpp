#include "core/cube/duration.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>

#include "core/base/concat.h"
#include "core/cube/attribute.h"
#include "core/cube/time_axis.h"

namespace vcube {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kWeekNs = 604'800 * kSecondNs;

bool is_calendar_unit(std::string_view unit) {
    const std::string lower = to_lower(unit);
    return lower.starts_with("mon") || lower.starts_with("y") || lower.find("year") != std::string::npos;
}

}  // namespace

Result<DurationAxis> DurationAxis::parse(std::string_view units) {
    const std::vector<std::string> words = split_words(units);
    double multiple = 1;
    if (words.size() == 2) {
        multiple = parse_number(words[0]).value_or(0);
    }
    const std::int64_t unit = words.empty() || words.size() > 2 ? 0 : time_unit_ns(words.back());
    const double ns = multiple * static_cast<double>(unit);
    if (!(ns >= 1) || ns > 1e17 || is_calendar_unit(words.back())) {
        return unsupported(concat("'", units, "' is no unit of time such as hours"));
    }
    DurationAxis out;
    out.unit_ns_ = static_cast<std::int64_t>(std::nearbyint(ns));
    return out;
}

Result<DurationAxis> DurationAxis::of_timedelta64(const DType& type) {
    std::int64_t count = 1;
    const char* const end = type.unit.data() + type.unit.size();
    const auto [at, error] = std::from_chars(type.unit.data(), end, count);
    const std::string_view unit(at, static_cast<std::size_t>(end - at));
    struct Unit {
        std::string_view name;
        std::int64_t ns;
    };
    static constexpr Unit kUnits[] = {{"ns", 1},
                                      {"us", 1000},
                                      {"ms", 1'000'000},
                                      {"s", kSecondNs},
                                      {"m", 60 * kSecondNs},
                                      {"h", 3600 * kSecondNs},
                                      {"D", 86400 * kSecondNs},
                                      {"W", kWeekNs}};
    DurationAxis out;
    out.has_nat_ = true;
    for (const Unit& known : kUnits) {
        const bool valid = error != std::errc::result_out_of_range && count > 0 && type.kind == Kind::kTimedelta;
        if (valid && unit == known.name && !__builtin_mul_overflow(known.ns, count, &out.unit_ns_)) {
            return out;
        }
    }
    return unsupported("timedelta64 unit '" + type.unit + "' is none of ns, us, ms, s, m, h, D, W");
}

std::optional<std::int64_t> DurationAxis::nanoseconds(double value) const {
    const bool fine = unit_ns_ < 1000;
    const long double count = static_cast<long double>(value) * static_cast<long double>(unit_ns_) / (fine ? 1 : 1000);
    if (!std::isfinite(value) || std::fabs(count) > (fine ? 9e18L : 9e15L)) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(std::rint(count)) * (fine ? 1 : 1000);
}

std::optional<std::int64_t> DurationAxis::nanoseconds(std::int64_t value) const {
    std::int64_t out = 0;
    if ((has_nat_ && value == std::numeric_limits<std::int64_t>::min()) ||
        __builtin_mul_overflow(value, unit_ns_, &out)) {
        return std::nullopt;
    }
    return out;
}

double DurationAxis::value_of(std::int64_t nanoseconds) const {
    return static_cast<double>(nanoseconds) / static_cast<double>(unit_ns_);
}

std::optional<std::int64_t> parse_iso_duration(std::string_view text) {
    const bool negative = text.starts_with('-');
    text.remove_prefix(negative ? 1 : 0);
    if (!text.starts_with('P') || text.size() < 3) {
        return std::nullopt;
    }
    text.remove_prefix(1);
    struct Part {
        char letter;
        bool of_day;
        std::int64_t ns;
    };
    static constexpr Part kParts[] = {{'W', false, kWeekNs},
                                      {'D', false, 86400 * kSecondNs},
                                      {'H', true, 3600 * kSecondNs},
                                      {'M', true, 60 * kSecondNs},
                                      {'S', true, kSecondNs}};
    bool in_day = false;
    const Part* next = kParts;
    long double total = 0;
    while (!text.empty()) {
        if (!in_day && text.starts_with('T')) {
            in_day = true;
            text.remove_prefix(1);
        }
        double number = 0;
        const auto [at, error] =
            std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
        const auto length = static_cast<std::size_t>(at - text.data());
        if (error != std::errc() || length == text.size() || text.front() == '-') {
            return std::nullopt;
        }
        while (next != std::end(kParts) && (next->letter != text[length] || next->of_day != in_day)) {
            ++next;
        }
        if (next == std::end(kParts)) {
            return std::nullopt;
        }
        total += static_cast<long double>(number) * static_cast<long double>((next++)->ns);
        text.remove_prefix(length + 1);
    }
    if (!(total < 9.2e18L)) {
        return std::nullopt;
    }
    const auto ns = static_cast<std::int64_t>(std::rint(total));
    return negative ? -ns : ns;
}

std::string iso_duration(std::int64_t nanoseconds, bool in_days) {
    const bool negative = nanoseconds < 0;
    const std::uint64_t rest =
        negative ? 0 - static_cast<std::uint64_t>(nanoseconds) : static_cast<std::uint64_t>(nanoseconds);
    constexpr std::uint64_t kSecond = kSecondNs;
    constexpr std::uint64_t kDay = 86400 * kSecond;
    std::string out = negative ? "-P" : "P";
    if (in_days && rest % kDay == 0) {
        return out + std::to_string(rest / kDay) + "D";
    }
    out += "T";
    const std::uint64_t hours = rest / (3600 * kSecond);
    const std::uint64_t minutes = rest / (60 * kSecond) % 60;
    const std::uint64_t seconds = rest / kSecond % 60;
    const std::uint64_t fraction = rest % kSecond;
    if (hours > 0 || rest == 0) {
        out.append(std::to_string(hours)).append("H");
    }
    if (minutes > 0) {
        out.append(std::to_string(minutes)).append("M");
    }
    if (seconds > 0 || fraction > 0) {
        out += std::to_string(seconds);
        if (fraction > 0) {
            char text[16];
            std::snprintf(text, sizeof text, ".%09u", static_cast<unsigned>(fraction));
            out += text;
            out.erase(out.find_last_not_of('0') + 1);
        }
        out += "S";
    }
    return out;
}

}  // namespace vcube
