#include "driver/cube_stack.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/base/concat.h"
#include "core/base/waiting_threads.h"
#include "driver/array_selection.h"
#include "driver/counting_dataset.h"
#include "driver/gdal_compat.h"
#include "driver/side_by_side.h"
#include "gdal_proxy.h"

namespace vcube::driver {
namespace {

/// A band of a variable under another number and description.
class StackBand final : public GDALProxyRasterBand {
public:
    StackBand(GDALDataset* dataset, int number, GDALRasterBand* band, const std::string& description) : band_(band) {
        poDS = dataset;
        nBand = number;
        nRasterXSize = band->GetXSize();
        nRasterYSize = band->GetYSize();
        eDataType = band->GetRasterDataType();
        band->GetBlockSize(&nBlockXSize, &nBlockYSize);
        GDALMajorObject::SetDescription(description.c_str());
    }

protected:
#if GDAL_VERSION_NUM < GDAL_COMPUTE_VERSION(3, 7, 0)
    GDALRasterBand* RefUnderlyingRasterBand() const override {
        return band_;
    }
#else
    GDALRasterBand* RefUnderlyingRasterBand(bool /*open*/) const override {
        return band_;
    }
#endif

private:
    GDALRasterBand* band_;
};

struct Variable {
    std::string path;
    std::unique_ptr<GDALDataset> dataset;
};

class StackDataset final : public PamDatasetOf<StackDataset, CountingDataset<GDALDataset>> {
public:
    StackDataset(const OpenContext& context, std::vector<Variable> variables)
        : context_(context), variables_(std::move(variables)) {
        tell_statistics(context);
        GDALDataset& first = *variables_.front().dataset;
        nRasterXSize = first.GetRasterXSize();
        nRasterYSize = first.GetRasterYSize();
        CPLStringList items;
        for (const Variable& variable : variables_) {
            items = CPLStringList(CSLMerge(items.StealList(), variable.dataset->GetMetadata()), TRUE);
            add_bands(variable);
        }
        GDALDataset::SetMetadata(items.List());
        GDALDataset::SetMetadataItem("INTERLEAVE", "BAND", "IMAGE_STRUCTURE");
        if (char** const geolocation = first.GetMetadata("GEOLOCATION")) {
            GDALDataset::SetMetadata(geolocation, "GEOLOCATION");
        }
        std::array<double, 6> place{};
        if (GDALGetGeoTransform(GDALDataset::ToHandle(&first), place.data()) == CE_None) {
            place_ = place;
        }
    }

    CPLErr geotransform(double* out) const {
        if (!place_) {
            return CE_Failure;
        }
        std::copy(place_->begin(), place_->end(), out);
        return CE_None;
    }

    const OGRSpatialReference* GetSpatialRef() const override { return variables_.front().dataset->GetSpatialRef(); }

    char** GetFileList() override {
        CPLStringList files;
        for (const Variable& variable : variables_) {
            const CPLStringList some(variable.dataset->GetFileList(), TRUE);
            for (int i = 0; i < some.size(); ++i) {
                if (files.FindString(some[i]) < 0) {
                    files.AddString(some[i]);
                }
            }
        }
        return files.StealList();
    }

    CPLErr IBuildOverviews(const char* resampling, int overview_count, const int* overviews, int band_count,
                           const int* bands, GDALProgressFunc progress, void* progress_data,
                           CSLConstList options) override {
        for (const Part& part : parts_of(bands, band_count)) {
            const auto share = [&](std::size_t bands_done) { return static_cast<double>(bands_done) / band_count; };
            void* const scaled = GDALCreateScaledProgress(share(part.first), share(part.first + part.bands.size()),
                                                          progress, progress_data);
            const CPLErr result = part.dataset->BuildOverviews(
                resampling, overview_count, overviews, static_cast<int>(part.bands.size()), part.bands.data(),
                scaled != nullptr ? GDALScaledProgress : nullptr, scaled, options);
            GDALDestroyScaledProgress(scaled);
            if (result != CE_None) {
                return result;
            }
        }
        return CE_None;
    }

    CPLErr AdviseRead(int x, int y, int width, int height, int out_width, int out_height, GDALDataType type,
                      int band_count, BandNumbers bands, AdviceOptions options) override {
        std::vector<int> all(static_cast<std::size_t>(band_count));
        std::iota(all.begin(), all.end(), 1);
        for (const std::vector<Part>& parts :
             by_variable(parts_of(bands != nullptr ? bands : all.data(), band_count))) {
            std::vector<int> numbers;
            for (const Part& part : parts) {
                numbers.insert(numbers.end(), part.bands.begin(), part.bands.end());
            }
            const CPLErr advised =
                parts.front().dataset->AdviseRead(x, y, width, height, out_width, out_height, type,
                                                  static_cast<int>(numbers.size()), numbers.data(), options);
            if (advised != CE_None) {
                return advised;
            }
        }
        return CE_None;
    }

