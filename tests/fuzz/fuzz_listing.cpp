// Names, lists and times of product collections, hostile: any text gives values or an error that says something. What
// is checked beside: times survive being written and read again; a list's products have names; a chosen list is in
// order and its steps hold each product once; patterns end in time whatever they are made of.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/refs/path_pattern.h"
#include "core/swath/location_list.h"

namespace vcube::swath {
namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check_times(std::string_view text) {
    for (const bool end : {false, true}) {
        const auto moment = parse_iso_moment(text, end);
        if (const std::string iso = iso_time(moment.value_or(INT64_MIN)); !iso.empty()) {
            require(parse_iso_moment(iso) == moment);
        }
    }
    const auto range = parse_time_range(text);
    require(range.ok() ? range.value().start < range.value().stop : !range.error().message.empty());
    const auto step = parse_composite_step(text);
    require(step.ok() ? step.value().count >= 1 : !step.error().message.empty());
    if (const auto name = parse_product_name(text)) {
        require(name->start <= name->stop && text.find(name->name) != std::string_view::npos);
    }
}

void check_list(std::string_view text) {
    for (const char* const place : {"/data/list.txt", "/data/list.csv", "https://host/list.txt"}) {
        auto entries = parse_location_list(text, place, policy_for(place, false));
        if (!entries.ok()) {
            require(entries.error().message.starts_with(place));
            continue;
        }
        for (const ProductEntry& entry : entries.value()) {
            require(entry.name.name.size() == 60 && !entry.location.empty());
        }
        const auto list = choose_products(std::move(entries).value(), {});
        if (!list.ok()) {
            continue;
        }
        for (const char* const word : {"NONE", "7DAY", "MONTH", "YEAR", "ALL"}) {
            std::uint32_t next = 0;
            for (const Period& period : make_periods(list.value(), parse_composite_step(word).value())) {
                require(period.first == next && period.count > 0);
                next += period.count;
            }
            require(next == list.value().products.size());
        }
    }
}

void check_pattern(const std::string& text) {
    const std::size_t cut = text.find('\n');
    const auto pattern = PathPattern::parse(text.substr(0, cut));
    if (pattern.ok() && cut != std::string::npos) {
        static_cast<void>(pattern.value().matches(std::string_view(text).substr(cut + 1)));
    }
}

}  // namespace
}  // namespace vcube::swath

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    vcube::swath::check_times(text);
    vcube::swath::check_list(text);
    vcube::swath::check_pattern(text);
    return 0;
}
