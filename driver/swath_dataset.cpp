// A SMOS product as classic rasters: one variable, or the list of them.
#include "driver/container_dataset.h"
#include "driver/entry_points.h"
#include "driver/grid_dataset.h"
#include "driver/swath_raster.h"

namespace vcube::driver {

namespace {

Result<const swath::Variable*> find_variable(const OpenContext& context) {
    const swath::Product& product = *context.source->product;
    if (context.name.path.empty()) {
        return &product.variables().front();
    }
    const swath::Variable* variable = product.find(context.name.path);
    if (variable == nullptr) {
        return not_found(context.source->location + ": no variable " + context.name.path + "; there are " +
                         product.variable_names());
    }
    if (!context.name.selections.empty()) {
        return invalid(context.source->location + ": " + context.name.path + ": it has no dimension " +
                       context.name.selections.front().dimension + " to fix: a product is one time");
    }
    return variable;
}

Result<std::unique_ptr<GDALDataset>> list_variables(const OpenContext& context) {
    const swath::Product& product = *context.source->product;
    VCUBE_ASSIGN(const ChosenGrid chosen, choose_grid(context.options));
    std::vector<SubdatasetEntry> entries;
    for (const swath::Variable& variable : product.variables()) {
        entries.push_back(
            {subdataset_name(context.source->location, variable.array.name),
             describe_variable(variable, chosen.grid) + (product.time().empty() ? "" : ", " + product.time())});
    }
    std::unique_ptr<GDALDataset> list = make_container_dataset(context, entries, swath_metadata(product));
    list->SetDescription(context.description.c_str());
    return list;
}

}  // namespace

Result<std::unique_ptr<GDALDataset>> open_swath_dataset(const OpenContext& context) {
    const swath::Product& product = *context.source->product;
    if (context.name.path.empty() && product.variables().size() > 1) {
        return list_variables(context);
    }
    VCUBE_ASSIGN(const swath::Variable* variable, find_variable(context));
    VCUBE_ASSIGN(const ChosenGrid chosen, choose_grid(context.options));
    VCUBE_ASSIGN(const auto pyramid, GridPyramid::create(chosen.grid));
    std::vector<GridBandPlan> bands;
    bands.push_back({std::make_shared<const GridBandInfo>(swath_band_info(product, *variable)),
                     make_swath_painter(context, *variable, pyramid),
                     {},
                     {}});
    return std::unique_ptr<GDALDataset>(std::make_unique<GridDataset>(context, chosen, pyramid, std::move(bands),
                                                                      swath_metadata(product), variable->array.name));
}

}  // namespace vcube::driver
