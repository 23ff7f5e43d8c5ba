#include "core/cube/time_axis.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>

#include "core/base/concat.h"
#include "core/cube/attribute.h"

namespace vcube {

namespace {

__extension__ using Wide = __int128;  // nanoseconds of any int64 count of any unit

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kDayNs = 86400 * kSecondNs;
constexpr std::int64_t kYearNs = 31'556'925'974'678'400;  // 365.242198781 days
constexpr std::int64_t kMaxYear = 1'000'000;

enum Calendar : int { kStandard, kProleptic, kJulian, kNoLeap, kAllLeap, k360Day };

struct Date {
    std::int64_t year = 0;  // astronomical: 0 precedes 1
    int month = 1;
    int day = 1;
};

constexpr std::array<int, 13> kMonthStart = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

bool has_year_zero(int calendar) {
    return calendar != kStandard && calendar != kJulian;
}

bool is_leap(int calendar, std::int64_t year) {
    switch (calendar) {
        case kNoLeap:
        case k360Day:
            return false;
        case kAllLeap:
            return true;
        case kJulian:
            return year % 4 == 0;
        case kStandard:
            if (year <= 1582) {
                return year % 4 == 0;
            }
            [[fallthrough]];
        default:
            return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    }
}

/// First day of a month within its year, from 0; month 13 is the year's length.
int month_start(int calendar, std::int64_t year, int month) {
    if (calendar == k360Day) {
        return 30 * (month - 1);
    }
    return kMonthStart[static_cast<std::size_t>(month - 1)] + (month > 2 && is_leap(calendar, year) ? 1 : 0);
}

/// Days of the years before `year`, from year 0.
std::int64_t year_start(int calendar, std::int64_t year) {
    const std::int64_t leaps_julian = floor_div(year + 3, 4);
    const std::int64_t leaps_gregorian = leaps_julian - floor_div(year + 99, 100) + floor_div(year + 399, 400);
    switch (calendar) {
        case kNoLeap:
            return 365 * year;
        case kAllLeap:
            return 366 * year;
        case k360Day:
            return 360 * year;
        case kJulian:
            return 365 * year + leaps_julian - 2;  // day numbers of both Western calendars count the same days
        default:
            return 365 * year + leaps_gregorian;
    }
}

constexpr std::int64_t kSwitchDay = 578101;  // 1582-10-15 Gregorian, the day after 1582-10-04 Julian

std::int64_t day_in(int calendar, const Date& date) {
    return year_start(calendar, date.year) + month_start(calendar, date.year, date.month) + date.day - 1;
}

std::int64_t days_of(int calendar, const Date& date) {
    if (calendar != kStandard) {
        return day_in(calendar, date);
    }
    const bool gregorian = date.year > 1582 || (date.year == 1582 && date.month * 100 + date.day >= 1015);
    return day_in(gregorian ? kProleptic : kJulian, date);
}

Date date_of(int calendar, std::int64_t days) {
    if (calendar == kStandard) {
        return date_of(days >= kSwitchDay ? kProleptic : kJulian, days);
    }
    Date date;
    date.year = floor_div(days, 366);
    if (calendar != kAllLeap) {  // an estimate from the mean length of a year, then corrected
        date.year =
            static_cast<std::int64_t>(std::floor(static_cast<double>(days) / (calendar == k360Day ? 360 : 365.25)));
    }
    while (year_start(calendar, date.year) > days) {
        --date.year;
    }
    while (year_start(calendar, date.year + 1) <= days) {
        ++date.year;
    }
    const int day = static_cast<int>(days - year_start(calendar, date.year));
    date.month = 12;
    while (month_start(calendar, date.year, date.month) > day) {
        --date.month;
    }
    date.day = day - month_start(calendar, date.year, date.month) + 1;
    return date;
}

bool exists(int calendar, const Date& date) {
    if (date.month < 1 || date.month > 12 || date.day < 1) {
        return false;
    }
    if (calendar == kStandard && date.year == 1582 && date.month == 10 && date.day > 4 && date.day < 15) {
        return false;
    }
    return date.day <= month_start(calendar, date.year, date.month + 1) - month_start(calendar, date.year, date.month);
}

std::optional<int> calendar_of(std::string_view name) {
    static constexpr std::pair<std::string_view, int> kNames[] = {
        {"", kStandard},       {"standard", kStandard}, {"gregorian", kStandard}, {"proleptic_gregorian", kProleptic},
        {"julian", kJulian},   {"noleap", kNoLeap},     {"365_day", kNoLeap},     {"all_leap", kAllLeap},
        {"366_day", kAllLeap}, {"360_day", k360Day}};
    const std::string lower = to_lower(name);
    for (const auto& [known, calendar] : kNames) {
        if (lower == known) {
            return calendar;
        }
    }
    return std::nullopt;
}

/// Nanoseconds of a UDUNITS time unit, 0 where it is not known.
std::int64_t unit_length(std::string_view unit, int calendar) {
    struct Unit {
        std::string_view names;  // each between blanks
        std::int64_t ns;
    };
    static constexpr Unit kUnits[] = {
        {" ns nsec nsecs nanosec nanosecs nanosecond nanoseconds ", 1},
        {" us usec usecs \u00b5s \u03bcs microsec microsecs microsecond microseconds ", 1000},
        {" ms msec msecs millisec millisecs millisecond milliseconds ", 1'000'000},
        {" s sec secs second seconds ", kSecondNs},
        {" min mins minute minutes ", 60 * kSecondNs},
        {" h hr hrs hour hours ", 3600 * kSecondNs},
        {" d day days ", kDayNs},
        {" week weeks ", 7 * kDayNs},
        {" fortnight fortnights ", 14 * kDayNs},
        {" month months mon mons ", kYearNs / 12},
        {" yr yrs year years ", kYearNs},
        {" common_year common_years ", 365 * kDayNs},
        {" leap_year leap_years ", 366 * kDayNs},
        {" julian_year julian_years ", 365 * kDayNs + kDayNs / 4},
        {" gregorian_year gregorian_years ", 365 * kDayNs + kDayNs / 10000 * 2425}};
    const std::string name = concat(" ", to_lower(unit), " ");
    for (const Unit& known : kUnits) {
        if (known.names.find(name) != std::string_view::npos) {
            if (calendar == k360Day && (known.ns == kYearNs || known.ns == kYearNs / 12)) {
                return known.ns == kYearNs ? 360 * kDayNs : 30 * kDayNs;
            }
            return known.ns;
        }
    }
    return 0;
}

/// Reads dates and times piece by piece.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}
    [[nodiscard]] bool done() const { return text_.empty(); }
    [[nodiscard]] bool next_is(std::string_view any) const { return !done() && any.find(text_[0]) != any.npos; }
    [[nodiscard]] bool next_is_digit() const { return next_is("0123456789"); }
    bool take(char c) {
        if (done() || text_[0] != c) {
            return false;
        }
        text_.remove_prefix(1);
        return true;
    }
    void skip_blanks() {
        while (take(' ') || take('\t')) {
        }
    }
    /// Digits, at most `most` of them; their number, 0 where there are none.
    int digits(int most, std::int64_t& value) {
        int count = 0;
        value = 0;
        while (count < most && next_is_digit()) {
            value = value * 10 + (text_[0] - '0');
            text_.remove_prefix(1);
            ++count;
        }
        return count;
    }
    bool take_word(std::string_view word) {
        if (to_lower(text_.substr(0, word.size())) != word) {
            return false;
        }
        text_.remove_prefix(word.size());
        return true;
    }

private:
    std::string_view text_;
};

struct Instant {
    std::int64_t days = 0;
    std::int64_t ns = 0;
};

bool scan_date(Scanner& in, Date& date) {
    const bool negative = in.take('-');
    if (!negative) {
        in.take('+');
    }
    std::int64_t number = 0;
    const int width = in.digits(8, number);
    if (width == 0 || number > kMaxYear * 100) {
        return false;
    }
    if (width == 8) {  // packed: 20230401
        date = {number / 10000, static_cast<int>(number / 100 % 100), static_cast<int>(number % 100)};
    } else {
        date.year = number;
        if (in.take('-')) {
            std::int64_t part = 0;
            if (in.digits(2, part) == 0) {
                return false;
            }
            date.month = static_cast<int>(part);
            if (in.take('-')) {
                if (in.digits(2, part) == 0) {
                    return false;
                }
                date.day = static_cast<int>(part);
            }
        }
    }
    date.year = negative ? -date.year : date.year;
    return date.year <= kMaxYear;
}

bool scan_clock(Scanner& in, std::int64_t& ns) {
    std::int64_t part = 0;
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t seconds = 0;
    if (in.digits(2, hours) == 0) {
        return false;
    }
    const bool packed = in.next_is_digit();
    if ((packed || in.take(':')) && in.digits(2, minutes) == 0) {
        return false;
    }
    if ((packed && in.next_is_digit()) || in.take(':')) {
        if (in.digits(2, seconds) == 0) {
            return false;
        }
        if (in.take('.')) {
            const int width = in.digits(9, part);
            for (int i = width; i < 9; ++i) {
                part *= 10;
            }
            for (std::int64_t beyond = 0; in.digits(9, beyond) > 0;) {
            }
        }
    }
    ns = (hours * 3600 + minutes * 60 + seconds) * kSecondNs + part;
    return hours < 24 && minutes < 60 && seconds < 60;
}

bool scan_zone(Scanner& in, std::int64_t& ns) {
    in.skip_blanks();
    ns = 0;
    if (in.done() || in.take_word("utc") || in.take_word("gmt") || in.take_word("z")) {
        in.skip_blanks();
        return in.done();
    }
    const bool west = in.take('-');
    if (!west && !in.take('+') && !in.next_is_digit()) {
        return false;
    }
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    if (in.digits(2, hours) == 0) {
        return false;
    }
    if ((in.take(':') || in.next_is_digit()) && in.digits(2, minutes) == 0) {
        return false;
    }
    ns = (hours * 3600 + minutes * 60) * kSecondNs * (west ? -1 : 1);
    in.skip_blanks();
    return in.done() && hours <= 24 && minutes < 60;
}

Result<Instant> parse_instant(std::string_view text, int calendar) {
    Scanner in(text);
    in.skip_blanks();
    Date date;
    Instant out;
    const Error bad = invalid(concat("'", text, "' is not a date and time such as 2000-01-01 00:00:00"));
    if (!scan_date(in, date)) {
        return bad;
    }
    const bool separated = in.next_is("Tt");
    if (separated) {
        in.take_word("t");
    } else {
        in.skip_blanks();
    }
    if (in.next_is_digit() && !scan_clock(in, out.ns)) {
        return bad;
    }
    std::int64_t zone = 0;
    if (!scan_zone(in, zone)) {
        return bad;
    }
    if (date.year < 0 && !has_year_zero(calendar)) {
        ++date.year;
    }
    if (!exists(calendar, date)) {
        return invalid(concat("'", text, "' does not exist in its calendar"));
    }
    out.days = days_of(calendar, date);
    out.ns -= zone;
    return out;
}

std::string format(int calendar, std::int64_t days, std::int64_t ns) {
    Date date = date_of(calendar, days);
    if (date.year <= 0 && !has_year_zero(calendar)) {
        --date.year;
    }
    const int seconds = static_cast<int>(ns / kSecondNs);
    char text[64];
    std::snprintf(text, sizeof text, "%s%04lld-%02d-%02dT%02d:%02d:%02d", date.year < 0 ? "-" : "",
                  static_cast<long long>(std::abs(date.year)), date.month, date.day, seconds / 3600, seconds / 60 % 60,
                  seconds % 60);
    std::string out = text;
    if (ns % kSecondNs != 0) {
        std::snprintf(text, sizeof text, ".%09d", static_cast<int>(ns % kSecondNs));
        out += text;
        out.erase(out.find_last_not_of('0') + 1);
    }
    return out + "Z";
}

/// `offset` nanoseconds after the start of day `epoch`.
std::string format_after(int calendar, std::int64_t epoch, Wide offset) {
    Wide days = offset / kDayNs;
    Wide ns = offset % kDayNs;
    if (ns < 0) {
        ns += kDayNs;
        --days;
    }
    days += epoch;
    constexpr Wide kMaxDays = Wide{kMaxYear} * 360;
    if (days > kMaxDays || days < -kMaxDays) {
        return {};
    }
    return format(calendar, static_cast<std::int64_t>(days), static_cast<std::int64_t>(ns));
}

}  // namespace

