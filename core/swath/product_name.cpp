#include "core/swath/product_name.h"

#include <array>
#include <chrono>
#include <cstddef>

namespace vcube::swath {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

constexpr std::size_t kNameLength = 60;
constexpr std::array<std::size_t, 6> kUnderscores = {7, 18, 34, 50, 54, 58};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// A number without sign of one or more digits.
std::optional<std::uint32_t> number_of(std::string_view digits) {
    std::uint32_t out = 0;
    if (digits.empty() || digits.size() > 9) {
        return std::nullopt;
    }
    for (const char c : digits) {
        if (!is_digit(c)) {
            return std::nullopt;
        }
        out = out * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return out;
}

/// Takes "<separator>" and `length` digits off the front of `text`; nothing where others stand there.
std::optional<std::uint32_t> take_number(std::string_view& text, std::string_view separators, std::size_t length) {
    if (!separators.empty()) {
        if (text.empty() || separators.find(text.front()) == std::string_view::npos) {
            return std::nullopt;
        }
        text.remove_prefix(1);
    }
    if (text.size() < length) {
        return std::nullopt;
    }
    const auto out = number_of(text.substr(0, length));
    text.remove_prefix(length);
    return out;
}

/// Midnight of a day, nothing for dates that the calendar lacks.
std::optional<std::int64_t> day_start(std::uint32_t year, std::uint32_t month, std::uint32_t day) {
    const year_month_day date(std::chrono::year(static_cast<int>(year)), std::chrono::month(month),
                              std::chrono::day(day));
    if (!date.ok()) {
        return std::nullopt;
    }
    return sys_seconds(sys_days(date)).time_since_epoch().count();
}

/// "20230401T150613".
std::optional<std::int64_t> parse_compact(std::string_view text) {
    const auto year = take_number(text, "", 4);
    const auto month = take_number(text, "", 2);
    const auto day = take_number(text, "", 2);
    const auto hour = take_number(text, "T", 2);
    const auto minute = take_number(text, "", 2);
    const auto second = take_number(text, "", 2);
    if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) {
        return std::nullopt;
    }
    const auto start = day_start(*year, *month, *day);
    return start ? std::optional(*start + std::int64_t{*hour} * 3600 + std::int64_t{*minute} * 60 + *second)
                 : std::nullopt;
}

/// The last part of a path, up to its endings, where it is a product's name.
std::optional<ProductName> parse_last_part(std::string_view location) {
    while (location.ends_with('/')) {
        location.remove_suffix(1);
    }
    std::string_view name = location.substr(location.rfind('/') + 1);
    name = name.substr(0, name.find_first_of(".?#"));
    if (name.size() != kNameLength || !name.starts_with("SM_")) {
        return std::nullopt;
    }
    for (const std::size_t at : kUnderscores) {
        if (name[at] != '_') {
            return std::nullopt;
        }
    }
    ProductName out;
    out.name = name;
    out.file_class = name.substr(3, 4);
    out.type = name.substr(8, 10);
    const auto start = parse_compact(name.substr(19, 15));
    const auto stop = parse_compact(name.substr(35, 15));
    const auto processor = number_of(name.substr(51, 3));
    const auto counter = number_of(name.substr(55, 3));
    const bool known = out.type == "MIR_SMUDP2" || out.type == "MIR_OSUDP2";
    if (!known || !start || !stop || *stop < *start || !processor || !counter) {
        return std::nullopt;
    }
    out.start = *start;
    out.stop = *stop;
    out.processor = *processor;
    out.counter = *counter;
    return out;
}

struct ClockTime {
    std::int64_t seconds = 0;    // since midnight
    std::int64_t precision = 1;  // seconds that the text stands for
};

/// "T15", "T15:06", "T15:06:13" or "T15:06:13.203012", with or without Z.
std::optional<ClockTime> parse_clock(std::string_view text) {
    const auto hour = take_number(text, "T ", 2);
    if (!hour || *hour > 23) {
        return std::nullopt;
    }
    ClockTime out{std::int64_t{*hour} * 3600, 3600};
    if (text.starts_with(':')) {
        const auto minute = take_number(text, ":", 2);
        if (!minute || *minute > 59) {
            return std::nullopt;
        }
        out = {out.seconds + std::int64_t{*minute} * 60, 60};
        if (text.starts_with(':')) {
            const auto second = take_number(text, ":", 2);
            if (!second || *second > 59) {
                return std::nullopt;
            }
            out = {out.seconds + *second, 1};
            if (text.starts_with('.')) {
                const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
                if (end == 1) {
                    return std::nullopt;
                }
                text.remove_prefix(end);
            }
        }
    }
    return text.empty() || text == "Z" ? std::optional(out) : std::nullopt;
}

}  // namespace

std::optional<ProductName> parse_product_name(std::string_view location) {
    auto out = parse_last_part(location);
    if (!out) {
        // A slash in the query of a URL is none of the path's.
        out = parse_last_part(location.substr(0, location.find_first_of("?#")));
    }
    return out;
}

std::string iso_time(std::int64_t seconds) {
    const std::int64_t day = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
    if (day < -719528 || day > 2932896) {
        return {};
    }
    const year_month_day date{sys_days(days(day))};
    const std::int64_t clock = seconds - day * 86400;
    std::string out;
    const auto add = [&out](std::int64_t value, std::size_t width, char after) {
        const std::string digits = std::to_string(value);
        out.append(width - digits.size(), '0').append(digits).push_back(after);
    };
    add(static_cast<int>(date.year()), 4, '-');
    add(static_cast<unsigned>(date.month()), 2, '-');
    add(static_cast<unsigned>(date.day()), 2, 'T');
    add(clock / 3600, 2, ':');
    add(clock / 60 % 60, 2, ':');
    add(clock % 60, 2, 'Z');
    return out;
}

std::optional<std::int64_t> parse_iso_moment(std::string_view text, bool end) {
    const auto year = take_number(text, "", 4);
    if (!year) {
        return std::nullopt;
    }
    if (text.empty()) {
        return day_start(*year + (end ? 1 : 0), 1, 1);
    }
    const auto month = take_number(text, "-", 2);
    if (!month || *month < 1 || *month > 12) {
        return std::nullopt;
    }
    if (text.empty()) {
        const std::uint32_t after = *month + (end ? 1 : 0);
        return day_start(*year + (after > 12 ? 1 : 0), after > 12 ? 1 : after, 1);
    }
    const auto day = take_number(text, "-", 2);
    const auto midnight = day ? day_start(*year, *month, *day) : std::nullopt;
    if (!midnight || text.empty()) {
        return midnight ? std::optional(*midnight + (end ? 86400 : 0)) : std::nullopt;
    }
    const auto clock = parse_clock(text);
    return clock ? std::optional(*midnight + clock->seconds + (end ? clock->precision : 0)) : std::nullopt;
}

}  // namespace vcube::swath
