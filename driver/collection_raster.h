// A variable of a collection drawn on a pyramid: what the classic dataset and the multidimensional array share. Steps
// in time are those of OpenedCollection::periods, from 0.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/swath/composite.h"
#include "driver/cell_painting.h"
#include "driver/entry_points.h"
#include "driver/grid_band.h"
#include "driver/grid_pyramid.h"

namespace vcube::driver {

/// Names that the collection has arrays of: the product's variables and, of composites, the time of observation of each
/// ("Soil_Moisture_Observation_Time").
std::vector<std::string> collection_variables(const OpenContext& context, const swath::Product& sample);

/// Start and end of a step in ISO 8601.
std::pair<std::string, std::string> step_times(const swath::Period& period);

/// What the collection and the options that chose it tell, as metadata of datasets.
swath::MetadataItems collection_metadata(const OpenContext& context, const swath::Product& sample);

/// (location, why) of the products that could not be read so far.
swath::MetadataItems failed_products(const OpenedCollection& source);

/// Immutable but for what it remembers of requests to read ahead; thread-safe.
class CollectionRaster {
public:
    /// kNotFound for unknown names, with those that there are; what form_of() and Filter::check() refuse.
    static Result<std::shared_ptr<const CollectionRaster>> create(const OpenContext& context, const std::string& name,
                                                                  std::shared_ptr<const GridPyramid> pyramid);

    [[nodiscard]] const std::string& name() const { return name_; }
    /// How its bands are described; nothing of it depends on the step.
    [[nodiscard]] const std::shared_ptr<const GridBandInfo>& info() const { return info_; }
    [[nodiscard]] const swath::ResultForm& form() const { return form_; }

    /// Draws a window of a level of the pyramid in one step.
    Status paint(std::uint32_t step, std::size_t level, const dgg::Window& window, const swath::PixelBuffer& out) const;

    /// Draws a window of the full grid in many steps: out.data + k * step_stride for the k-th. Products of all of them
    /// are read in parallel.
    Status paint_steps(std::span<const std::uint32_t> steps, const dgg::Window& window, const swath::PixelBuffer& out,
                       std::ptrdiff_t step_stride) const;

    /// Tells through log() how many products could not be read: once, and at the end once more if there are more.
    void tell_failures(bool closing) const;

private:
    CollectionRaster(const OpenContext& context, std::shared_ptr<const GridPyramid> pyramid)
        : context_(context), pyramid_(std::move(pyramid)) {}
    Status draw(const swath::CellTable& table, std::size_t level, const dgg::Window& window,
                const swath::PixelBuffer& out) const;
    Status read_ahead(std::uint32_t step, const dgg::Window& window, const dgg::BlockSet& blocks) const;

    OpenContext context_;
    std::shared_ptr<const GridPyramid> pyramid_;
    std::string name_;
    swath::Recipe recipe_;
    swath::ResultForm form_;
    std::shared_ptr<const GridBandInfo> info_;
    CellStyle style_;

    // Clients that ask band after band for the same few pixels (gdallocationinfo) get a growing number of steps made
    // at once.
    mutable std::atomic<std::size_t> told_failures_{0};
    mutable std::mutex mutex_;
    mutable dgg::Window last_window_;
    mutable std::uint32_t next_step_ = 0, ahead_until_ = 0, ahead_ = 1;
};

}  // namespace vcube::driver
