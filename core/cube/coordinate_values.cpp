#include "core/cube/coordinate_values.h"

#include <limits>
#include <utility>

#include "core/base/log.h"
#include "core/cube/encoding.h"

namespace vcube {

std::vector<double> CoordinateReader::all(const ArrayMeta& coordinate, std::uint64_t max_values) const {
    const auto count = checked_product(coordinate.shape);
    if (!count || *count > max_values) {
        return {};
    }
    Region region;
    region.start.assign(coordinate.shape.size(), 0);
    region.count = coordinate.shape;
    region.step.assign(coordinate.shape.size(), 1);
    return read(coordinate, region);
}

std::vector<double> CoordinateReader::some_rows(const ArrayMeta& coordinate, std::uint64_t step, bool last) const {
    const std::size_t rank = coordinate.shape.size();
    if (rank < 2 || step == 0 || checked_product(coordinate.shape).value_or(0) == 0 ||
        step > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return {};
    }
    Region region;
    region.start.assign(rank, 0);
    for (std::size_t d = 0; last && d + 2 < rank; ++d) {
        region.start[d] = coordinate.shape[d] - 1;
    }
    region.count.assign(rank, 1);
    region.step.assign(rank, 1);
    region.count[rank - 1] = coordinate.shape[rank - 1];
    region.count[rank - 2] = (coordinate.shape[rank - 2] + step - 1) / step;
    region.step[rank - 2] = static_cast<std::int64_t>(step);
    return read(coordinate, region);
}

std::vector<double> CoordinateReader::read(const ArrayMeta& coordinate, const Region& region) const {
    const Encoding encoding = decode_encoding(coordinate);
    ArrayMeta meta = coordinate;
    meta.dtype.kind = encoding.type.kind;
    const auto count = checked_product(region.count);
    if (!meta.dtype.is_numeric() || meta.dtype.kind == Kind::kComplex || !count || *count == 0) {
        return {};
    }
    std::vector<double> out(*count);
    Destination destination;
    destination.data = reinterpret_cast<std::byte*>(out.data());
    destination.type.kind = Kind::kFloat;
    destination.type.size = sizeof(double);
    std::ptrdiff_t stride = sizeof(double);
    destination.strides.resize(region.count.size());
    for (std::size_t d = region.count.size(); d-- > 0;) {
        destination.strides[d] = stride;
        stride *= static_cast<std::ptrdiff_t>(region.count[d]);
    }
    const auto opened = Array::open(source_, std::move(meta));
    const Status status = opened.ok() ? opened.value().read(region, destination) : opened.status();
    if (!status.ok()) {
        log(LogLevel::kWarning, "coordinate " + coordinate.path + " of " + reader_ +
                                    " cannot be read, so it does not place it: " + status.error().message);
        return {};
    }
    const double scale = encoding.scale.value_or(1);
    const double offset = encoding.offset.value_or(0);
    const double fill = encoding.nodata.value_or(std::numeric_limits<double>::quiet_NaN());
    for (double& value : out) {
        value = value == fill ? std::numeric_limits<double>::quiet_NaN() : value * scale + offset;
    }
    return out;
}

}  // namespace vcube
