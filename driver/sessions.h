// Sessions of datasets and stores (vcube/fetch_session.h): how they are made, what they tell as metadata.
#pragma once

#include <memory>
#include <string>

#include "cpl_string.h"
#include "driver/entry_points.h"
#include "vcube/fetch_session.h"
#include "vcube/fetcher.h"

namespace vcube::driver {

/// Counts from 0. `versions`: null for a table of its own.
std::shared_ptr<FetchSession> make_session(const FetchTuning& tuning,
                                           std::shared_ptr<ObjectVersions> versions = nullptr);

/// `fetcher` for those who know no sessions (stores): requests without one are of `session`.
std::shared_ptr<Fetcher> with_session(std::shared_ptr<Fetcher> fetcher, std::shared_ptr<FetchSession> session);

/// Equal tunings have equal texts.
std::string tuning_key(const FetchTuning& tuning);

/// Counts of what a dataset has read, and of what the store or collection behind it has read for all datasets that
/// share it (its opening, reference tables, columns of products). Immutable, thread-safe.
class Statistics {
public:
    static constexpr const char* kDomain = "FETCH_STATISTICS";

    explicit Statistics(const OpenContext& context);

    /// RANGES=3, REQUESTS=2 ... SECONDS_WAITED=0.125; none where nothing was counted.
    [[nodiscard]] CPLStringList items() const;
    /// The same as one debug message; none where nothing was counted.
    void tell() const;

private:
    std::string name_;
    std::shared_ptr<const FetchSession> own_, shared_;
};

}  // namespace vcube::driver
