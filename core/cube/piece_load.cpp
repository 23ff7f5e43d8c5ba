#include "core/cube/piece_load.h"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>
#include <variant>

#include "core/base/concat.h"
#include "core/base/fetch_bytes.h"
#include "core/base/log.h"
#include "core/base/patience.h"
#include "core/base/utf8.h"
#include "core/refs/url_policy.h"

namespace vcube {
namespace {

// Encoded bytes are bounded by the fetcher, decoded ones that are kept by the cache, others exist once a thread.
constexpr std::uint64_t kIndexBytes = std::uint64_t{256} << 20;  // of the shards of a batch
constexpr std::size_t kPiecesInFlight = std::size_t{1} << 16;
// Less than this to copy is not worth waking another thread.
constexpr std::uint64_t kParallelBytes = std::uint64_t{256} << 10;
// A wrapped object is unwrapped as a whole, so its size is what memory it takes.
constexpr std::uint64_t kMaxUnwrapped = std::uint64_t{2} << 30;

// A little less than fetchers let pass between two ticks.
constexpr std::chrono::milliseconds kBetweenTicks{90};

Error wrong_size(std::uint64_t got, std::uint64_t expected) {
    return corrupt("has " + std::to_string(got) + " bytes, expected " + std::to_string(expected));
}

/// The latin-1 form of text that has one and differs from it.
std::optional<std::string> latin1_form(ByteSpan bytes) {
    const std::string_view text = as_text(bytes);
    const bool ascii =
        std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
    std::string out;
    if (ascii || !is_utf8(text) || !utf8_to_latin1(text, out)) {
        return std::nullopt;
    }
    return out;
}

}  // namespace

/// Wanted pieces of one chunk, which stand one after another in the batch's list.
struct PieceLoader::Job {
    std::size_t first = 0;  // position in `wanted`
    std::size_t count = 0;
    const std::size_t* pieces = nullptr;  // their numbers
    std::string key;
    ChunkLocation place;
    bool failed = false;
};

/// One request, and the pieces that it serves: one, or all of a wrapped chunk.
struct PieceLoader::Request {
    const Job* job = nullptr;
    std::size_t first = 0;  // in job->pieces
    std::size_t count = 0;
    ByteRange range;
};

PieceLoader::PieceLoader(const ReadSource& source, const ReadOptions& options, const LoadPlan& plan, PieceUse use)
    : source_(source),
      meta_(source.meta),
      options_(options),
      plan_(plan),
      use_(std::move(use)),
      grid_(source.meta.chunk_grid()),
      session_(options.session != nullptr ? options.session : source.session) {}

Status PieceLoader::add(Piece piece) {
    std::uint64_t bytes = 0;
    if (source_.shards != nullptr) {
        std::uint64_t chunk[kMaxDimensions];
        for (std::size_t d = 0; d < piece.segments.size(); ++d) {
            chunk[d] = piece.segments[d].chunk;
        }
        const std::uint64_t shard = source_.shards->shard_of(meta_, chunk);
        bytes = batch_shards_.insert(shard).second ? source_.shards->index_bytes() : 0;
    }
    if (!pieces_.empty() && (index_bytes_ + bytes > kIndexBytes || pieces_.size() >= kPiecesInFlight)) {
        VCUBE_TRY(flush());
    }
    index_bytes_ += bytes;
    pieces_.push_back(std::move(piece));
    return {};
}

Status PieceLoader::finish() {
    VCUBE_TRY(flush());
    if (const std::uint64_t missing = missing_objects_.load(); missing > 0) {
        log(LogLevel::kWarning, array_label(source_) + ": " + std::to_string(missing) +
                                    " chunk(s) read as fill value: the object that the reference names is missing");
    }
    if (options_.progress && !options_.progress(1.0)) {
        return cancelled();
    }
    return {};
}

Status PieceLoader::flush() {
    if (pieces_.empty()) {
        return {};
    }
    std::vector<std::size_t> wanted;
    std::vector<std::size_t> joined;
    std::vector<std::size_t> present;
    data_.assign(pieces_.size(), nullptr);
    claims_.clear();
    claims_.resize(plan_.cached ? pieces_.size() : 0);
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        if (plan_.cached) {
            claims_[i] = source_.runtime.cache.claim(key_of(i));
            data_[i] = claims_[i].hit();
        } else if (!plan_.by_parts) {
            data_[i] = source_.runtime.cache.peek(key_of(i));
        }
        (data_[i] ? present : plan_.cached && claims_[i].joined() ? joined : wanted).push_back(i);
    }
    if (session_ != nullptr) {
        session_->counters.chunk_hits += present.size() + joined.size();
    }
    VCUBE_TRY(copy_present(present));
    VCUBE_TRY(load(wanted));
    VCUBE_TRY(wait_for(joined));
    pieces_.clear();
    batch_shards_.clear();
    index_bytes_ = 0;
    return {};
}

