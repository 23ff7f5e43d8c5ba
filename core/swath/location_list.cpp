#include "core/swath/location_list.h"

#include <algorithm>

#include "core/base/concat.h"

namespace vcube::swath {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMaxShown = 120;  // characters of a line in a message

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Takes the first line off the front of `text`.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return trimmed(line);
}

bool counts(std::string_view line) {
    return !line.empty() && line.front() != '#';
}

/// The first column of a table's line, or the text between quotes.
std::string_view location_of(std::string_view line, bool table) {
    if (line.starts_with('"')) {
        const std::size_t quote = line.find('"', 1);
        return quote == std::string_view::npos ? line : line.substr(1, quote - 1);
    }
    return table ? trimmed(line.substr(0, line.find_first_of(",;\t"))) : line;
}

bool is_table(std::string_view name) {
    return name.substr(0, name.find_first_of("?#")).ends_with(".csv");
}

Error fault(const std::string& name, std::size_t line, std::string_view text, std::string_view what) {
    std::string shown = redacted(text.substr(0, kMaxShown));
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
    return invalid(concat(name, ": line ", std::to_string(line), ": ", what, ", got '", shown, "'"));
}

}  // namespace

ProductEnding product_ending(std::string_view location) {
    const auto name = parse_product_name(location);
    if (!name) {
        return ProductEnding::kNone;
    }
    std::string_view ending = location.substr(location.rfind(name->name) + name->name.size());
    ending = ending.substr(0, ending.find_first_of("?#"));
    if (ending == ".nc") {
        return ProductEnding::kFile;
    }
    for (const std::string_view one : {".nc.json", ".json", ".nc.json.gz", ".json.gz", ".nc.json.zst", ".json.zst"}) {
        if (ending == one) {
            return ProductEnding::kReferences;
        }
    }
    return ProductEnding::kNone;
}

bool looks_like_location_list(std::string_view name, std::string_view head) {
    const bool text = std::none_of(head.begin(), head.end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\r' && c != '\n';
    });
    if (!text || head.empty()) {
        return false;
    }
    name = name.substr(0, name.find_first_of("?#"));
    for (const std::string_view ending : {".txt", ".csv", ".lst"}) {
        if (name.ends_with(ending)) {
            return true;
        }
    }
    head.remove_prefix(head.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
    while (!head.empty()) {
        const std::string_view line = take_line(head);
        if (counts(line)) {
            return product_ending(location_of(line, false)) != ProductEnding::kNone;
        }
    }
    return false;
}

Result<std::vector<ProductEntry>> parse_location_list(std::string_view text, const std::string& name,
                                                      const UrlPolicy& policy) {
    text.remove_prefix(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
    const bool table = is_table(name);
    std::vector<ProductEntry> out;
    bool first = true;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = take_line(text);
        if (!counts(line)) {
            continue;
        }
        const std::string_view location = location_of(line, table);
        const bool heading = table && first;
        first = false;
        if (product_ending(location) == ProductEnding::kNone) {
            if (heading) {
                continue;
            }
            return fault(name, number, line,
                         "expected the name of an SMOS product (SM_..._MIR_SMUDP2_... or SM_..._MIR_OSUDP2_..., ending "
                         "in .nc, or .json for references)");
        }
        Result<std::string> resolved = resolve_url(location, policy);
        if (!resolved.ok()) {
            return with_context(concat(name, ": line ", std::to_string(number)), resolved.error());
        }
        ProductEntry entry;
        entry.location = std::move(resolved).value();
        entry.name = parse_product_name(location).value_or(ProductName{});
        out.push_back(std::move(entry));
    }
    return out;
}

}  // namespace vcube::swath