    CPLErr IRasterIO(GDALRWFlag direction, int x, int y, int width, int height, void* data, int out_width,
                     int out_height, GDALDataType type, int band_count, int* bands, GSpacing pixel, GSpacing line,
                     GSpacing band, GDALRasterIOExtraArg* extra) override {
        if (direction != GF_Read) {
            return GDALDataset::IRasterIO(direction, x, y, width, height, data, out_width, out_height, type, band_count,
                                          bands, pixel, line, band, extra);
        }
        // Each variable's bands at once: one batch of chunks a variable, those of remote ones side by side.
        std::vector<std::vector<Part>> variables = by_variable(parts_of(bands, band_count));
        std::vector<double> weights;
        weights.reserve(variables.size());
        for (const std::vector<Part>& parts : variables) {
            weights.push_back(static_cast<double>(bands_of(parts)) / band_count);
        }
        const auto read = [&](std::size_t v, GDALRasterIOExtraArg& whole) {
            std::size_t done = 0;
            const auto share = [&] { return static_cast<double>(done) / static_cast<double>(bands_of(variables[v])); };
            for (Part& part : variables[v]) {
                GDALRasterIOExtraArg own = whole;
                const double before = share();
                done += part.bands.size();
                own.pProgressData = GDALCreateScaledProgress(before, share(), whole.pfnProgress, whole.pProgressData);
                own.pfnProgress = GDALScaledProgress;
                auto* const to = static_cast<GByte*>(data) + static_cast<GSpacing>(part.first) * band;
                const CPLErr result = part.dataset->RasterIO(GF_Read, x, y, width, height, to, out_width, out_height,
                                                             type, static_cast<int>(part.bands.size()),
                                                             part.bands.data(), pixel, line, band, &own);
                GDALDestroyScaledProgress(own.pProgressData);
                if (result != CE_None) {
                    return result;
                }
            }
            return CE_None;
        };
        return read_side_by_side(context_.runtime->pool, weights, waits() ? kWaitingThreads : 1, extra, read);
    }

private:
    /// Bands of a request that follow one another and belong to one variable.
    struct Part {
        GDALDataset* dataset = nullptr;
        std::size_t first = 0;   // position in the request
        std::vector<int> bands;  // numbers in the variable
    };

    void add_bands(const Variable& variable) {
        const int count = variable.dataset->GetRasterCount();
        for (int b = 1; b <= count; ++b) {
            GDALRasterBand* const band = variable.dataset->GetRasterBand(b);
            const std::string own = count == 1 ? "" : band->GetDescription();
            const int number = static_cast<int>(places_.size()) + 1;
            places_.emplace_back(variable.dataset.get(), b);
            SetBand(number,
                    new StackBand(this, number, band, own.empty() ? variable.path : variable.path + ", " + own));
        }
    }

    bool waits() {
        if (!waits_ && variables_.size() > 1) {
            OpenContext first = context_;
            first.name.path = variables_.front().path;
            waits_ = reads_remotely(first);
        }
        return waits_.value_or(false);
    }

    static std::size_t bands_of(const std::vector<Part>& parts) {
        std::size_t out = 0;
        for (const Part& part : parts) {
            out += part.bands.size();
        }
        return out;
    }

    /// A variable is a dataset, which takes one thread at a time.
    static std::vector<std::vector<Part>> by_variable(std::vector<Part> parts) {
        std::vector<std::vector<Part>> out;
        for (Part& part : parts) {
            const auto same = std::find_if(out.begin(), out.end(), [&](const std::vector<Part>& some) {
                return some.front().dataset == part.dataset;
            });
            (same == out.end() ? out.emplace_back() : *same).push_back(std::move(part));
        }
        return out;
    }

    [[nodiscard]] std::vector<Part> parts_of(const int* bands, int count) const {
        std::vector<Part> out;
        for (int i = 0; i < count; ++i) {
            const auto& [dataset, band] = places_[static_cast<std::size_t>(bands[i] - 1)];
            if (out.empty() || out.back().dataset != dataset) {
                out.push_back({dataset, static_cast<std::size_t>(i), {}});
            }
            out.back().bands.push_back(band);
        }
        return out;
    }

