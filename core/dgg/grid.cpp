#include "core/dgg/grid.h"

#include <proj.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace vcube::dgg {
namespace {

struct ContextDeleter {
    void operator()(PJ_CONTEXT* context) const { proj_context_destroy(context); }
};
struct PjDeleter {
    void operator()(PJ* pj) const { proj_destroy(pj); }
};
struct ListDeleter {
    void operator()(PJ_OBJ_LIST* list) const { proj_list_destroy(list); }
};
struct FactoryDeleter {
    void operator()(PJ_OPERATION_FACTORY_CONTEXT* factory) const { proj_operation_factory_context_destroy(factory); }
};
using ContextPtr = std::unique_ptr<PJ_CONTEXT, ContextDeleter>;
using PjPtr = std::unique_ptr<PJ, PjDeleter>;
using ListPtr = std::unique_ptr<PJ_OBJ_LIST, ListDeleter>;
using FactoryPtr = std::unique_ptr<PJ_OPERATION_FACTORY_CONTEXT, FactoryDeleter>;

constexpr const char* kTarget = "EPSG:4326";

/// A context and the transformation that lives in it; used by one thread at a time.
struct Instance {
    ContextPtr context;
    PjPtr transformation;  // destroyed before its context
};

/// Keeps what PROJ would print on the standard error stream.
void keep_message(void* text, int, const char* message) {
    if (text != nullptr && message != nullptr) {
        *static_cast<std::string*>(text) = message;
    }
}

ContextPtr new_context(std::string* message) {
    ContextPtr context(proj_context_create());
    if (context != nullptr) {
        proj_log_func(context.get(), message, keep_message);
    }
    return context;
}

/// The names after "proj=" and "o_proj=" in a PROJ string are all of operations that are smooth where defined.
bool all_smooth(std::string_view definition) {
    static constexpr std::array<std::string_view, 31> kSmooth{
        "pipeline", "noop",    "unitconvert", "axisswap", "push",  "pop",     "cart", "helmert",
        "longlat",  "latlong", "aea",         "aeqd",     "cea",   "eqc",     "geos", "laea",
        "lcc",      "merc",    "mill",        "moll",     "nsper", "ortho",   "sinu", "somerc",
        "stere",    "sterea",  "tmerc",       "etmerc",   "utm",   "webmerc", "ups"};
    bool any = false;
    while (!definition.empty()) {
        const std::size_t end = std::min(definition.find(' '), definition.size());
        std::string_view word = definition.substr(0, end);
        definition.remove_prefix(std::min(end + 1, definition.size()));
        if (word.starts_with('+')) {
            word.remove_prefix(1);
        }
        if (word == "proj=ob_tran") {
            any = true;
            continue;  // a rotation; its o_proj is checked below
        }
        if (word.starts_with("o_proj=")) {
            word.remove_prefix(2);
        }
        if (word.starts_with("proj=")) {
            any = true;
            if (std::find(kSmooth.begin(), kSmooth.end(), word.substr(5)) == kSmooth.end()) {
                return false;
            }
        }
    }
    return any;
}

PjPtr normalized(PJ_CONTEXT* context, PJ* pj) {
    return PjPtr(pj == nullptr ? nullptr : proj_normalize_for_visualization(context, pj));
}

std::string definition_of(PJ* pj) {
    const char* text = proj_pj_info(pj).definition;
    return text == nullptr ? "" : text;
}

/// true for a transformation that holds several candidates.
bool chooses_by_place(PJ* pj) {
    return proj_pj_info(pj).id == std::string_view("unknown");
}

/// PROJ keeps several candidates for some CRSs (ETRS89 to WGS 84 in Europe, a ballpark one elsewhere) and chooses for
/// every point. Where all of them are one and the same formula, that formula's PROJ string; otherwise "".
std::string common_definition(PJ_CONTEXT* context, const PJ* source) {
    const PjPtr target(proj_create(context, kTarget));
    const FactoryPtr factory(proj_create_operation_factory_context(context, nullptr));
    if (source == nullptr || target == nullptr || factory == nullptr) {
        return "";
    }
    proj_operation_factory_context_set_spatial_criterion(context, factory.get(),
                                                         PROJ_SPATIAL_CRITERION_PARTIAL_INTERSECTION);
    proj_operation_factory_context_set_grid_availability_use(
        context, factory.get(),
        proj_context_is_network_enabled(context) != 0 ? PROJ_GRID_AVAILABILITY_KNOWN_AVAILABLE
                                                      : PROJ_GRID_AVAILABILITY_DISCARD_OPERATION_IF_MISSING_GRID);
    const ListPtr list(proj_create_operations(context, source, target.get(), factory.get()));
    const int count = list == nullptr ? 0 : proj_list_get_count(list.get());
    std::string common;
    for (int i = 0; i < count; ++i) {
        const PjPtr operation(proj_list_get(context, list.get(), i));
        const PjPtr visual = normalized(context, operation.get());
        const std::string definition = visual == nullptr ? "" : definition_of(visual.get());
        if (definition.empty() || (i > 0 && definition != common)) {
            return "";
        }
        common = definition;
    }
    return common;
}

}  // namespace

Grid Grid::halved() const {
    Grid half = *this;
    half.width = width / 2 + width % 2;
    half.height = height / 2 + height % 2;
    for (const std::size_t k : {1U, 2U, 4U, 5U}) {
        half.geotransform[k] *= 2;
    }
    return half;
}

Grid Grid::refined(std::uint32_t factor) const {
    Grid fine = *this;
    fine.width *= factor;
    fine.height *= factor;
    for (const std::size_t k : {1U, 2U, 4U, 5U}) {
        fine.geotransform[k] /= factor;
    }
    return fine;
}

