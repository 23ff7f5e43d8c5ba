#include "core/swath/product_list.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <tuple>
#include <utility>

#include "core/base/concat.h"

namespace vcube::swath {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kDaySeconds = 86400;
constexpr std::uint32_t kMaxDays = 36525;

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return out;
}

/// One end of a range; open where nothing or ".." stands there.
std::optional<std::int64_t> parse_end(std::string_view text, bool stop) {
    if (text.empty() || text == "..") {
        return stop ? INT64_MAX : INT64_MIN;
    }
    return parse_iso_moment(text, stop);
}

std::int64_t day_of(std::int64_t seconds) {
    return seconds / kDaySeconds - (seconds % kDaySeconds < 0 ? 1 : 0);
}

/// What of two files of the same product is the better one: greater.
auto rank_of(const ProductEntry& entry) {
    const std::string& file_class = entry.name.file_class;
    const int class_rank = file_class == "REPR" ? 2 : file_class == "OPER" ? 1 : 0;
    const std::string_view location = entry.location;
    const bool reference = !location.ends_with(".nc") && location.find(".nc?") == std::string_view::npos;
    return std::tuple(entry.name.processor, entry.name.counter, class_rank, reference, location);
}

auto identity_of(const ProductEntry& entry) {
    return std::tuple(entry.name.start, entry.name.stop, std::string_view(entry.name.type));
}

Status check_types(const std::vector<ProductEntry>& entries) {
    const auto ocean = std::count_if(entries.begin(), entries.end(),
                                     [](const ProductEntry& entry) { return entry.name.type == "MIR_OSUDP2"; });
    const auto soil = static_cast<std::ptrdiff_t>(entries.size()) - ocean;
    if (ocean == 0 || soil == 0) {
        return {};
    }
    return invalid(concat("there are products of two types, ", std::to_string(soil), " MIR_SMUDP2 (soil moisture) and ",
                          std::to_string(ocean),
                          " MIR_OSUDP2 (ocean salinity); the option PRODUCT_TYPE chooses one of them"));
}

/// The calendar month or year that holds a day.
TimeRange calendar_range(std::int64_t day, bool whole_year) {
    const year_month_day date{sys_days(days(day))};
    const auto first = date.year() / (whole_year ? std::chrono::January : date.month()) / 1;
    const auto after = whole_year ? first + std::chrono::years(1) : first + std::chrono::months(1);
    const auto seconds_of = [](const year_month_day& at) {
        return std::int64_t{sys_days(at).time_since_epoch().count()} * kDaySeconds;
    };
    return {seconds_of(first), seconds_of(after)};
}

/// The step of `count` days from `origin_day` on that holds a day.
TimeRange days_range(std::int64_t day, std::int64_t origin_day, std::int64_t count) {
    const std::int64_t after = (day - origin_day) % count;
    const std::int64_t first = day - (after < 0 ? after + count : after);
    return {first * kDaySeconds, (first + count) * kDaySeconds};
}

}  // namespace

Result<TimeRange> parse_time_range(std::string_view text) {
    const std::size_t slash = text.find('/');
    const bool one = slash == std::string_view::npos;
    const auto start = one ? parse_iso_moment(text) : parse_end(text.substr(0, slash), false);
    const auto stop = one ? parse_iso_moment(text, true) : parse_end(text.substr(slash + 1), true);
    if (!start || !stop) {
        return invalid(
            "expected a time or a range of times as ISO 8601 has them, such as 2023-04, 2023-04-01/2023-04-30, "
            "2023-04-01T06:00/2023-04-01T18:00, 2023/.. or ../2023-04-01");
    }
    if (*start >= *stop) {
        return invalid("the range ends before it begins");
    }
    return TimeRange{*start, *stop};
}

Result<ProductList> choose_products(std::vector<ProductEntry> entries, const TimeRange& range,
                                    const std::optional<std::string>& type) {
    std::erase_if(entries, [&](const ProductEntry& entry) {
        return entry.name.start < range.start || entry.name.start >= range.stop || (type && entry.name.type != *type);
    });
    VCUBE_TRY(check_types(entries));
    // The best of each product stands first of its equals.
    std::sort(entries.begin(), entries.end(), [](const ProductEntry& a, const ProductEntry& b) {
        return std::tuple(identity_of(a), rank_of(b)) < std::tuple(identity_of(b), rank_of(a));
    });
    const auto end = std::unique(entries.begin(), entries.end(), [](const ProductEntry& a, const ProductEntry& b) {
        return identity_of(a) == identity_of(b);
    });
    ProductList out;
    out.superseded = static_cast<std::uint32_t>(entries.end() - end);
    entries.erase(end, entries.end());
    out.products = std::move(entries);
    return out;
}

Result<CompositeStep> parse_composite_step(std::string_view text) {
    using Unit = CompositeStep::Unit;
    constexpr std::pair<std::string_view, Unit> kWords[] = {{"NONE", Unit::kNone},
                                                            {"DAY", Unit::kDay},
                                                            {"MONTH", Unit::kMonth},
                                                            {"YEAR", Unit::kYear},
                                                            {"ALL", Unit::kAll}};
    const std::string wanted = upper(text);
    for (const auto& [word, unit] : kWords) {
        if (wanted == word) {
            return CompositeStep{unit, 1};
        }
    }
    std::uint32_t count = 0;
    const char* const end = wanted.data() + wanted.size();
    const auto [rest, error] = std::from_chars(wanted.data(), end, count);
    if (error == std::errc() && std::string_view(rest, static_cast<std::size_t>(end - rest)) == "DAY" && count >= 1 &&
        count <= kMaxDays) {
        return CompositeStep{Unit::kDay, count};
    }
    return invalid(concat("not a valid value; valid are NONE, DAY, nDAY (such as 3DAY, up to ",
                          std::to_string(kMaxDays), "), MONTH, YEAR, ALL"));
}

std::vector<Period> make_periods(const ProductList& list, const CompositeStep& step,
                                 std::optional<std::int64_t> origin) {
    using Unit = CompositeStep::Unit;
    std::vector<Period> out;
    const std::vector<ProductEntry>& products = list.products;
    if (products.empty()) {
        return out;
    }
    const std::int64_t origin_day = day_of(origin.value_or(products.front().name.start));
    for (std::uint32_t at = 0; at < products.size(); ++at) {
        const ProductName& name = products[at].name;
        const std::int64_t day = day_of(name.start);
        TimeRange time{name.start, name.stop};
        switch (step.unit) {
            case Unit::kNone:
                break;
            case Unit::kDay:
                time = days_range(day, origin_day, step.count);
                break;
            case Unit::kMonth:
            case Unit::kYear:
                time = calendar_range(day, step.unit == Unit::kYear);
                break;
            case Unit::kAll:
                time =
                    out.empty() ? time : TimeRange{out.front().time.start, std::max(out.front().time.stop, name.stop)};
                break;
        }
        const bool same =
            !out.empty() && step.unit != Unit::kNone && (step.unit == Unit::kAll || out.back().time == time);
        if (same) {
            out.back().time = time;
            ++out.back().count;
        } else {
            out.push_back({time, at, 1});
        }
    }
    return out;
}

}  // namespace vcube::swath
