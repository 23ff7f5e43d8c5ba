#include "driver/option_values.h"

#include <array>
#include <cctype>
#include <charconv>
#include <limits>

#include "core/base/concat.h"

namespace vcube::driver {

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return out;
}

std::optional<std::uint64_t> parse_count(std::string_view text, unsigned (*plain_shift)(std::uint64_t)) {
    std::uint64_t number = 0;
    const char* const text_end = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), text_end, number);
    if (error != std::errc()) {
        return std::nullopt;
    }
    const std::string unit = upper(std::string_view(end, static_cast<std::size_t>(text_end - end)));
    struct Unit {
        const char* name;
        unsigned shift;
    };
    constexpr std::array<Unit, 8> kUnits = {
        {{"B", 0}, {"K", 10}, {"KB", 10}, {"M", 20}, {"MB", 20}, {"G", 30}, {"GB", 30}, {"", 0}}};
    for (const Unit& entry : kUnits) {
        if (unit == entry.name) {
            const unsigned shift = unit.empty() && plain_shift != nullptr ? plain_shift(number) : entry.shift;
            return number <= (std::numeric_limits<std::uint64_t>::max() >> shift)
                       ? std::optional<std::uint64_t>(number << shift)
                       : std::nullopt;
        }
    }
    return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) {
    constexpr double kDay = 86400;
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const std::chrono::milliseconds out(seconds > 0 && seconds <= kDay ? static_cast<std::int64_t>(seconds * 1000) : 0);
    if (error != std::errc() || end != text.data() + text.size() || out.count() == 0) {
        return std::nullopt;
    }
    return out;
}

Result<std::vector<UrlRewrite>> parse_rewrites(std::string_view text) {
    std::vector<UrlRewrite> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view pair = text.substr(0, end);
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos || equals == 0) {
            // What a user pastes here may hold a signature.
            return invalid(concat("expected FROM=TO pairs separated by commas; number ", std::to_string(out.size() + 1),
                                  " is none"));
        }
        out.push_back({std::string(pair.substr(0, equals)), std::string(pair.substr(equals + 1))});
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

}  // namespace vcube::driver
