#include "core/swath/observation_time.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string>

#include "core/cube/convert.h"

namespace vcube::swath {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kDay = 86400;
constexpr std::array<const char*, 2> kMeanTimes{"Mean_acq_time", "Mean_Acq_Time"};

/// A column's numbers with scale and offset applied; NaN where a row holds nodata.
Result<std::vector<double>> numbers_of(const Product& product, const Variable& variable, bool keep_zeros) {
    VCUBE_ASSIGN(const auto column, product.column(variable));
    DType real;
    real.kind = Kind::kFloat;
    real.size = sizeof(double);
    const Encoding& encoding = variable.encoding;
    VCUBE_ASSIGN(const Converter converter, Converter::make(encoding.type, real));
    std::vector<double> values(product.row_count());
    converter.row(column->data(), encoding.type.size, reinterpret_cast<std::byte*>(values.data()), sizeof(double),
                  values.size());
    const std::vector<std::byte> nodata_bytes = variable.nodata_bytes();
    double nodata = kNan;
    if (encoding.nodata || encoding.nodata_int64 || encoding.nodata_uint64) {
        converter.row(nodata_bytes.data(), encoding.type.size, reinterpret_cast<std::byte*>(&nodata), sizeof(double),
                      1);
    }
    if (keep_zeros && nodata == 0) {
        nodata = kNan;
    }
    for (double& value : values) {
        value = value == nodata ? kNan : value * encoding.scale.value_or(1) + encoding.offset.value_or(0);
    }
    return values;
}

}  // namespace

Result<std::vector<double>> observation_times(const Product& product) {
    const Variable* days = product.find("Days");
    const Variable* seconds = product.find("Seconds");
    if (days != nullptr && seconds != nullptr) {
        const Variable* microseconds = product.find("Microseconds");
        std::array<const Variable*, 3> wanted{days, seconds, microseconds};
        VCUBE_TRY(product.load({wanted.data(), microseconds == nullptr ? 2U : 3U}, Product::Ids::kNone));
        // All three are filled with 0 at once, and 0 is midnight where the day is told.
        VCUBE_ASSIGN(std::vector<double> times, numbers_of(product, *days, false));
        VCUBE_ASSIGN(const std::vector<double> of_day, numbers_of(product, *seconds, true));
        for (std::size_t row = 0; row < times.size(); ++row) {
            times[row] = times[row] * kDay + of_day[row];
        }
        if (microseconds != nullptr) {
            VCUBE_ASSIGN(const std::vector<double> parts, numbers_of(product, *microseconds, true));
            for (std::size_t row = 0; row < times.size(); ++row) {
                times[row] += parts[row] * 1e-6;
            }
        }
        return times;
    }
    for (const char* name : kMeanTimes) {
        if (const Variable* mean = product.find(name)) {
            VCUBE_ASSIGN(std::vector<double> times, numbers_of(product, *mean, false));
            for (double& time : times) {
                time *= kDay;
            }
            return times;
        }
    }
    return not_found("times of observation: the product has neither Days and Seconds nor Mean_acq_time");
}

bool has_observation_times(const Product& product) {
    const auto has = [&product](const char* name) { return product.find(name) != nullptr; };
    return (has("Days") && has("Seconds")) || std::any_of(kMeanTimes.begin(), kMeanTimes.end(), has);
}

}  // namespace vcube::swath
