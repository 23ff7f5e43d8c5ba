#include "core/cube/attribute.h"

#include <charconv>
#include <limits>

namespace vcube {

namespace {

std::optional<double> number_of(const Json& value) {
    if (value.is_number()) {
        return value.get<double>();
    }
    if (value.is_string()) {
        return parse_number(value.get_ref<const std::string&>());
    }
    return std::nullopt;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

}  // namespace

const Json* find_attribute(const Json& attributes, const char* key) {
    if (!attributes.is_object()) {
        return nullptr;
    }
    const auto found = attributes.find(key);
    return found == attributes.end() ? nullptr : &*found;
}

std::string attribute_text(const Json& attributes, const char* key) {
    const Json* value = find_attribute(attributes, key);
    if (value != nullptr && value->is_array() && value->size() == 1) {
        value = &value->front();
    }
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<double> attribute_number(const Json& attributes, const char* key) {
    const Json* value = find_attribute(attributes, key);
    if (value != nullptr && value->is_array() && !value->empty()) {
        value = &value->front();
    }
    return value == nullptr ? std::nullopt : number_of(*value);
}

std::vector<double> attribute_numbers(const Json& attributes, const char* key) {
    std::vector<double> out;
    const Json* value = find_attribute(attributes, key);
    if (value == nullptr) {
        return out;
    }
    if (value->is_string()) {
        for (const std::string& word : split_words(value->get_ref<const std::string&>())) {
            const std::optional<double> number = parse_number(word);
            if (!number) {
                return {};
            }
            out.push_back(*number);
        }
        return out;
    }
    if (!value->is_array()) {
        const std::optional<double> number = number_of(*value);
        return number ? std::vector<double>{*number} : out;
    }
    for (const Json& element : *value) {
        const std::optional<double> number = number_of(element);
        if (!number) {
            return {};
        }
        out.push_back(*number);
    }
    return out;
}

std::optional<double> parse_number(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    if (!text.empty() && text.front() == '+') {
        text.remove_prefix(1);
    }
    const std::string lower = to_lower(text);
    if (lower == "nan") {
        return std::numeric_limits<double>::quiet_NaN();
    }
    if (lower == "infinity" || lower == "inf") {
        return std::numeric_limits<double>::infinity();
    }
    if (lower == "-infinity" || lower == "-inf") {
        return -std::numeric_limits<double>::infinity();
    }
    if (lower.empty() || !((lower[0] >= '0' && lower[0] <= '9') || lower[0] == '-' || lower[0] == '.')) {
        return std::nullopt;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(lower.data(), lower.data() + lower.size(), value);
    if (error != std::errc()) {
        return std::nullopt;
    }
    const std::string_view suffix(end, static_cast<std::size_t>(lower.data() + lower.size() - end));
    static constexpr std::string_view kSuffixes[] = {"", "b", "s", "l", "f", "d", "u", "ub", "us", "ul", "ll", "ull"};
    for (const std::string_view allowed : kSuffixes) {
        if (suffix == allowed) {
            return value;
        }
    }
    return std::nullopt;
}

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> out;
    std::string word;
    for (const char c : text) {
        if (is_blank(c) || c == ',') {
            if (!word.empty()) {
                out.push_back(std::move(word));
                word.clear();
            }
        } else {
            word += c;
        }
    }
    if (!word.empty()) {
        out.push_back(std::move(word));
    }
    return out;
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return out;
}

}  // namespace vcube
