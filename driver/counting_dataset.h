// A dataset that tells what its reads have cost: metadata domain FETCH_STATISTICS, which is there once something was
// counted, and one debug message when it closes.
#pragma once

#include <optional>

#include "driver/guard.h"
#include "driver/sessions.h"
#include "gdal_priv.h"

namespace vcube::driver {

template <class Base>
class CountingDataset : public Base {
public:
    CountingDataset() = default;
    ~CountingDataset() override {
        if (statistics_) {
            guarded_status([this]() -> Status {
                statistics_->tell();
                return {};
            });
        }
    }

    char** GetMetadataDomainList() override {
        char** const domains = Base::GetMetadataDomainList();
        const bool any = statistics_ && !statistics_->items().empty();
        return any ? CSLAddString(domains, Statistics::kDomain) : domains;
    }

    char** GetMetadata(const char* domain) override {
        if (!is_own(domain)) {
            return Base::GetMetadata(domain);
        }
        items_ = statistics_->items();
        return items_.List();
    }

    const char* GetMetadataItem(const char* name, const char* domain) override {
        return is_own(domain) ? CSLFetchNameValue(GetMetadata(domain), name) : Base::GetMetadataItem(name, domain);
    }

protected:
    /// Without this, and for parts of other datasets, nothing is told.
    void tell_statistics(const OpenContext& context) {
        if (!context.is_part) {
            statistics_.emplace(context);
        }
    }

private:
    [[nodiscard]] bool is_own(const char* domain) const {
        return statistics_ && domain != nullptr && EQUAL(domain, Statistics::kDomain);
    }

    std::optional<Statistics> statistics_;
    CPLStringList items_;
};

}  // namespace vcube::driver
