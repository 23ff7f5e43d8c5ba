#include "driver/dataset_name.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include "core/base/concat.h"

namespace vcube::driver {
namespace {

constexpr std::size_t kMaxArrays = 65535;

bool equal_no_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::toupper(static_cast<unsigned char>(x)) == std::toupper(static_cast<unsigned char>(y));
    });
}

/// Where the location of an unquoted name ends: the last ":/" that is not the one of "://", or npos.
std::size_t unquoted_path_start(std::string_view text) {
    for (std::size_t at = text.rfind(":/"); at != std::string_view::npos && at > 0; at = text.rfind(":/", at - 1)) {
        if (text.substr(at, 3) != "://") {
            return at;
        }
    }
    return std::string_view::npos;
}

/// Where a ":dim=..." list starts in an unquoted name without an array, or npos.
std::size_t selection_start(std::string_view text) {
    for (std::size_t at = text.find(':'); at != std::string_view::npos; at = text.find(':', at + 1)) {
        if (starts_selection(text.substr(at + 1))) {
            return at;
        }
    }
    return std::string_view::npos;
}

/// A path from its leading slash on; `text` then starts at ":selection", at the comma before the next array, or is
/// empty. A colon or comma alone may be part of a name.
Result<std::string> take_path(std::string_view& text) {
    std::string path;
    while (true) {
        VCUBE_ASSIGN(const std::string part, take_text(text, ":,"));
        path += part;
        if (text.empty() || text.starts_with(",/") || (text.front() == ':' && starts_selection(text.substr(1)))) {
            break;
        }
        path += text.front();
        text.remove_prefix(1);
    }
    const std::size_t first = path.find_first_not_of('/');
    const std::size_t last = path.find_last_not_of('/');
    return first == std::string::npos ? std::string() : path.substr(first, last - first + 1);
}

/// "/group/array", "/group/array:dim=[1]", "/a,/b:dim=[1]" or "dim=[1]".
Status parse_rest(std::string_view rest, DatasetName& name) {
    if (!rest.starts_with('/') && !starts_selection(rest)) {
        return invalid(concat("expected :/array or :dimension=value after the location, got ':", rest, "'"));
    }
    std::vector<NamedArray> arrays;
    std::size_t bare = 0;  // arrays from here on have no selections yet
    while (true) {
        NamedArray& array = arrays.emplace_back();
        if (rest.starts_with('/')) {
            VCUBE_ASSIGN(array.path, take_path(rest));
            rest.remove_prefix(rest.starts_with(':') ? 1 : 0);
        }
        if (!rest.empty() && !rest.starts_with(",/")) {
            VCUBE_ASSIGN(Selections selections, parse_selections(rest));
            for (Selection& selection : selections.list) {
                selection.shared = arrays.size() - bare > 1;
            }
            for (; bare < arrays.size(); ++bare) {
                arrays[bare].selections = selections.list;
            }
            rest = selections.rest;
        } else {
            rest.remove_prefix(rest.empty() ? 0 : 1);
        }
        if (rest.empty()) {
            break;
        }
        if (arrays.size() >= kMaxArrays) {
            return over_limit("more than 65535 arrays");
        }
    }
    if (arrays.size() > 1 && std::any_of(arrays.begin(), arrays.end(), [](const auto& a) { return a.path.empty(); })) {
        return invalid("an array has no name; expected /a,/b");
    }
    name.path = std::move(arrays.front().path);
    name.selections = std::move(arrays.front().selections);
    name.others.assign(std::make_move_iterator(arrays.begin() + 1), std::make_move_iterator(arrays.end()));
    return {};
}

}  // namespace

bool has_prefix(std::string_view name) {
    return name.size() >= kPrefix.size() && equal_no_case(name.substr(0, kPrefix.size()), kPrefix);
}

Result<DatasetName> parse_dataset_name(std::string_view text) {
    DatasetName name;
    if (!has_prefix(text)) {
        name.location = text;
        return name;
    }
    name.prefixed = true;
    std::string_view body = text.substr(kPrefix.size());
    if (equal_no_case(body, "DGG")) {
        name.dgg = true;
        return name;
    }
    std::string_view rest;
    bool has_rest = false;
    if (body.starts_with('"')) {
        const std::size_t quote = body.find('"', 1);
        if (quote == std::string_view::npos) {
            return invalid("dataset name: the quote before the location is not closed; expected VCUBE:\"location\"");
        }
        name.location = body.substr(1, quote - 1);
        rest = body.substr(quote + 1);
        if (!rest.empty() && (rest.front() != ':' || rest.size() == 1)) {
            return invalid("dataset name: expected :/array after the quoted location, got '" + std::string(rest) + "'");
        }
        has_rest = !rest.empty();
    } else {
        std::size_t end = unquoted_path_start(body);
        if (end == std::string_view::npos) {
            end = selection_start(body);
        }
        name.location = body.substr(0, end);
        has_rest = end != std::string_view::npos;
        rest = has_rest ? body.substr(end) : std::string_view();
    }
    if (name.location.empty()) {
        return invalid(
            "dataset name: no location; expected VCUBE:\"location\", VCUBE:\"location\":/array or VCUBE:DGG");
    }
    if (has_rest) {
        if (Status status = parse_rest(rest.substr(1), name); !status.ok()) {
            return with_context("dataset name", status.error());
        }
    }
    return name;
}

std::string subdataset_name(std::string_view location, std::string_view path) {
    // Blanks before a colon or at the end are not part of an unquoted path.
    const bool plain = path.find_first_of("\"\\,=~") == std::string_view::npos &&
                       path.find(" :") == std::string_view::npos && !path.ends_with(' ');
    std::string out(kPrefix);
    out.append("\"").append(location).append("\":/");
    if (plain) {
        return out.append(path);
    }
    out += '"';
    for (const char c : path) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

}  // namespace vcube::driver