/// Chunks that other reads load. This read's own are done, so those others never wait for this one.
Status PieceLoader::wait_for(const std::vector<std::size_t>& joined) {
    std::vector<std::size_t> arrived;
    std::vector<std::size_t> left;
    for (const std::size_t i : joined) {
        data_[i] = claims_[i].wait([this] { return tick(); });
        if (stopped_) {
            return cancelled();
        }
        (data_[i] ? arrived : left).push_back(i);
    }
    VCUBE_TRY(copy_present(arrived));
    return load(left);
}

Status PieceLoader::copy_present(const std::vector<std::size_t>& pieces) {
    run_parallel(pieces.size(), copy_bytes(pieces), [&](std::size_t k) {
        const std::size_t i = pieces[k];
        use_.copy(pieces_[i], *data_[i]);
        landed(pieces_[i]);
        data_[i].reset();
    });
    return stopped_ ? Status(cancelled()) : Status();
}

/// Locates, fetches, decodes and copies. Every piece lands, or the first error in reading order is returned.
Status PieceLoader::load(const std::vector<std::size_t>& wanted) {
    if (wanted.empty()) {
        return {};
    }
    if (!tick()) {
        return cancelled();
    }
    std::vector<Job> jobs = jobs_of(wanted);
    if (session_ != nullptr) {
        session_->counters.chunk_misses += jobs.size();
    }
    FirstError errors;
    VCUBE_TRY(locate(jobs, errors));
    std::vector<const Job*> at_hand;  // their bytes need no fetching
    std::size_t pieces_at_hand = 0;
    std::vector<Request> requests;
    requests.reserve(jobs.size());
    for (const Job& job : jobs) {
        if (job.failed) {
            continue;
        }
        if (const auto* const place = std::get_if<Remote>(&job.place)) {
            if (const Status added = add_requests(job, requests); !added.ok()) {
                errors.set(job.pieces[0], with_context(chunk_label(job, place), added.error()));
            }
        } else {
            at_hand.push_back(&job);
            pieces_at_hand += job.count;
        }
    }
    land_at_hand(at_hand, pieces_at_hand, errors);
    if (!stopped_) {
        fetch(requests, errors);
    }
    return stopped_ ? Status(cancelled()) : errors.status();
}

std::vector<PieceLoader::Job> PieceLoader::jobs_of(const std::vector<std::size_t>& wanted) const {
    std::vector<Job> jobs;
    jobs.reserve(wanted.size());
    const auto same_chunk = [&](std::size_t a, std::size_t b) {
        return std::equal(pieces_[a].segments.begin(), pieces_[a].segments.end(), pieces_[b].segments.begin(),
                          [](const Segment& x, const Segment& y) { return x.chunk == y.chunk; });
    };
    for (std::size_t k = 0; k < wanted.size(); ++k) {
        if (plan_.by_parts && !jobs.empty() && same_chunk(*jobs.back().pieces, wanted[k])) {
            ++jobs.back().count;
            continue;
        }
        jobs.push_back({k, 1, &wanted[k], {}, Missing{}, false});
    }
    return jobs;
}