std::int64_t time_unit_ns(std::string_view unit) {
    return unit_length(unit, kStandard);
}

Result<TimeAxis> TimeAxis::parse(std::string_view units, std::string_view calendar) {
    TimeAxis axis;
    const std::optional<int> known = calendar_of(calendar);
    if (!known) {
        return unsupported("calendar '" + std::string(calendar) +
                           "' is none of standard, gregorian, proleptic_gregorian, julian, noleap, 365_day, all_leap, "
                           "366_day, 360_day");
    }
    axis.calendar_ = *known;
    const std::size_t since = to_lower(units).find(" since ");
    if (since == std::string::npos) {
        return unsupported("time units '" + std::string(units) + "' are not of the form '<unit> since <date>'");
    }
    std::string_view unit = units.substr(0, since);
    while (!unit.empty() && unit.front() == ' ') {
        unit.remove_prefix(1);
    }
    while (!unit.empty() && unit.back() == ' ') {
        unit.remove_suffix(1);
    }
    axis.unit_ns_ = unit_length(unit, axis.calendar_);
    if (axis.unit_ns_ == 0) {
        return unsupported("time unit '" + std::string(unit) + "' in '" + std::string(units) + "' is not known");
    }
    auto epoch = parse_instant(units.substr(since + 7), axis.calendar_);
    if (!epoch.ok()) {
        return with_context("time units '" + std::string(units) + "'", epoch.error());
    }
    axis.epoch_days_ = epoch.value().days;
    axis.epoch_ns_ = epoch.value().ns;
    return axis;
}

