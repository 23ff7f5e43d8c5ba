#include "core/swath/composite_make.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/base/patience.h"

namespace vcube::swath {

namespace {

constexpr double kShareOfFootprints = 0.3;  // of what there is to do, where they are not known

// A product's part in a job.
struct Step {
    std::uint32_t job = 0, product = 0;
    std::uint32_t most_samples = 0;
};

// A step in making a block: one product's samples in it.
struct Piece {
    std::uint32_t job = 0;
    const Samples* samples = nullptr;
    Samples::Run run;
};

struct Job {
    dgg::BlockSet blocks;    // that this pass over the products makes
    dgg::BlockSet deferred;  // that are left for the next one
    std::unordered_map<std::uint32_t, BlockState> states;
};

// One for each thread that reads at once.
class Scratches {
public:
    std::unique_ptr<SampleScratch> take() {
        const std::scoped_lock lock(mutex_);
        if (free_.empty()) {
            return std::make_unique<SampleScratch>();
        }
        std::unique_ptr<SampleScratch> scratch = std::move(free_.back());
        free_.pop_back();
        return scratch;
    }
    void give(std::unique_ptr<SampleScratch> scratch) {
        const std::scoped_lock lock(mutex_);
        free_.push_back(std::move(scratch));
    }

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<SampleScratch>> free_;
};

class Maker {
public:
    Maker(const Collection& collection, const SampleRequest& request, const ResultForm& form,
          std::span<const MakeJob> wanted, const MakeOptions& options)
        : collection_(collection),
          request_(request),
          wanted_(wanted),
          options_(options),
          jobs_(wanted.size()),
          tables_(wanted.size(), CellTable(form)) {}

    Result<std::vector<CellTable>> run();

private:
    [[nodiscard]] bool more_blocks();
    Result<std::vector<Step>> find_steps();
    [[nodiscard]] std::size_t group_end(std::span<const Step> steps, std::size_t begin) const;
    Result<std::vector<Samples>> read_group(std::span<const Step> steps);
    void add_group(std::span<const Step> steps, std::span<const Samples> samples);
    void finish_jobs(std::span<const Step> steps, std::size_t begin, std::size_t end);
    void defer_blocks();

    void parallel(std::size_t count, const std::function<void(std::size_t)>& body) const {
        collection_.runtime().pool.parallel_for(count, body, options_.max_threads);
    }