Status PieceLoader::locate(std::vector<Job>& jobs, FirstError& errors) {
    const std::size_t rank = meta_.shape.size();
    std::vector<std::uint64_t> index(jobs.size() * rank);
    for (std::size_t j = 0; j < jobs.size(); ++j) {
        const Piece& piece = pieces_[*jobs[j].pieces];
        for (std::size_t d = 0; d < rank; ++d) {
            index[j * rank + d] = piece.segments[d].chunk;
        }
    }
    if (source_.shards == nullptr) {
        std::vector<std::string> keys;
        keys.reserve(jobs.size());
        for (std::size_t j = 0; j < jobs.size(); ++j) {
            keys.push_back(meta_.chunk_key(index.data() + j * rank));
        }
        std::vector<ChunkLocation> places(jobs.size());
        if (const Status located = source_.store.locate(keys, places); !located.ok()) {
            return with_context(array_label(source_), located.error());
        }
        for (std::size_t j = 0; j < jobs.size(); ++j) {
            jobs[j].key = std::move(keys[j]);
            jobs[j].place = std::move(places[j]);
        }
        return {};
    }
    std::vector<Result<ChunkLocation>> places(jobs.size(), ChunkLocation(Missing{}));
    const Status located =
        source_.shards->locate(source_.store, source_.runtime, meta_, index, places, fetch_options());
    if (!located.ok()) {
        return with_context(array_label(source_), located.error());
    }
    for (std::size_t j = 0; j < jobs.size(); ++j) {
        if (places[j].ok()) {
            jobs[j].place = std::move(places[j]).value();
        } else if (!absent(places[j].error(), false)) {
            jobs[j].failed = true;
            errors.set(*jobs[j].pieces, with_context(chunk_label(jobs[j], nullptr), places[j].error()));
        }
    }
    return {};
}

void PieceLoader::land_at_hand(const std::vector<const Job*>& jobs, std::size_t pieces, FirstError& errors) {
    run_parallel(jobs.size(), pieces * plan_.chunk_bytes, [&](std::size_t j) {
        const Job& job = *jobs[j];
        const auto* const bytes = std::get_if<Inline>(&job.place);
        if (bytes == nullptr) {
            for (std::size_t k = 0; k < job.count; ++k) {
                land_fill(job.pieces[k]);
            }
        } else if (const Status landed = land_inline(job, bytes->bytes); !landed.ok()) {
            errors.set(job.pieces[0], with_context(chunk_label(job, nullptr), landed.error()));
        }
    });
}

/// What to ask for; an entry that cannot hold a chunk of bare elements is told here.
Status PieceLoader::add_requests(const Job& job, std::vector<Request>& out) const {
    const auto& place = std::get<Remote>(job.place);
    const ByteRange chunk = place.range;
    if (!plan_.by_parts || place.wrap != Wrap::kNone) {
        out.push_back({&job, 0, job.count, chunk});
        return {};
    }
    const std::uint64_t chunk_bytes = pieces_[*job.pieces].form->bytes;
    if (chunk.bounded() && chunk.size() != chunk_bytes) {
        return wrong_size(chunk.size(), chunk_bytes);
    }
    if (chunk.suffix != 0) {
        return unsupported("elements by parts out of the end of an object of unknown size");
    }
    for (std::size_t k = 0; k < job.count; ++k) {
        const ByteRange part = pieces_[job.pieces[k]].bytes;
        std::uint64_t end = 0;
        if (__builtin_add_overflow(chunk.begin, part.end, &end)) {
            return invalid("starts at byte " + std::to_string(chunk.begin));
        }
        out.push_back({&job, k, 1, {chunk.begin + part.begin, end}});
    }
    return {};
}