Result<TimeAxis> TimeAxis::of_datetime64(const DType& type) {
    TimeAxis axis;
    axis.calendar_ = kProleptic;
    axis.epoch_days_ = days_of(kProleptic, {1970, 1, 1});
    axis.has_nat_ = true;
    std::int64_t count = 1;
    const char* begin = type.unit.data();
    const char* end = begin + type.unit.size();
    const auto [unit_begin, error] = std::from_chars(begin, end, count);
    const std::string_view unit(unit_begin, static_cast<std::size_t>(end - unit_begin));
    static constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
        {"ns", 1},        {"us", 1000},          {"ms", 1'000'000},
        {"s", kSecondNs}, {"m", 60 * kSecondNs}, {"h", 3600 * kSecondNs},
        {"D", kDayNs},    {"W", 7 * kDayNs}};
    if (type.kind == Kind::kDatetime && error != std::errc::result_out_of_range && count > 0 && count <= 1'000'000) {
        for (const auto& [name, ns] : kUnits) {
            if (unit == name) {
                if (__builtin_mul_overflow(ns, count, &axis.unit_ns_)) {
                    break;
                }
                return axis;
            }
        }
        if (unit == "M" || unit == "Y") {
            axis.unit_months_ = static_cast<int>(count) * (unit == "Y" ? 12 : 1);
            return axis;
        }
    }
    return unsupported("datetime64 unit '" + type.unit + "' is none of ns, us, ms, s, m, h, D, W, M, Y");
}

