#include "core/cube/selection.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/base/concat.h"

namespace vcube {
namespace {

constexpr std::size_t kMaxChoices = 65536;

std::string_view without_leading_blanks(std::string_view text) {
    const std::size_t at = text.find_first_not_of(' ');
    return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

std::string_view trimmed(std::string_view text) {
    text = without_leading_blanks(text);
    while (text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    return text;
}

bool parse_whole(std::string_view text, std::int64_t& out) {
    text = trimmed(text);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

/// One item between brackets.
Result<Choice> parse_item(std::string_view text) {
    const Error wrong = invalid(concat("'", text,
                                       "' between the brackets is neither an index such as 3 or -1, counted from 0, "
                                       "nor a slice such as 2:5; expected whole numbers"));
    Choice choice;
    std::int64_t number = 0;
    if (text.find(':') == std::string_view::npos) {
        if (!parse_whole(text, number)) {
            return wrong;
        }
        choice.start = number;
        return choice;
    }
    choice.by = Choice::By::kSlice;
    for (std::optional<std::int64_t>* const part : {&choice.start, &choice.stop, &choice.step}) {
        const std::size_t colon = text.find(':');
        const std::string_view one = trimmed(text.substr(0, colon));
        if (!one.empty()) {
            if (!parse_whole(one, number)) {
                return wrong;
            }
            *part = number;
        }
        if (colon == std::string_view::npos) {
            text = {};
            break;
        }
        text.remove_prefix(colon + 1);
        if (part == &choice.step) {
            return wrong;
        }
    }
    if (choice.step == 0) {
        return invalid("the step of a slice is not 0");
    }
    return choice;
}

/// "[...]": `text` then starts behind it.
Status take_items(std::string_view& text, std::vector<Choice>& out) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) {
        return invalid("the bracket is not closed");
    }
    std::string_view items = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    while (true) {
        const std::size_t comma = items.find(',');
        VCUBE_ASSIGN(Choice choice, parse_item(items.substr(0, comma)));
        out.push_back(std::move(choice));
        if (comma == std::string_view::npos) {
            return {};
        }
        items.remove_prefix(comma + 1);
    }
}

Status take_choice(std::string_view& text, bool nearest, std::vector<Choice>& out) {
    if (text.starts_with('[')) {
        if (nearest) {
            return invalid("an index has no nearest one; expected a value after '~', or '=' before the bracket");
        }
        return take_items(text, out);
    }
    Choice choice;
    choice.by = nearest ? Choice::By::kNearest : Choice::By::kValue;
    VCUBE_ASSIGN(choice.first, take_text(text, ",/"));
    if (text.starts_with('/')) {
        if (nearest) {
            return invalid("a range has no nearest one; expected one value after '~', or '=' before the range");
        }
        choice.by = Choice::By::kRange;
        text.remove_prefix(1);
        VCUBE_ASSIGN(choice.last, take_text(text, ",/"));
    }
    if (text.starts_with('/')) {
        return invalid("more than one '/'; expected first/last, and quotes around a value that holds a '/'");
    }
    if (choice.first.empty() && choice.last.empty()) {
        return invalid("no value; expected one such as 2023-04-01 or 850, or an index such as [3]");
    }
    out.push_back(std::move(choice));
    return {};
}

Status take_choices(std::string_view& text, Selection& selection, bool nearest) {
    while (true) {
        text = without_leading_blanks(text);
        VCUBE_TRY(take_choice(text, nearest, selection.choices));
        text = without_leading_blanks(text);
        if (text.empty()) {
            return {};
        }
        if (text.front() != ',') {
            return invalid("expected a comma after the bracket");
        }
        const std::string_view next = without_leading_blanks(text.substr(1));
        if (next.starts_with('/') || starts_selection(next)) {
            return {};
        }
        if (selection.choices.size() >= kMaxChoices) {
            return over_limit("more than 65536 values");
        }
        text.remove_prefix(1);
    }
}

}  // namespace

bool Selection::several() const {
    return choices.size() > 1 || choices.front().by == Choice::By::kSlice || choices.front().by == Choice::By::kRange;
}

bool Selection::by_value() const {
    return std::any_of(choices.begin(), choices.end(), [](const Choice& choice) {
        return choice.by != Choice::By::kIndex && choice.by != Choice::By::kSlice;
    });
}

Result<std::string> take_text(std::string_view& text, std::string_view delimiters) {
    std::string out;
    bool quoted = false;
    std::size_t kept = 0;  // up to here blanks at the end are meant
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\\' && at + 1 < text.size()) {
            out += text[++at];
            kept = out.size();
        } else if (c == '"') {
            quoted = !quoted;
            kept = out.size();
        } else if (!quoted && delimiters.find(c) != std::string_view::npos) {
            break;
        } else {
            out += c;
            kept = quoted ? out.size() : kept;
        }
    }
    if (quoted) {
        return invalid(concat("'", text, "': the quote is not closed"));
    }
    text.remove_prefix(at);
    while (out.size() > kept && out.back() == ' ') {
        out.pop_back();
    }
    return out;
}