void PieceLoader::fetch(const std::vector<Request>& wanted, FirstError& errors) {
    if (wanted.empty()) {
        return;
    }
    // Requests of one batch stand together here: this is where neighbours are to be joined.
    std::vector<FetchRequest> requests;
    requests.reserve(wanted.size());
    for (const Request& request : wanted) {
        requests.push_back({std::get<Remote>(request.job->place).url, request.range});
    }
    const FetchSink sink = [&](std::size_t j, const Result<ByteSpan>& bytes) {
        const Request& request = wanted[j];
        const std::size_t i = request.job->pieces[request.first];
        if (errors.moot(i)) {
            return;
        }
        if (!bytes.ok() && bytes.error().code == ErrorCode::kCancelled) {
            errors.set(i, cancelled());
            return;
        }
        if (const Status landed = land_fetched(request, bytes); !landed.ok()) {
            Remote place;
            place.url = requests[j].url;
            place.range = request.range;
            errors.set(i, with_context(chunk_label(*request.job, &place), landed.error()));
        }
    };
    FetchOptions how = fetch_options();
    how.wanted = [&](std::size_t j) { return !errors.moot(wanted[j].job->pieces[wanted[j].first]); };
    source_.runtime.fetcher->fetch(requests, sink, how);
}

/// Whether an error means that the chunk holds the fill value.
bool PieceLoader::absent(const Error& error, bool may_be_absent) {
    if (error.code != ErrorCode::kNotFound) {
        return false;
    }
    if (!may_be_absent && options_.missing_object_is_fill) {
        missing_objects_.fetch_add(1, std::memory_order_relaxed);
    }
    return may_be_absent || options_.missing_object_is_fill;
}

Status PieceLoader::land_fetched(const Request& request, const Result<ByteSpan>& bytes) {
    const auto& place = std::get<Remote>(request.job->place);
    const std::size_t* const pieces = request.job->pieces + request.first;
    if (!bytes.ok()) {
        if (!absent(bytes.error(), place.may_be_absent)) {
            return bytes.error();
        }
        for (std::size_t k = 0; k < request.count; ++k) {
            land_fill(pieces[k]);
        }
        return {};
    }
    if (place.wrap == Wrap::kNone) {
        return land(*pieces, bytes.value());
    }
    VCUBE_ASSIGN(const Buffer chunk, unwrap(place, bytes.value(), kMaxUnwrapped));
    return land_chunk(pieces, request.count, chunk.span());
}

/// All pieces of a chunk whose bytes are in memory.
Status PieceLoader::land_chunk(const std::size_t* pieces, std::size_t count, ByteSpan encoded) {
    if (!plan_.by_parts) {
        return land(*pieces, encoded);
    }
    if (const std::uint64_t chunk_bytes = pieces_[*pieces].form->bytes; encoded.size() != chunk_bytes) {
        return wrong_size(encoded.size(), chunk_bytes);
    }
    for (std::size_t k = 0; k < count; ++k) {
        const ByteRange part = pieces_[pieces[k]].bytes;
        VCUBE_TRY(land(pieces[k], encoded.subspan(part.begin, part.size())));
    }
    return {};
}

/// Text in references is bytes as UTF-8, as fsspec has it. Kerchunk and its like write bytes as the code points of
/// latin-1; only the chunk itself can tell, by what it decodes to.
Status PieceLoader::land_inline(const Job& job, ByteSpan encoded) {
    Status landed = land_chunk(job.pieces, job.count, encoded);
    if (landed.ok()) {
        return landed;
    }
    const std::optional<std::string> latin1 = latin1_form(encoded);
    if (!latin1 || !land_chunk(job.pieces, job.count, as_byte_span(*latin1)).ok()) {
        return landed;
    }
    return {};
}

