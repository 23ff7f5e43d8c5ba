// From a location and options to a collection of SMOS products: which products, which of them make bands, and what is
// shared with earlier opens of the same.
#pragma once

#include <memory>
#include <optional>

#include "driver/entry_points.h"
#include "driver/product_listing.h"
#include "driver/runtime_holder.h"
#include "vcube/result.h"

namespace vcube::driver {

/// The collection of the products that `listing` found at context.name.location, with the steps that COMPOSITE makes.
/// What is learnt of products and composed is shared by all that open the same list with the same options at the same
/// time or later, until a product could not be brought (a failure of the network): the next open tries again. Opens
/// products only where ORBIT_PASS or BBOX choose bands. Runs on the
/// caller's thread.
Result<std::shared_ptr<const OpenedCollection>> open_collection(const OpenContext& context, ProductListing listing,
                                                                const Process& process);

}  // namespace vcube::driver
