// Dataset names, hostile: any text gives a name or an error. What is checked beside: a location and a path survive
// being written as a subdataset's name and read again; positions lie inside the dimension.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/cube/coordinate_lookup.h"
#include "driver/dataset_name.cpp"  // the driver is no library to link with; this file of it needs no GDAL

namespace vcube {
namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check_positions(const Selection& selection) {
    static const Coordinate numbers =
        Coordinate::of_numbers({1000, 850.5, 500, 0.1, -3}, DType{Kind::kFloat, 4, true, {}, {}});
    static const Coordinate times =
        Coordinate::of_times({0, 12, 24, 500, 9000}, TimeAxis::parse("hours since 2000-02-28", "noleap").value());
    static const Coordinate names = Coordinate::of_names({"a", "b,c", "", "Kiel", "Kiel"});
    for (const Coordinate* const coordinate : {&numbers, &times, &names, static_cast<const Coordinate*>(nullptr)}) {
        const auto positions = select_positions(selection, 5, coordinate);
        if (!positions.ok()) {
            require(!positions.error().message.empty());
            continue;
        }
        require(!positions.value().empty());
        require(selection.several() || positions.value().size() == 1);
        for (const std::uint64_t position : positions.value()) {
            require(position < 5);
        }
    }
}

void check(std::string_view text) {
    const auto parsed = driver::parse_dataset_name(text);
    if (!parsed.ok()) {
        require(!parsed.error().message.empty());
        return;
    }
    const driver::DatasetName& name = parsed.value();
    for (const Selection& selection : name.selections) {
        check_positions(selection);
    }
    if (name.location.empty() || name.location.find('"') != std::string::npos || name.path.empty()) {
        return;
    }
    const auto again = driver::parse_dataset_name(driver::subdataset_name(name.location, name.path));
    require(again.ok() && again.value().location == name.location && again.value().path == name.path);
    require(again.value().selections.empty() && again.value().others.empty());
}

}  // namespace
}  // namespace vcube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    vcube::check(text);
    vcube::check("VCUBE:\"refs.json\":/a:" + text);
    return 0;
}