std::string TimeAxis::iso(double value, std::int64_t later_ns) const {
    if (!std::isfinite(value)) {
        return {};
    }
    if (unit_months_ != 0) {
        return std::fabs(value) < 0x1p62 ? iso(static_cast<std::int64_t>(std::nearbyint(value)), later_ns)
                                         : std::string();
    }
    const bool fine = unit_ns_ < 1000;  // nothing to round to microseconds
    const long double count =
        static_cast<long double>(value) * (static_cast<long double>(unit_ns_) / (fine ? 1 : 1000));
    if (std::fabs(count) > 1e24L) {
        return {};
    }
    const Wide offset = static_cast<Wide>(std::rint(count)) * (fine ? 1 : 1000);
    return format_after(calendar_, epoch_days_, offset + epoch_ns_ + later_ns);
}

std::string TimeAxis::iso(std::int64_t value, std::int64_t later_ns) const {
    if (has_nat_ && value == std::numeric_limits<std::int64_t>::min()) {
        return {};
    }
    if (unit_months_ == 0) {
        return format_after(calendar_, epoch_days_, static_cast<Wide>(value) * unit_ns_ + epoch_ns_ + later_ns);
    }
    if (std::llabs(value) > kMaxYear * 12 / unit_months_) {
        return {};
    }
    const std::int64_t months = std::int64_t{1970} * 12 + value * unit_months_;
    const std::int64_t year = floor_div(months, 12);
    return format_after(calendar_, days_of(calendar_, {year, static_cast<int>(months - year * 12) + 1, 1}), later_ns);
}

Result<double> TimeAxis::value_of(std::string_view iso) const {
    VCUBE_ASSIGN(const Instant instant, parse_instant(iso, calendar_));
    if (unit_months_ != 0) {
        const Date date = date_of(calendar_, instant.days);
        return static_cast<double>((date.year - 1970) * 12 + date.month - 1) / unit_months_;
    }
    const Wide offset = static_cast<Wide>(instant.days - epoch_days_) * kDayNs + (instant.ns - epoch_ns_);
    return static_cast<double>(static_cast<long double>(offset) / static_cast<long double>(unit_ns_));
}

}  // namespace vcube