bool starts_selection(std::string_view text) {
    const auto name = take_text(text, "=~,:/[]");
    return name.ok() && !name.value().empty() && (text.starts_with('=') || text.starts_with('~'));
}

Result<Selections> parse_selections(std::string_view text) {
    Selections out;
    while (true) {
        text = without_leading_blanks(text);
        if (text.starts_with('/')) {
            out.rest = text;
            return out;
        }
        const std::string_view whole = text;
        if (!starts_selection(text)) {
            return invalid(
                concat("selection '", text, "': expected dimension=value, such as time=2023-04-01 or time=[3]"));
        }
        Selection selection;
        VCUBE_ASSIGN(selection.dimension, take_text(text, "=~,:/[]"));
        const bool nearest = text.front() == '~';
        text.remove_prefix(1);
        if (const Status status = take_choices(text, selection, nearest); !status.ok()) {
            const std::string_view tail = whole.substr(0, whole.find(",/"));
            return with_context(concat("selection '", tail, "'"), status.error());
        }
        selection.text = trimmed(whole.substr(0, whole.size() - text.size()));
        for (const Selection& other : out.list) {
            if (other.dimension == selection.dimension) {
                return invalid(concat("dimension '", selection.dimension, "' is selected twice"));
            }
        }
        out.list.push_back(std::move(selection));
        if (text.empty()) {
            return out;
        }
        text.remove_prefix(1);
    }
}

Result<std::vector<std::uint64_t>> positions_of(const Choice& choice, std::uint64_t size) {
    const auto extent =
        static_cast<std::int64_t>(std::min<std::uint64_t>(size, std::numeric_limits<std::int64_t>::max() / 2));
    const std::string has = concat("the dimension has ", std::to_string(size), " elements");
    if (choice.by == Choice::By::kIndex) {
        const std::int64_t index = choice.start.value_or(0);
        if (index >= extent || index < -extent) {
            return invalid(concat("[", std::to_string(index), "] is outside: ", has));
        }
        return std::vector<std::uint64_t>{static_cast<std::uint64_t>(index < 0 ? index + extent : index)};
    }
    const std::int64_t step = choice.step.value_or(1);
    const auto cut = [&](std::optional<std::int64_t> written, std::int64_t fallback) {
        if (!written) {
            return fallback;
        }
        const std::int64_t from_start =
            *written < 0 ? std::max<std::int64_t>(*written, -extent - 1) + extent : *written;
        return step > 0 ? std::clamp<std::int64_t>(from_start, 0, extent)
                        : std::clamp<std::int64_t>(from_start, -1, extent - 1);
    };
    const std::int64_t start = cut(choice.start, step > 0 ? 0 : extent - 1);
    const std::int64_t stop = cut(choice.stop, step > 0 ? extent : -1);
    std::vector<std::uint64_t> out;
    const std::uint64_t span = step > 0 ? (stop > start ? static_cast<std::uint64_t>(stop - start) : 0)
                                        : (start > stop ? static_cast<std::uint64_t>(start - stop) : 0);
    const std::uint64_t stride =
        step > 0 ? static_cast<std::uint64_t>(step) : std::uint64_t{0} - static_cast<std::uint64_t>(step);
    constexpr std::uint64_t kMaxPositions = std::uint64_t{1} << 24;
    if (span / stride > kMaxPositions) {
        return over_limit(concat("a slice of more than 16777216 elements: ", has));
    }
    for (std::uint64_t at = 0; at < span; at += std::min(stride, span - at)) {
        const auto offset = static_cast<std::int64_t>(at);
        out.push_back(static_cast<std::uint64_t>(step > 0 ? start + offset : start - offset));
    }
    if (out.empty()) {
        return invalid(concat("the slice holds nothing: ", has));
    }
    return out;
}

}  // namespace vcube
