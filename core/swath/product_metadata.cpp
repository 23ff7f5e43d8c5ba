#include "core/swath/product_metadata.h"

#include <cctype>

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

// "a/b/SM_OPER_..._1.nc.json" -> "SM_OPER_..._1"; "" where the last part is no SMOS product's name.
std::string_view product_name_of(std::string_view location) {
    location = location.substr(location.find_last_of('/') + 1);
    location = location.substr(0, location.find('.'));
    return location.starts_with("SM_") && location.size() >= 60 ? location : std::string_view();
}

struct NameParts {
    std::string_view type, start, stop, processor, counter;
};

// SM_OPER_MIR_SMUDP2_<start>_<stop>_<processor>_<counter>_<site>: fixed columns.
NameParts split_name(std::string_view name) {
    NameParts parts;
    if (name.size() < 60 || name[18] != '_' || name[34] != '_' || name[50] != '_' || name[54] != '_') {
        return parts;
    }
    parts.type = name.substr(8, 10);
    parts.start = name.substr(19, 15);
    parts.stop = name.substr(35, 15);
    parts.processor = name.substr(51, 3);
    parts.counter = name.substr(55, 3);
    return parts;
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
    if (text.size() == 15 && text[8] == 'T' && all_digits(text.substr(0, 8)) && all_digits(text.substr(9))) {
        std::string out;
        for (const char c : text) {
            out += c;
            out += out.size() == 4 || out.size() == 7 ? "-" : out.size() == 13 || out.size() == 16 ? ":" : "";
        }
        return out + "Z";
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
    std::string name = header_text(attributes, true, "File_Name");
    if (product_name_of(name).empty()) {
        name = product_name_of(location);
    }
    const NameParts parts = split_name(name);
    const auto first_of = [](std::string_view first, std::string_view second) {
        return std::string(first.empty() ? second : first);
    };
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
        first_of(attribute_time(true, "Validity_Start"), first_of(smos_time(parts.start), precise_start)));
    add("ACQUISITION_STOP",
        first_of(attribute_time(true, "Validity_Stop"), first_of(smos_time(parts.stop), precise_stop)));
    add("PRECISE_START", precise_start);
    add("PRECISE_STOP", precise_stop);
    add("ORBIT", orbit_number(header_text(attributes, false, "Abs_Orbit")));
    add("PASS", pass_name(header_text(attributes, false, "Ascending_Flag")));
    add("PRODUCT_TYPE", first_of(header_text(attributes, true, "File_Type"), parts.type));
    add("PRODUCT_NAME", name);
    add("PROCESSOR_VERSION", first_of(std::string(parts.processor), header_text(attributes, true, "Creator_Version")));
    add("PRODUCT_COUNTER", std::string(parts.counter));
    return items;
}

}  // namespace vcube::swath
