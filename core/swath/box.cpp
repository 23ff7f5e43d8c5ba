#include "core/swath/box.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <string>

#include "core/swath/block_caps.h"

namespace vcube::swath {

namespace {

constexpr double kRadians = std::numbers::pi / 180;

enum class Place { kOutside, kBorder, kInside };

/// Where a cap lies; kBorder where that is not sure.
Place place_of(const Cap& cap, const LonLatBox& box) {
    constexpr double kSlack = 1e-9;  // degrees
    const double radius = cap.radius / kRadians + kSlack;
    const double lat = std::asin(std::clamp(cap.middle.z, -1.0, 1.0)) / kRadians;
    const double lon = std::atan2(cap.middle.y, cap.middle.x) / kRadians;
    if (lat + radius < box.south || lat - radius > box.north) {
        return Place::kOutside;
    }
    if (std::abs(lat) + radius >= 90) {
        return Place::kBorder;
    }
    const double reach = std::asin(std::sin(cap.radius) / std::cos(lat * kRadians)) / kRadians + kSlack;
    const double width = box.east - box.west + (box.west > box.east ? 360 : 0);
    double ahead = std::fmod(lon - box.west, 360);  // of the western border
    ahead += ahead < 0 ? 360 : 0;
    if (width < 360 && ahead - reach > width && ahead + reach < 360) {
        return Place::kOutside;
    }
    const bool between = width >= 360 || (ahead - reach >= 0 && ahead + reach <= width);
    return between && lat - radius >= box.south && lat + radius <= box.north ? Place::kInside : Place::kBorder;
}

}  // namespace

bool LonLatBox::contains(double lon, double lat) const {
    if (!(lat >= south && lat <= north)) {
        return false;
    }
    const double end = east + (west > east ? 360 : 0);
    for (const double turn : {-360.0, 0.0, 360.0, 720.0}) {
        if (lon + turn >= west && lon + turn <= end) {
            return true;
        }
    }
    return false;
}

Result<LonLatBox> parse_box(std::string_view text) {
    const auto wrong = [text](const char* why) {
        return invalid("BBOX: \"" + std::string(text) + "\": " + why +
                       "; expected west,south,east,north in degrees: west and east in -180..360 (west > east crosses "
                       "the date line), south <= north in -90..90");
    };
    std::array<double, 4> numbers{};
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto skip_spaces = [&] {
        while (at != end && *at == ' ') {
            ++at;
        }
    };
    for (std::size_t k = 0; k < numbers.size(); ++k) {
        skip_spaces();
        at += at != end && *at == '+' ? 1 : 0;
        const auto [stop, error] = std::from_chars(at, end, numbers[k], std::chars_format::general);
        if (error != std::errc() || !std::isfinite(numbers[k])) {
            return wrong("not four numbers");
        }
        at = stop;
        skip_spaces();
        if (k + 1 < numbers.size() ? at == end || *at++ != ',' : at != end) {
            return wrong("not four numbers");
        }
    }
    const auto [west, south, east, north] = numbers;
    if (west < -180 || west > 360 || east < -180 || east > 360) {
        return wrong("a longitude is out of range");
    }
    if (south < -90 || north > 90) {
        return wrong("a latitude is out of range");
    }
    if (south > north) {
        return wrong("south is larger than north");
    }
    return LonLatBox{west, south, east, north};
}

BoxCells::BoxCells(const LonLatBox& box) : parts_(2), part_of_(dgg::kBlockCount, 0) {
    parts_[1].fill(~std::uint64_t{0});
    const auto caps = block_caps();
    for (std::uint32_t block = 0; block < dgg::kBlockCount; ++block) {
        const Place place = place_of(caps[block], box);
        if (place == Place::kInside) {
            whole_.insert(block);
            blocks_.insert(block);
            part_of_[block] = 1;
        }
        if (place != Place::kBorder) {
            continue;
        }
        Bits bits{};
        for (std::uint32_t cell = 0; cell < dgg::kBlockCells; ++cell) {
            const std::uint32_t seqnum = dgg::seqnum_of_block_cell({block, cell});
            const dgg::LonLat centre = seqnum == 0 ? dgg::LonLat{} : dgg::centre_of(seqnum);
            if (seqnum != 0 && box.contains(centre.lon, centre.lat)) {
                bits[cell / 64] |= std::uint64_t{1} << cell % 64;
            }
        }
        if (bits != Bits{}) {
            blocks_.insert(block);
            part_of_[block] = static_cast<std::uint16_t>(parts_.size());
            parts_.push_back(bits);
        }
    }
}

}  // namespace vcube::swath