    const OpenContext context_;
    std::vector<Variable> variables_;
    std::optional<bool> waits_;                         // whether they are read from the network
    std::vector<std::pair<GDALDataset*, int>> places_;  // of each band: its variable and number there
    std::optional<std::array<double, 6>> place_;
};

std::string size_text(GDALDataset& dataset) {
    return concat(std::to_string(dataset.GetRasterXSize()), " x ", std::to_string(dataset.GetRasterYSize()));
}

/// What differs between two grids; "" where they are one.
std::string difference(GDALDataset& a, GDALDataset& b) {
    if (a.GetRasterXSize() != b.GetRasterXSize() || a.GetRasterYSize() != b.GetRasterYSize()) {
        return concat(size_text(a), " against ", size_text(b), " pixels");
    }
    std::array<double, 6> at{};
    std::array<double, 6> other{};
    const bool placed = GDALGetGeoTransform(GDALDataset::ToHandle(&a), at.data()) == CE_None;
    if (placed != (GDALGetGeoTransform(GDALDataset::ToHandle(&b), other.data()) == CE_None)) {
        return "only one of them has an extent";
    }
    for (std::size_t i = 0; placed && i < at.size(); ++i) {
        const double pixel = std::max(std::fabs(at[1]) + std::fabs(at[2]), std::fabs(at[4]) + std::fabs(at[5]));
        const double allowed = (i % 3 == 0 ? 1e-3 : 1e-6) * pixel;
        if (!(std::fabs(at[i] - other[i]) <= allowed)) {
            return "their extents differ";
        }
    }
    const OGRSpatialReference* const srs = a.GetSpatialRef();
    const OGRSpatialReference* const other_srs = b.GetSpatialRef();
    if ((srs == nullptr) != (other_srs == nullptr) || (srs != nullptr && srs->IsSame(other_srs) == FALSE)) {
        return "their coordinate reference systems differ";
    }
    return "";
}

/// A shared selection is one of a dimension that at least one of its arrays has.
Status check_shared(const OpenContext& context, const std::vector<NamedArray>& named) {
    const Group& root = *context.source->hierarchy;
    for (const NamedArray& array : named) {
        for (const Selection& selection : array.selections) {
            std::string sharers;
            bool found = !selection.shared;
            for (const NamedArray& other : named) {
                const bool same = std::any_of(other.selections.begin(), other.selections.end(),
                                              [&](const Selection& one) { return one.text == selection.text; });
                const ArrayMeta* const meta = same ? root.find_array(other.path) : nullptr;
                found = found || (meta != nullptr && understands(root, *meta, selection));
                sharers += same ? concat(sharers.empty() ? "/" : ", /", other.path) : std::string();
            }
            if (!found) {
                return invalid(concat(selection.text, ": no such dimension in ", sharers));
            }
        }
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<GDALDataset>> open_stack(const OpenContext& context, const OpenOne& open) {
    std::vector<NamedArray> named{{context.name.path, context.name.selections}};
    named.insert(named.end(), context.name.others.begin(), context.name.others.end());
    if (context.source) {  // every variable of a collection has the same dimensions
        VCUBE_TRY(check_shared(context, named));
    }
    std::vector<Variable> variables;
    std::size_t bands = 0;
    for (const NamedArray& array : named) {
        OpenContext one = context;
        one.name.path = array.path;
        one.name.selections = array.selections;
        one.name.others.clear();
        one.is_part = true;
        VCUBE_ASSIGN(std::unique_ptr<GDALDataset> dataset, open(one));
        bands += static_cast<std::size_t>(dataset->GetRasterCount());
        if (dataset->GetRasterCount() == 0) {
            return invalid(concat("/", array.path, " is a group of several arrays; name arrays to open them together"));
        }
        if (bands > kMaxBands) {
            return unsupported(concat("more than ", std::to_string(kMaxBands), " bands up to /", array.path,
                                      "; choose along dimensions"));
        }
        if (!variables.empty()) {
            const std::string reason = difference(*variables.front().dataset, *dataset);
            if (!reason.empty()) {
                return unsupported(
                    concat("/", variables.front().path, " and /", array.path, " are not on one grid: ", reason));
            }
        }
        variables.push_back({array.path, std::move(dataset)});
    }
    auto stack = std::make_unique<StackDataset>(context, std::move(variables));
    stack->SetDescription(context.description.c_str());
    return std::unique_ptr<GDALDataset>(std::move(stack));
}

}  // namespace vcube::driver
