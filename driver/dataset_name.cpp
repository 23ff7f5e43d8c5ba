#include "driver/dataset_name.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace vcube::driver {
namespace {

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

/// Where a ":dim=..." list starts in `text`, or npos. A colon alone may be part of an array's name.
std::size_t selection_start(std::string_view text) {
    const std::size_t at = text.rfind(':');
    if (at == std::string_view::npos) {
        return at;
    }
    const std::string_view tail = text.substr(at + 1);
    const bool selects = tail.find_first_of("=~") != std::string_view::npos;
    return selects && tail.find('/') == std::string_view::npos ? at : std::string_view::npos;
}

Result<Selection> parse_selection(std::string_view text) {
    const std::string quoted = "selection '" + std::string(text) + "'";
    const std::size_t sign = text.find_first_of("=~");
    if (sign == std::string_view::npos || sign == 0) {
        return invalid(quoted + ": expected dimension=[index], such as time=[3]");
    }
    Selection selection{std::string(text.substr(0, sign)), 0};
    const std::string_view value = text.substr(sign + 1);
    if (text[sign] != '=' || value.size() < 3 || value.front() != '[' || value.back() != ']') {
        return unsupported(quoted + ": dimensions are chosen by index, such as " + selection.dimension + "=[3]");
    }
    const char* const last = value.data() + value.size() - 1;
    const auto [end, error] = std::from_chars(value.data() + 1, last, selection.index);
    if (error != std::errc() || end != last) {
        return invalid(quoted + ": expected a whole number from 0 between the brackets");
    }
    return selection;
}

Status parse_selections(std::string_view text, std::vector<Selection>& out) {
    while (true) {
        const std::size_t comma = text.find(',');
        VCUBE_ASSIGN(Selection selection, parse_selection(text.substr(0, comma)));
        for (const Selection& other : out) {
            if (other.dimension == selection.dimension) {
                return invalid("dimension '" + selection.dimension + "' is selected twice");
            }
        }
        out.push_back(std::move(selection));
        if (comma == std::string_view::npos) {
            return {};
        }
        text.remove_prefix(comma + 1);
    }
}

/// "/group/array", "/group/array:dim=[1]" or "dim=[1]".
Status parse_rest(std::string_view rest, DatasetName& name) {
    std::string_view path;
    std::string_view selections;
    if (rest.starts_with('/')) {
        const std::size_t colon = selection_start(rest);
        path = rest.substr(0, colon);
        if (colon != std::string_view::npos) {
            selections = rest.substr(colon + 1);
        }
    } else {
        selections = rest;
    }
    while (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    name.path = path;
    return selections.empty() ? Status() : parse_selections(selections, name.selections);
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
    std::string out(kPrefix);
    out.append("\"").append(location).append("\":/").append(path);
    return out;
}

}  // namespace vcube::driver