double Grid::pixel_metres() const {
    return metres_per_unit *
           std::max(std::hypot(geotransform[1], geotransform[4]), std::hypot(geotransform[2], geotransform[5]));
}

/// Instances are checked out for the length of a call and returned: as many exist as calls ever ran at once.
struct Projection::State {
    std::string crs;
    std::string definition;  // PROJ string of the one formula, or "" where PROJ chooses between several
    bool lonlat = false;
    bool smooth = false;
    mutable std::mutex mutex;
    mutable std::vector<Instance> idle;

    static Result<std::shared_ptr<const State>> create(const std::string& crs);

    [[nodiscard]] Instance make_instance() const {
        Instance made{new_context(nullptr), nullptr};
        if (made.context == nullptr) {
            return made;
        }
        if (!definition.empty()) {
            made.transformation.reset(proj_create(made.context.get(), definition.c_str()));
        } else {
            const PjPtr raw(proj_create_crs_to_crs(made.context.get(), crs.c_str(), kTarget, nullptr));
            made.transformation = normalized(made.context.get(), raw.get());
        }
        return made;
    }
    [[nodiscard]] Instance take() const {
        {
            const std::lock_guard lock(mutex);
            if (!idle.empty()) {
                Instance instance = std::move(idle.back());
                idle.pop_back();
                return instance;
            }
        }
        return make_instance();
    }
    void give_back(Instance instance) const {
        const std::lock_guard lock(mutex);
        idle.push_back(std::move(instance));
    }
};

Projection::Projection(std::shared_ptr<const State> state) : state_(std::move(state)) {}

namespace {

/// Makes the first transformation, in the context that `first` has; and the definition where there is a single one.
Status prepare(const std::string& crs, const std::string& message, std::string& definition, Instance& first) {
    if (first.context == nullptr) {
        return Error{ErrorCode::kLimit, "CRS \"" + crs + "\": PROJ has no memory for a context"};
    }
    PJ_CONTEXT* context = first.context.get();
    const PjPtr source(proj_create(context, crs.c_str()));
    if (source != nullptr && proj_get_type(source.get()) == PJ_TYPE_GEOCENTRIC_CRS) {
        return invalid("CRS \"" + crs + "\": geocentric coordinates are not those of a raster");
    }
    definition = common_definition(context, source.get());
    if (!definition.empty()) {
        first.transformation.reset(proj_create(context, definition.c_str()));
    } else {
        const PjPtr raw(proj_create_crs_to_crs(context, crs.c_str(), kTarget, nullptr));
        first.transformation = normalized(context, raw.get());
        if (first.transformation != nullptr && !chooses_by_place(first.transformation.get())) {
            definition = definition_of(first.transformation.get());
        }
    }
    if (first.transformation == nullptr) {
        const int code = proj_context_errno(context);
        const char* text = code == 0 ? nullptr : proj_context_errno_string(context, code);
        std::string reason = !message.empty() ? message : text != nullptr ? text : "no transformation to WGS 84";
        return invalid("CRS \"" + crs + "\": " + reason);
    }
    return {};
}

}  // namespace

Result<std::shared_ptr<const Projection::State>> Projection::State::create(const std::string& crs) {
    auto state = std::make_shared<State>();
    state->crs = crs;
    std::string message;  // outlives `first`, which may write to it until it is destroyed
    Instance first{new_context(&message), nullptr};
    if (Status status = prepare(crs, message, state->definition, first); !status.ok()) {
        return status.error();
    }
    proj_log_func(first.context.get(), nullptr, keep_message);
    state->lonlat = state->definition.starts_with("proj=noop");
    state->smooth = all_smooth(state->definition);
    state->give_back(std::move(first));
    return std::shared_ptr<const State>(std::move(state));
}

Result<Projection> Projection::create(const std::string& crs) {
    // The overviews of a dataset ask for one CRS again and again, and PROJ takes milliseconds to find it: states that
    // are alive are shared.
    static std::mutex mutex;
    static std::map<std::string, std::weak_ptr<const State>, std::less<>> alive;
    {
        const std::lock_guard lock(mutex);
        const auto found = alive.find(crs);
        if (found != alive.end()) {
            if (std::shared_ptr<const State> state = found->second.lock()) {
                return Projection(std::move(state));
            }
        }
    }
    auto made = State::create(crs);
    if (!made.ok()) {
        return made.error();
    }
    const std::lock_guard lock(mutex);
    std::erase_if(alive, [](const auto& entry) { return entry.second.expired(); });
    alive[crs] = made.value();
    return Projection(std::move(made).value());
}

bool Projection::is_lonlat() const {
    return state_->lonlat;
}

bool Projection::is_smooth() const {
    return state_->smooth;
}

void Projection::inverse(std::span<double> x, std::span<double> y) const {
    if (state_->lonlat) {
        return;
    }
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    const std::size_t count = std::min(x.size(), y.size());
    Instance instance = state_->take();
    if (instance.transformation == nullptr) {
        std::fill_n(x.begin(), count, kNan);
        std::fill_n(y.begin(), count, kNan);
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (!std::isfinite(x[i]) || !std::isfinite(y[i])) {
            x[i] = y[i] = HUGE_VAL;  // what PROJ hands through as "no point"
        }
    }
    proj_trans_generic(instance.transformation.get(), PJ_FWD, x.data(), sizeof(double), count, y.data(), sizeof(double),
                       count, nullptr, 0, 0, nullptr, 0, 0);
    for (std::size_t i = 0; i < count; ++i) {
        if (!std::isfinite(x[i]) || !std::isfinite(y[i])) {
            x[i] = y[i] = kNan;
        }
    }
    state_->give_back(std::move(instance));
}

}  // namespace vcube::dgg
