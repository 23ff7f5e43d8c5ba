#include "core/refs/template.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace vcube {
namespace {

using expression::Value;
using Document = nlohmann::json;

const Document& fixture() {
    static const Document document =
        Document::parse(std::ifstream(std::string(VCUBE_TEST_DATA) + "/refs/templates.json"));
    return document;
}

Value value_of(const Document& json) {
    if (json.is_boolean()) {
        return Value(json.get<bool>());
    }
    if (json.is_string()) {
        return Value(json.get<std::string>());
    }
    return json.is_number_float() ? Value(json.get<double>()) : Value(json.get<std::int64_t>());
}

Result<std::string> render(const std::string& text) {
    TemplateSet templates;
    for (const auto& [name, body] : fixture()["templates"].items()) {
        templates.add(name, body.get<std::string>());
    }
    std::map<std::string, Value, std::less<>> values;
    for (const auto& [name, value] : fixture()["context"].items()) {
        values.emplace(name, value_of(value));
    }
    const auto parsed = Template::parse(text);
    if (!parsed.ok()) {
        return parsed.error();
    }
    std::uint64_t budget = 1U << 20U;
    return parsed.value().render(templates.scope(
        [&](std::string_view name) {
            const auto found = values.find(name);
            return found == values.end() ? nullptr : &found->second;
        },
        &budget));
}

/// Jinja 3.1.2 gave the expectation (make_templates.py).
TEST(Template, GivesWhatJinjaGives) {
    // Errors here that are none in Jinja: names and places without a value become nothing there; lists and complex
    // numbers have no text here.
    const std::set<std::string> refused{"{{ upper }}", "{{ lower }}",    "{{ s[9] }}",
                                        "{{ i[0] }}",  "{{ () and 1 }}", "{{ j ** 0.5 }}"};
    std::size_t given = 0;
    for (const Document& item : fixture()["cases"]) {
        const auto text = item["template"].get<std::string>();
        const auto result = render(text);
        if (item["expected"].is_null() || refused.contains(text)) {
            EXPECT_FALSE(result.ok()) << text << " gave " << result.value();
            continue;
        }
        ASSERT_TRUE(result.ok()) << text << ": " << result.error().message;
        EXPECT_EQ(result.value(), item["expected"].get<std::string>()) << text;
        ++given;
    }
    EXPECT_GT(given, 200U);
}

TEST(Template, RefusesWhatItDoesNotReadByName) {
    for (const auto& [text, named] :
         std::initializer_list<std::pair<std::string, std::string>>{{"{% set a = 1 %}{{ a }}", "{% %}"},
                                                                    {"{{ i.real }}", "real"},
                                                                    {"{{ s.encode() }}", "encode"},
                                                                    {"{{ s | reverse }}", "reverse"},
                                                                    {"{{ i is odd }}", "odd"},
                                                                    {"{{ {'a': 1}['a'] }}", "dictionary"},
                                                                    {"{{ s[::2] }}", "step"},
                                                                    {"{{ f('x') }}", "by name"},
                                                                    {"{{ '%(a)s' % s }}", "%(a)s"},
                                                                    {"{{ nobody }}", "\"nobody\""},
                                                                    {"{{ u(x=1) }}", "\"u\""},
                                                                    {"{{ nobody(x=1) }}", "\"nobody\""},
                                                                    {"{{ nobody + 1 }}", "\"nobody\""}}) {
        const auto result = render(text);
        ASSERT_FALSE(result.ok()) << text;
        EXPECT_NE(result.error().message.find(named), std::string::npos) << result.error().message;
    }
}

TEST(Template, IsBounded) {
    const auto limited = [](const std::string& text) {
        const auto result = render(text);
        EXPECT_FALSE(result.ok()) << text.substr(0, 100);
        EXPECT_TRUE(result.ok() || result.error().code == ErrorCode::kLimit)
            << text.substr(0, 60) << ": " << result.error().message;
    };
    limited("{{ 9223372036854775807 + 1 }}");
    limited("{{ 9223372036854775808 }}");
    limited("{{ -9223372036854775807 - 2 }}");
    limited("{{ 3037000500 * 3037000500 }}");
    limited("{{ 10 ** 19 }}");
    limited("{{ (9223372036854775807 + 0) / 3 }}");
    limited("{{ 'a' * 100000 }}");
    limited("{{ ('a' * 60000) ~ ('b' * 60000) }}");
    limited("{{ ('a' * 60000) + ('b' * 60000) }}");
    limited("{{ '%1000000d' % 1 }}");
    limited("{{ '{:1000000}'.format(1) }}");
    limited("{{ 'a'.zfill(1000000) }}");
    limited("{{ ('a' * 60000).replace('a', 'bb') }}");
    limited(std::string(70000, 'x'));
    limited("{{ " + std::string(1000, '(') + "1" + std::string(1000, ')') + " }}");
    limited("{{ " + std::string(1000, '[') + "1" + std::string(1000, ']') + " }}");
    limited("{{ " + std::string(1000, '-') + "1 }}");
    std::string sum = "{{ 1";
    std::string negations = "{{ ";
    std::string comparisons = "{{ f(c=1";
    for (int i = 0; i < 1000; ++i) {
        sum += " + 1";
        negations += "not ";
        comparisons += " if 1 else 0";
    }
    limited(sum + " }}");
    limited(negations + "1 }}");
    limited(comparisons + ") }}");
    EXPECT_EQ(render("{{ -9223372036854775807 - 1 }}").value(), "-9223372036854775808");
    EXPECT_EQ(render("{{ '%d' % (-9223372036854775807 - 1) }}").value(), "-9223372036854775808");
    EXPECT_FALSE(render("{{ (-9223372036854775807 - 1) // -1 }}").ok());
    EXPECT_EQ(render("{{ (-9223372036854775807 - 1) % -1 }}").value(), "0");
}

TEST(Template, SpendsItsBudget) {
    std::uint64_t budget = 10;
    const TemplateSet none;
    const auto parsed = Template::parse("{{ 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 }}");
    ASSERT_TRUE(parsed.ok());
    const auto result = parsed.value().render(none.scope({}, &budget));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kLimit);
}

TEST(TemplateSet, NamesTheUrlWithoutItsSecrets) {
    TemplateSet templates;
    templates.add("u", "s3://b");
    const auto result = templates.render_url("https://me:word@h/{{nobody}}/x.nc?token=secret");
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().message.find("\"nobody\""), std::string::npos) << result.error().message;
    EXPECT_EQ(result.error().message.find("secret"), std::string::npos) << result.error().message;
    EXPECT_EQ(result.error().message.find("word"), std::string::npos) << result.error().message;
    EXPECT_EQ(templates.render_url("no {templates} }} here").value(), "no {templates} }} here");
    templates.add("u", "{{ broken");
    EXPECT_FALSE(templates.render_url("{{ u() }}").ok());
    EXPECT_FALSE(templates.render_url("{{u}}").ok());
    templates.add("u", "again");
    EXPECT_EQ(templates.render_url("{{u}}/{{ u }}").value(), "again/again");
    // Names that are no identifiers, as fsspec's simple way takes them.
    templates.add("my-u", "x");
    EXPECT_EQ(templates.render_url("{{my-u}}/a").value(), "x/a");
}

}  // namespace
}  // namespace vcube
