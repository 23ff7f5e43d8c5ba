// Expected values: tests/data/swath/composites.json, made by numpy (make_composites.py).
#include "core/swath/composite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

#include "core/base/dtype_text.h"
#include "core/base/json.h"
#include "core/base/patience.h"
#include "core/dgg/isea.h"
#include "core/swath/typed_column.h"
#include "tests/unit/swath/product_set.h"

namespace vcube::swath {
namespace {

using test::Bytes;
using test::ProductSet;
using testing::HasSubstr;
using testing::IsEmpty;

const Json& fixture() {
    static const Json made = [] {
        std::ifstream file(std::string(VCUBE_TEST_DATA) + "/swath/composites.json");
        std::stringstream text;
        text << file.rdbuf();
        return Json::parse(text.str());
    }();
    return made;
}

// JSON has null for NaN.
Bytes column_bytes(const DType& type, const Json& values) {
    return visit_type(type, [&]<class T>(T /*type*/) {
        std::vector<T> column;
        for (const Json& value : values) {
            column.push_back(value.is_null() ? std::numeric_limits<T>::quiet_NaN()
                                             : static_cast<T>(value.get<double>()));
        }
        return test::bytes_of(column);
    });
}

std::unique_ptr<ProductSet> fixture_products() {
    auto set = std::make_unique<ProductSet>();
    for (const Json& product : fixture()["products"]) {
        set->begin(product["pass"] == "A");
        for (const auto& [name, column] : product["columns"].items()) {
            const auto text = column[0].get<std::string>();
            const DType type = parse_dtype(std::string_view(text)).value();
            set->add_bytes(name, text, column_bytes(type, column[1]), type.size, fixture()["attributes"][name].dump());
        }
    }
    return set;
}

Method method_named(const std::string& name) {
    for (const Method method : {Method::kLast, Method::kFirst, Method::kMean, Method::kMin, Method::kMax,
                                Method::kCount, Method::kMedian, Method::kBest, Method::kMode, Method::kOr}) {
        if (name == name_of(method)) {
            return method;
        }
    }
    throw std::runtime_error(name);
}

Recipe recipe_of(const Json& wanted) {
    Recipe recipe;
    recipe.variable = wanted["variable"];
    recipe.method = method_named(wanted["method"]);
    recipe.quality = wanted.value("quality", "");
    recipe.observation_time = wanted.value("time", false);
    recipe.filter = Filter::parse(wanted.value("filter", "")).value();
    return recipe;
}

CollectionOptions options_of(const Json& wanted) {
    CollectionOptions options;
    if (wanted.contains("pass")) {
        options.pass = wanted["pass"] == "ASCENDING" ? Pass::kAscending : Pass::kDescending;
    }
    if (wanted.contains("box")) {
        const Json& box = wanted["box"];
        options.box = LonLatBox{box[0], box[1], box[2], box[3]};
    }
    return options;
}

// The element of a cell, nodata where the table has none.
std::vector<std::byte> element_of(const CellTable& table, std::uint32_t seqnum) {
    const dgg::BlockCell place = dgg::block_cell_of(seqnum);
    const std::byte* const block = table.block(place.block);
    const std::size_t size = table.form().type.size;
    return block == nullptr ? table.form().nodata
                            : std::vector<std::byte>(block + place.cell * size, block + (place.cell + 1) * size);
}

// Cells whose element is not the expected one, to the bit; NaN is NaN.
std::vector<std::string> differences(const CellTable& table, const Json& values) {
    std::vector<std::string> out;
    const Json& cells = fixture()["cells"];
    for (std::size_t k = 0; k < cells.size(); ++k) {
        const auto seqnum = cells[k].get<std::uint32_t>();
        const auto got = element_of(table, seqnum);
        const auto wanted = values[k].is_null() ? table.form().nodata : [&] {
            const Bytes bytes = column_bytes(table.form().type, Json::array({values[k]}));
            return std::vector<std::byte>(bytes.begin(), bytes.end());
        }();
        const bool both_nan = visit_type(table.form().type, [&]<class T>(T a) {
            T b{};
            std::memcpy(&a, got.data(), sizeof(T));
            std::memcpy(&b, wanted.data(), sizeof(T));
            return is_nan(a) && is_nan(b);
        });
        if (got != wanted && !both_nan) {
            out.push_back(std::to_string(seqnum) + ": expected " + values[k].dump());
        }
    }
    return out;
}

bool same_tables(const CellTable& a, const CellTable& b) {
    if (a.blocks().size() != b.blocks().size()) {
        return false;
    }
    for (std::size_t k = 0; k < a.blocks().size(); ++k) {
        const auto& [block, values] = a.blocks()[k];
        const auto& [other_block, other] = b.blocks()[k];
        if (block != other_block || values->size() != other->size() ||
            std::memcmp(values->data(), other->data(), values->size()) != 0) {
            return false;
        }
    }
    return true;
}

dgg::BlockSet blocks_of(const std::vector<std::uint32_t>& seqnums) {
    dgg::BlockSet blocks;
    for (const std::uint32_t seqnum : seqnums) {
        blocks.insert(dgg::block_cell_of(seqnum).block);
    }
    return blocks;
}

Recipe recipe(Method method, const std::string& variable = "Soil_Moisture") {
    Recipe made;
    made.variable = variable;
    made.method = method;
    made.quality = "Soil_Moisture_DQX";
    return made;
}

TEST(Composite, EveryMethodGivesWhatNumpyGives) {
    const auto set = fixture_products();
    std::size_t cases = 0;
    for (const Json& wanted : fixture()["cases"]) {
        Composer composer(set->collection(options_of(wanted)));
        const auto table = composer.table(set->all(), recipe_of(wanted), dgg::BlockSet::all());
        Json name = wanted;
        name.erase("values");
        ASSERT_TRUE(table.ok()) << name << " " << table.error().message;
        EXPECT_THAT(differences(*table.value(), wanted["values"]), IsEmpty()) << name;
        ++cases;
    }
    EXPECT_EQ(cases, 69U);
}

// Groups of one product, several rounds of blocks for methods that hold all values, any number of threads.
TEST(Composite, NeitherMemoryNorThreadsChangeValues) {
    const auto set = fixture_products();
    for (const Json& wanted : fixture()["cases"]) {
        Composer composer(set->collection(options_of(wanted)), std::size_t{1} << 20U, 64);
        for (const std::size_t threads : {1U, 2U, 3U}) {
            Recipe other = recipe_of(wanted);
            const auto table = Composer(set->collection(options_of(wanted)), 0, 2048 * threads)
                                   .table(set->all(), other, dgg::BlockSet::all(), threads);
            EXPECT_THAT(differences(*table.value(), wanted["values"]), IsEmpty()) << other.text() << threads;
        }
        const auto table = composer.table(set->all(), recipe_of(wanted), dgg::BlockSet::all());
        EXPECT_THAT(differences(*table.value(), wanted["values"]), IsEmpty());
    }
}

TEST(Composite, OnlyTheBlocksAskedForAreMade) {
    const auto set = fixture_products();
    const auto cells = fixture()["cells"].get<std::vector<std::uint32_t>>();
    Composer composer(set->collection());
    const auto whole =
        Composer(set->collection()).table(set->all(), recipe(Method::kMean), dgg::BlockSet::all()).value();
    const dgg::BlockSet two = blocks_of({1, cells[cells.size() / 2]});
    const auto part = composer.table(set->all(), recipe(Method::kMean), two).value();
    EXPECT_EQ(part->blocks().size(), 2U);
    for (const auto& [block, values] : part->blocks()) {
        EXPECT_TRUE(two.contains(block));
        EXPECT_EQ(std::memcmp(values->data(), whole->block(block), values->size()), 0);
    }
    // What is there is taken from there: the same bytes, no second look at them.
    const auto all = composer.table(set->all(), recipe(Method::kMean), dgg::BlockSet::all()).value();
    EXPECT_TRUE(same_tables(*all, *whole));
    for (const auto& [block, values] : part->blocks()) {
        EXPECT_EQ(all->block(block), values->data());
    }
    const auto hit = composer.table(set->all(), recipe(Method::kMean), two).value();
    EXPECT_EQ(composer.table(set->all(), recipe(Method::kMean), dgg::BlockSet::all()).value(), hit);
}

TEST(Composite, ProductsElsewhereAreNotRead) {
    ProductSet set;
    for (const std::uint32_t seqnum : {600000U, 600001U, 2000000U}) {
        set.begin();
        set.add<std::uint32_t>("Grid_Point_ID", "<u4", {dgg::grid_point_id(seqnum)});
        set.add<float>("V", "<f4", {static_cast<float>(seqnum)});
    }
    const auto collection = set.collection();
    ASSERT_EQ(collection->touching(0, 3, dgg::BlockSet::all()).value().size(), 3U);
    set.damage(2, "V");
    Composer composer(collection);
    const auto table = composer.table(set.all(), recipe(Method::kLast, "V"), blocks_of({600000})).value();
    EXPECT_EQ(table->blocks().size(), 1U);
    EXPECT_TRUE(collection->failures().empty());
}

TEST(Composite, ManyStepsInOneGo) {
    const auto set = fixture_products();
    const std::vector<Period> periods{{{0, 1}, 0, 2}, {{1, 2}, 2, 1}, {{2, 3}, 3, 3}};
    Composer composer(set->collection());
    const auto tables = composer.tables(periods, recipe(Method::kMedian), dgg::BlockSet::all()).value();
    ASSERT_EQ(tables.size(), 3U);
    EXPECT_EQ(set->openings, 6);
    for (std::size_t k = 0; k < periods.size(); ++k) {
        const auto one =
            Composer(set->collection()).table(periods[k], recipe(Method::kMedian), dgg::BlockSet::all()).value();
        EXPECT_TRUE(same_tables(*tables[k], *one)) << k;
    }
    // The same step twice in one request.
    const std::vector<Period> twice{periods[1], periods[1]};
    const auto same = Composer(set->collection()).tables(twice, recipe(Method::kLast), dgg::BlockSet::all()).value();
    EXPECT_TRUE(same_tables(*same[0], *same[1]));
}

TEST(Composite, ADamagedProductIsLeftOutWholly) {
    // The fourth product's quality cannot be read: neither can the rows where it would not have been needed.
    const auto set = fixture_products();
    set->damage(3, "Soil_Moisture_DQX");
    const auto collection = set->collection();
    const auto table = Composer(collection).table(set->all(), recipe(Method::kBest), dgg::BlockSet::all());
    ASSERT_TRUE(table.ok()) << table.error().message;
    ASSERT_EQ(collection->failures().size(), 1U);
    EXPECT_EQ(collection->failures()[0].product, 3U);
    EXPECT_THAT(collection->failures()[0].error.message, HasSubstr("Soil_Moisture_DQX"));

    ProductSet others;
    const auto& products = fixture()["products"];
    for (std::size_t k = 0; k < products.size(); ++k) {
        if (k != 3) {
            others.begin();
            for (const auto& [name, column] : products[k]["columns"].items()) {
                const auto text = column[0].get<std::string>();
                const DType type = parse_dtype(std::string_view(text)).value();
                others.add_bytes(name, text, column_bytes(type, column[1]), type.size,
                                 fixture()["attributes"][name].dump());
            }
        }
    }
    const auto expected =
        Composer(others.collection()).table(others.all(), recipe(Method::kBest), dgg::BlockSet::all()).value();
    EXPECT_TRUE(same_tables(*table.value(), *expected));
}

TEST(Composite, AFailureIsAnErrorWhereThatIsAsked) {
    const auto set = fixture_products();
    set->damage(3, "Soil_Moisture");
    CollectionOptions options;
    options.failure_is_error = true;
    Composer composer(set->collection(options));
    const auto table = composer.table(set->all(), recipe(Method::kLast), dgg::BlockSet::all());
    ASSERT_FALSE(table.ok());
    EXPECT_THAT(table.error().message, HasSubstr("Soil_Moisture"));
    // The blocks were given up: other variables and further attempts are not stuck.
    EXPECT_TRUE(composer.table(set->all(), recipe(Method::kLast, "Altitude"), dgg::BlockSet::all()).ok());
    EXPECT_FALSE(composer.table(set->all(), recipe(Method::kLast), dgg::BlockSet::all()).ok());
}

TEST(Composite, ProductsOfOtherNumbersAreLeftOut) {
    ProductSet set;
    const auto add = [&set](const std::string& type, const std::string& attributes) {
        set.begin();
        set.add<std::uint32_t>("Grid_Point_ID", "<u4", {5});
        set.add<std::uint16_t>("V", type, {7}, attributes);
    };
    add("<u2", R"({"scale_factor": 0.5})");
    add("<i2", R"({"scale_factor": 0.5})");
    add("<u2", R"({"scale_factor": 0.25})");
    add("<u2", R"({"scale_factor": 0.5, "add_offset": 0})");
    const auto collection = set.collection();
    const auto table = Composer(collection).table(set.all(), recipe(Method::kCount, "V"), dgg::BlockSet::all()).value();
    EXPECT_EQ(element_of(*table, 5), test::bytes_of(std::vector<std::uint32_t>{2}));
    ASSERT_EQ(collection->failures().size(), 2U);
    EXPECT_THAT(collection->failures()[0].error.message, HasSubstr("<i2"));
    EXPECT_THAT(collection->failures()[1].error.message, HasSubstr("0.25"));
}

// Products are let go as soon as their samples are taken, whatever the number of them.
TEST(Composite, MemoryDoesNotGrowWithProducts) {
    ProductSet set;
    constexpr std::uint32_t kProducts = 300, kRows = 2000;
    std::vector<float> sums(kRows, 0);
    for (std::uint32_t k = 0; k < kProducts; ++k) {
        std::vector<std::uint32_t> ids;
        std::vector<float> values;
        for (std::uint32_t row = 0; row < kRows; ++row) {
            ids.push_back(dgg::grid_point_id(600000 + row));
            values.push_back(static_cast<float>((row * 7 + k) % 31));
            sums[row] += values.back();
        }
        set.begin();
        set.add("Grid_Point_ID", "<u4", ids);
        set.add("V", "<f4", values);
    }
    CollectionOptions options;
    options.product_bytes = std::size_t{1} << 18U;  // some ten products, and those that threads have in hand
    const auto collection = set.collection(options);
    Composer composer(collection, 0, std::size_t{1} << 18U);
    const auto table = composer.table(set.all(), recipe(Method::kMean, "V"), dgg::BlockSet::all()).value();
    for (std::uint32_t row = 0; row < kRows; row += 97) {
        EXPECT_EQ(element_of(*table, 600000 + row), test::bytes_of(std::vector<double>{double{sums[row]} / kProducts}));
    }
    EXPECT_LT(set.most_alive, 60);
    // All values at once do not fit: one part of the blocks after another.
    const auto median = composer.table(set.all(), recipe(Method::kMedian, "V"), dgg::BlockSet::all()).value();
    for (std::uint32_t row = 0; row < kRows; row += 97) {
        std::vector<double> values;
        for (std::uint32_t k = 0; k < kProducts; ++k) {
            values.push_back((row * 7 + k) % 31);
        }
        std::sort(values.begin(), values.end());
        const double middle = (values[kProducts / 2 - 1] + values[kProducts / 2]) / 2;
        EXPECT_EQ(element_of(*median, 600000 + row), test::bytes_of(std::vector<double>{middle}));
    }
    EXPECT_LT(set.most_alive, 60);
}

TEST(Composite, OldTablesGoWhenThereAreTooMany) {
    const auto set = fixture_products();
    const auto collection = set->collection();
    const auto used = Composer(collection).table(set->all(), recipe(Method::kLast), dgg::BlockSet::all()).value();
    const std::size_t bytes = used->blocks().size() * dgg::kBlockCells * sizeof(float);
    Composer composer(collection, 2 * bytes + 8192);
    const auto make = [&](const char* variable) {
        return composer.table(set->all(), recipe(Method::kLast, variable), dgg::BlockSet::all()).value();
    };
    const auto first = make("Soil_Moisture");
    make("Soil_Moisture_DQX");
    EXPECT_EQ(make("Soil_Moisture"), first);  // used last, so it stays
    make("Altitude");
    EXPECT_EQ(make("Soil_Moisture"), first);
    make("Soil_Moisture_DQX");
    make("Altitude");
    const auto again = make("Soil_Moisture");
    EXPECT_NE(again, first);
    EXPECT_TRUE(same_tables(*again, *first));
    Composer without(collection, 0);
    EXPECT_TRUE(same_tables(*without.table(set->all(), recipe(Method::kLast), dgg::BlockSet::all()).value(), *first));
}

TEST(Composite, ThreadsShareWhatTheyMake) {
    const auto set = fixture_products();
    const auto cells = fixture()["cells"].get<std::vector<std::uint32_t>>();
    const auto expected =
        Composer(set->collection()).table(set->all(), recipe(Method::kMean), dgg::BlockSet::all()).value();
    Composer composer(set->collection());
    std::vector<std::shared_ptr<const CellTable>> tables(8);
    std::vector<std::thread> threads;
    for (std::size_t k = 0; k < tables.size(); ++k) {
        threads.emplace_back([&, k] {
            // Half of them begin with a part of the blocks.
            if (k % 2 == 0) {
                EXPECT_TRUE(composer.table(set->all(), recipe(Method::kMean), blocks_of({cells[k * 10]})).ok());
            }
            tables[k] = composer.table(set->all(), recipe(Method::kMean), dgg::BlockSet::all()).value();
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const auto& table : tables) {
        EXPECT_TRUE(same_tables(*table, *expected));
        for (const auto& [block, values] : table->blocks()) {
            EXPECT_EQ(values->data(), tables[0]->block(block));  // each block was made once
        }
    }
}

TEST(Composite, CanBeStopped) {
    const auto set = fixture_products();
    Composer composer(set->collection());
    {
        const Patience patience([](double) { return false; });
        const auto table = composer.table(set->all(), recipe(Method::kLast), dgg::BlockSet::all());
        ASSERT_FALSE(table.ok());
        EXPECT_EQ(table.error().code, ErrorCode::kCancelled);
    }
    EXPECT_LE(set->openings, 1);  // what tells the variables
    EXPECT_TRUE(composer.collection().failures().empty());
    EXPECT_TRUE(composer.table(set->all(), recipe(Method::kLast), dgg::BlockSet::all()).ok());
}

class CompositeForm : public testing::Test {
protected:
    std::unique_ptr<ProductSet> set = fixture_products();
    std::shared_ptr<const Product> sample = set->collection()->sample().value();

    ResultForm form(Method method, const std::string& variable, bool time = false) {
        Recipe wanted = recipe(method, variable);
        wanted.observation_time = time;
        return form_of(*sample, wanted).value();
    }
    std::string refusal(const Recipe& wanted) {
        const auto made = form_of(*sample, wanted);
        return made.ok() ? "" : made.error().message;
    }
};

TEST_F(CompositeForm, IsThatOfTheMethod) {
    const ResultForm last = form(Method::kLast, "RFI_Prob");
    EXPECT_EQ(dtype_text(last.type), "|u1");
    EXPECT_EQ(last.nodata, test::bytes_of(std::vector<std::uint8_t>{255}));
    EXPECT_TRUE(last.has_nodata && last.scaled);
    const ResultForm mean = form(Method::kMean, "RFI_Prob");
    EXPECT_EQ(dtype_text(mean.type), "<f8");
    EXPECT_TRUE(mean.has_nodata && mean.scaled);
    const ResultForm count = form(Method::kCount, "RFI_Prob");
    EXPECT_EQ(dtype_text(count.type), "<u4");
    EXPECT_FALSE(count.has_nodata || count.scaled);
    const ResultForm time = form(Method::kLast, "RFI_Prob", true);
    EXPECT_EQ(dtype_text(time.type), "<f8");
    EXPECT_TRUE(time.has_nodata && !time.scaled);
    EXPECT_EQ(form(Method::kMode, "Confidence_Flags").nodata, test::bytes_of(std::vector<std::uint16_t>{65535}));
}

TEST_F(CompositeForm, RefusesWhatHasNoMeaning) {
    EXPECT_THAT(refusal(recipe(Method::kLast, "Nothing")), HasSubstr("Soil_Moisture_DQX"));
    EXPECT_THAT(refusal(recipe(Method::kMean, "Confidence_Flags")), HasSubstr("MODE, OR"));
    EXPECT_THAT(refusal(recipe(Method::kOr)), HasSubstr("MEDIAN"));
    Recipe best = recipe(Method::kBest);
    best.quality = "";
    EXPECT_THAT(refusal(best), HasSubstr("quality"));
    best.quality = "None";
    EXPECT_THAT(refusal(best), HasSubstr("no variable None"));
    Recipe filtered = recipe(Method::kLast);
    filtered.filter = Filter::parse("Nothing<1").value();
    EXPECT_THAT(refusal(filtered), HasSubstr("Nothing"));
}

TEST_F(CompositeForm, FindsTheQualityVariable) {
    EXPECT_EQ(quality_of(*sample, "Soil_Moisture"), "Soil_Moisture_DQX");
    EXPECT_EQ(quality_of(*sample, "Altitude"), "Soil_Moisture_DQX");
    ProductSet ocean;
    ocean.begin();
    ocean.add<std::uint32_t>("Grid_Point_ID", "<u4", {5});
    const auto nothing = ocean.collection()->sample().value();
    EXPECT_EQ(quality_of(*nothing, "SSS_corr"), std::nullopt);
    ocean.add<float>("Sigma_SSS_corr", "<f4", {5});
    ocean.add<float>("Sigma_SSS_anom", "<f4", {5});
    const auto product = ocean.collection()->sample().value();
    EXPECT_EQ(quality_of(*product, "SSS_anom"), "Sigma_SSS_anom");
    EXPECT_EQ(quality_of(*product, "X_swath"), "Sigma_SSS_corr");
}

TEST_F(CompositeForm, RecipesAreToldApart) {
    const Recipe one = recipe(Method::kLast);
    Recipe other = one;
    EXPECT_EQ(one.text(), other.text());
    other.quality = "ignored";
    EXPECT_EQ(one.text(), other.text());
    other.observation_time = true;
    EXPECT_NE(one.text(), other.text());
    other = one;
    other.filter = Filter::parse("Altitude>5").value();
    EXPECT_NE(one.text(), other.text());
    EXPECT_NE(one.text(), recipe(Method::kFirst).text());
}

}  // namespace
}  // namespace vcube::swath