Status PieceLoader::land(std::size_t i, ByteSpan encoded) {
    const Piece& piece = pieces_[i];
    try {
        if (!plan_.cached) {
            VCUBE_TRY(use_.convert(piece, encoded));
            landed(piece);
            return {};
        }
        VCUBE_ASSIGN(Buffer chunk, use_.decode(piece, encoded));
        const auto data = std::make_shared<const Buffer>(std::move(chunk));
        claims_[i].complete(data);
        use_.copy(piece, *data);
        landed(piece);
        return {};
    } catch (const std::bad_alloc&) {
        return over_limit("no memory for a chunk of " + std::to_string(plan_.chunk_bytes) + " bytes");
    }
}

void PieceLoader::land_fill(std::size_t i) {
    if (plan_.cached) {
        claims_[i].complete(nullptr);
    }
    use_.fill(pieces_[i]);
    landed(pieces_[i]);
}

void PieceLoader::run_parallel(std::size_t count, std::uint64_t bytes, const std::function<void(std::size_t)>& body) {
    const std::size_t threads = bytes < kParallelBytes ? 1 : options_.max_threads;
    const auto until_stopped = [&](std::size_t i) {
        if (!stopped_.load(std::memory_order_relaxed)) {
            body(i);
            if (std::this_thread::get_id() == caller_) {
                tick();
            }
        }
    };
    source_.runtime.pool.parallel_for(count, until_stopped, threads);
}

/// On the caller's thread: whether to go on.
bool PieceLoader::tick() {
    if (options_.stop.stop_requested() || !is_wanted()) {
        stopped_ = true;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!stopped_ && options_.progress && now - last_tick_ >= kBetweenTicks) {
        last_tick_ = now;
        const double done = static_cast<double>(landed_.load(std::memory_order_relaxed)) /
                            static_cast<double>(std::max<std::uint64_t>(plan_.elements, 1));
        stopped_ = !options_.progress(std::min(done, 1.0));
    }
    return !stopped_;
}

Error PieceLoader::cancelled() const {
    return Error{ErrorCode::kCancelled, array_label(source_) + ": reading was cancelled"};
}

FetchOptions PieceLoader::fetch_options() {
    FetchOptions out;
    out.stop = options_.stop;
    out.max_threads = options_.max_threads;
    out.session = session_;
    out.tick = [this] { return tick(); };
    out.meanwhile = use_.meanwhile;
    return out;
}

std::uint64_t PieceLoader::copy_bytes(const std::vector<std::size_t>& pieces) const {
    std::uint64_t bytes = 0;
    for (const std::size_t i : pieces) {
        bytes += pieces_[i].elements() * meta_.dtype.size;
    }
    return bytes;
}

ChunkKey PieceLoader::key_of(std::size_t i) const {
    std::uint64_t chunk = 0;
    for (std::size_t d = 0; d < grid_.size(); ++d) {
        chunk = chunk * grid_[d] + pieces_[i].segments[d].chunk;
    }
    return {source_.array_number, chunk};
}

std::string PieceLoader::chunk_label(const Job& job, const Remote* place) const {
    std::string text = array_label(source_).append(", chunk ").append(job.key);
    if (source_.shards != nullptr) {  // it has no key of its own
        std::vector<std::uint64_t> chunk;
        for (const Segment& segment : pieces_[*job.pieces].segments) {
            text.append(chunk.empty() ? "[" : ",").append(std::to_string(segment.chunk));
            chunk.push_back(segment.chunk);
        }
        text.append(chunk.empty() ? "[" : "").append("] of ").append(source_.shards->key_of(meta_, chunk.data()));
    }
    if (place != nullptr) {
        text.append(" (").append(redacted(place->url));
        if (place->range.suffix == 0 && place->range.bounded()) {
            text.append(", bytes ").append(std::to_string(place->range.begin));
            text.append(" to ").append(std::to_string(place->range.end));
        }
        text.append(")");
    }
    return text;
}

}  // namespace vcube
