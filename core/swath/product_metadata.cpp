#include "core/swath/product_metadata.h"

#include <cctype>
#include <optional>

#include "core/swath/product_name.h"

namespace vcube::swath {

namespace {

bool all_digits(std::string_view text) {
    for (const char c : text) {
        if (std::isdigit(static_cast<unsigned char>(c)) == 0) {
            return false;
        }
    }
    return !text.empty();
}

bool has_prefix(std::string_view name, bool fixed) {
    return fixed ? name.starts_with("FH:") || name.starts_with("Fixed_Header:")
                 : name.starts_with("VH:") || name.starts_with("Variable_Header:");
}

// The text of the first attribute of the fixed or variable header whose last part is `last`.
std::string header_text(const Json& attributes, bool fixed, std::string_view last) {
    if (!attributes.is_object()) {
        return {};
    }
    for (const auto& [name, value] : attributes.items()) {
        const std::string_view key = name;
        if (!has_prefix(key, fixed) || !key.ends_with(last) || key[key.size() - last.size() - 1] != ':') {
            continue;
        }
        const Json& item = value.is_array() && value.size() == 1 ? value.front() : value;
        if (item.is_string()) {
            return item.get<std::string>();
        }
        if (item.is_number_integer()) {
            return item.dump();
        }
    }
    return {};
}

// `value` in three digits, as it stands in names.
std::string three_digits(std::uint32_t value) {
    std::string digits = std::to_string(value);
    return digits.insert(0, digits.size() < 3 ? 3 - digits.size() : 0, '0');
}

std::string orbit_number(std::string_view text) {
    while (!text.empty() && (text.front() == '+' || text.front() == '0' || text.front() == ' ')) {
        text.remove_prefix(1);
    }
    return all_digits(text) ? std::string(text) : std::string();
}

std::string pass_name(std::string_view text) {
    if (text.empty()) {
        return {};
    }
    const char first = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    return first == 'A' ? "ASCENDING" : first == 'D' ? "DESCENDING" : "";
}

}  // namespace

std::string smos_time(std::string_view text) {
    if (text.starts_with("UTC=")) {
        text.remove_prefix(4);
    }
    if (text.ends_with("Z")) {
        text.remove_suffix(1);
    }
    const bool shaped = text.size() >= 19 && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' &&
                        text[16] == ':' && all_digits(text.substr(0, 4)) && all_digits(text.substr(5, 2)) &&
                        all_digits(text.substr(8, 2)) && all_digits(text.substr(11, 2)) &&
                        all_digits(text.substr(14, 2)) && all_digits(text.substr(17, 2));
    if (!shaped || (text.size() > 19 && (text[19] != '.' || !all_digits(text.substr(20))))) {
        return {};
    }
    return std::string(text) + "Z";
}

const std::string& metadata_item(const MetadataItems& items, std::string_view key) {
    static const std::string none;
    for (const auto& [name, value] : items) {
        if (name == key) {
            return value;
        }
    }
    return none;
}

MetadataItems product_metadata(const Json& attributes, std::string_view location) {
    auto name = parse_product_name(header_text(attributes, true, "File_Name"));
    if (!name) {
        name = parse_product_name(location);
    }
    const auto first_of = [](std::string_view first, std::string_view second) {
        return std::string(first.empty() ? second : first);
    };
    const auto of_name = [&name](const auto& tell) { return name ? tell(*name) : std::string(); };
    const auto attribute_time = [&](bool fixed, std::string_view key) {
        return smos_time(header_text(attributes, fixed, key));
    };
    MetadataItems items;
    const auto add = [&items](const char* key, std::string value) {
        if (!value.empty()) {
            items.emplace_back(key, std::move(value));
        }
    };
    const std::string precise_start = attribute_time(false, "Precise_Validity_Start");
    const std::string precise_stop = attribute_time(false, "Precise_Validity_Stop");
    add("ACQUISITION_START",
        first_of(attribute_time(true, "Validity_Start"),
                 first_of(of_name([](const ProductName& n) { return iso_time(n.start); }), precise_start)));
    add("ACQUISITION_STOP",
        first_of(attribute_time(true, "Validity_Stop"),
                 first_of(of_name([](const ProductName& n) { return iso_time(n.stop); }), precise_stop)));
    add("PRECISE_START", precise_start);
    add("PRECISE_STOP", precise_stop);
    add("ORBIT", orbit_number(header_text(attributes, false, "Abs_Orbit")));
    add("PASS", pass_name(header_text(attributes, false, "Ascending_Flag")));
    add("PRODUCT_TYPE",
        first_of(header_text(attributes, true, "File_Type"), of_name([](const ProductName& n) { return n.type; })));
    add("PRODUCT_NAME", of_name([](const ProductName& n) { return n.name; }));
    add("PROCESSOR_VERSION", first_of(of_name([](const ProductName& n) { return three_digits(n.processor); }),
                                      header_text(attributes, true, "Creator_Version")));
    add("PRODUCT_COUNTER", of_name([](const ProductName& n) { return three_digits(n.counter); }));
    return items;
}

}  // namespace vcube::swath