    const Collection& collection_;
    const SampleRequest& request_;
    std::span<const MakeJob> wanted_;
    const MakeOptions& options_;
    Scratches scratches_;
    std::vector<Job> jobs_;
    std::vector<CellTable> tables_;
};

Result<std::vector<CellTable>> Maker::run() {
    for (std::size_t k = 0; k < jobs_.size(); ++k) {
        jobs_[k].deferred = wanted_[k].blocks;
        if (request_.box != nullptr) {
            jobs_[k].deferred &= request_.box->blocks();
        }
    }
    while (more_blocks()) {
        VCUBE_ASSIGN(const std::vector<Step> steps, find_steps());
        const Share reading(kShareOfFootprints, 1);
        for (std::size_t begin = 0; begin < steps.size();) {
            const std::size_t end = group_end(steps, begin);
            const auto group = std::span(steps).subspan(begin, end - begin);
            {
                const auto share = [&](std::size_t step) {
                    return static_cast<double>(step) / static_cast<double>(steps.size());
                };
                const Share of_group(share(begin), share(end));
                VCUBE_ASSIGN(const std::vector<Samples> samples, read_group(group));
                add_group(group, samples);
            }
            finish_jobs(steps, begin, end);
            if (request_.plan.needs_all) {
                defer_blocks();
            }
            begin = end;
        }
    }
    return std::move(tables_);
}

// Begins a pass with what the last one has left.
bool Maker::more_blocks() {
    bool any = false;
    for (Job& job : jobs_) {
        job.blocks = std::exchange(job.deferred, {});
        any = any || !job.blocks.empty();
    }
    return any;
}

// Products that touch the blocks of their job, in the order of jobs and of the list. Footprints of neighbouring periods
// are looked for together: a period alone may have no more than one product.
Result<std::vector<Step>> Maker::find_steps() {
    std::vector<Step> steps;
    const Share finding(0, kShareOfFootprints);
    for (std::size_t begin = 0; begin < jobs_.size();) {
        dgg::BlockSet blocks = jobs_[begin].blocks;
        std::size_t end = begin + 1;
        std::uint32_t next = wanted_[begin].period.first + wanted_[begin].period.count;
        for (; end < jobs_.size() && wanted_[end].period.first == next; ++end) {
            blocks |= jobs_[end].blocks;
            next += wanted_[end].period.count;
        }
        const std::uint32_t first = wanted_[begin].period.first;
        VCUBE_ASSIGN(const auto products, collection_.touching(first, next - first, blocks, options_.max_threads));
        std::size_t job = begin;
        for (const std::uint32_t product : products) {
            while (product - wanted_[job].period.first >= wanted_[job].period.count) {
                ++job;
            }
            VCUBE_ASSIGN(const Footprint footprint, collection_.footprint(product));
            dgg::BlockSet shared = footprint.blocks;
            shared &= jobs_[job].blocks;
            if (!shared.empty()) {
                steps.push_back({static_cast<std::uint32_t>(job), product,
                                 std::min(footprint.rows, shared.size() * dgg::kBlockCells)});
            }
        }
        begin = end;
        report_done(static_cast<double>(end) / static_cast<double>(jobs_.size()));
    }
    return steps;
}

// As many steps as fit the memory, at least one.
std::size_t Maker::group_end(std::span<const Step> steps, std::size_t begin) const {
    const std::size_t limit = options_.work_bytes / 2;
    std::size_t bytes = 0;
    std::size_t end = begin;
    for (; end < steps.size(); ++end) {
        bytes += steps[end].most_samples * sample_size(request_.plan);
        if (end == begin || steps[end].job != steps[end - 1].job) {
            bytes += jobs_[steps[end].job].blocks.size() * request_.plan.state_size();
        }
        if (bytes > limit && end > begin) {
            break;
        }
    }
    return end;
}

// A product that fails has no samples at all. Failures are told by the calling thread, in the order of products.
Result<std::vector<Samples>> Maker::read_group(std::span<const Step> steps) {
    std::vector<Samples> samples(steps.size());
    std::vector<Status> failures(steps.size());
    std::atomic<std::size_t> done{0};
    const auto read = [&](std::size_t k) {
        if (!is_wanted()) {
            return;
        }
        failures[k] = [&]() -> Status {
            VCUBE_ASSIGN(const auto product, collection_.product(steps[k].product));
            std::unique_ptr<SampleScratch> scratch = scratches_.take();
            VCUBE_ASSIGN(samples[k], read_samples(*product, request_, jobs_[steps[k].job].blocks, *scratch));
            scratches_.give(std::move(scratch));
            return {};
        }();
        report_done(static_cast<double>(++done) / static_cast<double>(steps.size()));
    };
    collection_.for_each_product(steps.size(), read, options_.max_threads);
    VCUBE_TRY(check_wanted());
    for (std::size_t k = 0; k < steps.size(); ++k) {
        if (!failures[k].ok()) {
            VCUBE_TRY(collection_.note_failure(steps[k].product, failures[k].error()));
        }
    }
    return samples;
}

void Maker::add_group(std::span<const Step> steps, std::span<const Samples> samples) {
    std::vector<Piece> pieces;
    for (std::size_t k = 0; k < steps.size(); ++k) {
        for (const Samples::Run& run : samples[k].runs) {
            pieces.push_back({steps[k].job, &samples[k], run});
        }
    }
    const auto place = [](const Piece& piece) { return std::pair(piece.job, piece.run.block); };
    std::stable_sort(pieces.begin(), pieces.end(), [&](const Piece& a, const Piece& b) { return place(a) < place(b); });
    struct Work {
        BlockState* state;
        std::span<const Piece> pieces;
    };
    std::vector<Work> works;
    for (auto first = pieces.begin(); first != pieces.end();) {
        const auto end =
            std::find_if(first, pieces.end(), [&](const Piece& piece) { return place(piece) != place(*first); });
        works.push_back({&jobs_[first->job].states[first->run.block], {first, end}});
        first = end;
    }
    parallel(works.size(), [&](std::size_t k) {
        for (const Piece& piece : works[k].pieces) {
            add_samples(request_.plan, *works[k].state, *piece.samples, piece.run);
        }
    });
}

// Of the jobs in steps [begin, end) those that have no later step.
void Maker::finish_jobs(std::span<const Step> steps, std::size_t begin, std::size_t end) {
    struct Work {
        std::uint32_t job, block;
        BlockState* state;
        std::shared_ptr<const Buffer> values;
    };
    std::vector<Work> works;
    for (std::size_t k = begin; k < end; ++k) {
        const std::uint32_t job = steps[k].job;
        if (k + 1 < steps.size() && steps[k + 1].job == job) {
            continue;
        }
        for (auto& [block, state] : jobs_[job].states) {
            works.push_back({job, block, &state, nullptr});
        }
    }
    parallel(works.size(), [&](std::size_t k) { works[k].values = finish_block(request_.plan, *works[k].state); });
    std::sort(works.begin(), works.end(),
              [](const Work& a, const Work& b) { return std::tie(a.job, a.block) < std::tie(b.job, b.block); });
    for (Work& work : works) {
        tables_[work.job].set_block(work.block, std::move(work.values));
        jobs_[work.job].states.erase(work.block);
    }
}

// Gives the later half of the blocks up for this pass, until the rest fits the memory or is one block.
void Maker::defer_blocks() {
    struct Held {
        std::uint32_t job, block;
        std::size_t bytes;
    };
    std::vector<Held> held;
    std::size_t bytes = 0;
    for (std::uint32_t job = 0; job < jobs_.size(); ++job) {
        for (const auto& [block, state] : jobs_[job].states) {
            held.push_back({job, block, state.bytes()});
            bytes += held.back().bytes;
        }
    }
    std::sort(held.begin(), held.end(),
              [](const Held& a, const Held& b) { return std::tie(a.job, a.block) < std::tie(b.job, b.block); });
    while (bytes > options_.work_bytes / 2 && held.size() > 1) {
        for (std::size_t keep = held.size() / 2; held.size() > keep;) {
            const Held last = held.back();
            held.pop_back();
            bytes -= last.bytes;
            dgg::BlockSet one;
            one.insert(last.block);
            jobs_[last.job].states.erase(last.block);
            jobs_[last.job].blocks = jobs_[last.job].blocks.without(one);
            jobs_[last.job].deferred |= one;
        }
    }
}

}  // namespace

Result<std::vector<CellTable>> make_tables(const Collection& collection, const SampleRequest& request,
                                           const ResultForm& form, std::span<const MakeJob> jobs,
                                           const MakeOptions& options) {
    return Maker(collection, request, form, jobs, options).run();
}

}  // namespace vcube::swath
