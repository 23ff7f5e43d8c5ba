// Result<T> and Status: how own code reports failure. No own function throws; what libraries throw is caught where it
// is called. A message names the place (array, chunk, URL without query, range) and what was expected and found; it
// never holds a credential or a query string.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace vcube {

enum class ErrorCode {
    kInvalid,      // the input is not what its format demands
    kNotFound,     // a named thing does not exist
    kUnsupported,  // valid, but this build or version does not read it
    kIo,           // the bytes could not be brought
    kCorrupt,      // bytes arrived and are damaged (checksum, short stream)
    kLimit,        // a limit on memory, size or depth was met
    kDenied,       // policy forbids it (local file from a remote reference ...)
    kCancelled     // the caller asked to stop
};

struct Error {
    ErrorCode code = ErrorCode::kInvalid;
    std::string message;
};

/// Success or an Error.
class [[nodiscard]] Status {
public:
    Status() = default;
    Status(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor): errors return as they are
    [[nodiscard]] bool ok() const { return !error_.has_value(); }
    /// Only when !ok().
    [[nodiscard]] const Error& error() const { return *error_; }

private:
    std::optional<Error> error_;
};

/// A value or an Error.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)
    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    /// Only when ok().
    [[nodiscard]] T& value() & { return *std::get_if<0>(&state_); }
    [[nodiscard]] const T& value() const& { return *std::get_if<0>(&state_); }
    [[nodiscard]] T&& value() && { return std::move(*std::get_if<0>(&state_)); }
    /// Only when !ok().
    [[nodiscard]] const Error& error() const { return *std::get_if<1>(&state_); }
    [[nodiscard]] Status status() const { return ok() ? Status() : Status(error()); }

private:
    std::variant<T, Error> state_;
};

inline Error invalid(std::string message) {
    return {ErrorCode::kInvalid, std::move(message)};
}
inline Error not_found(std::string message) {
    return {ErrorCode::kNotFound, std::move(message)};
}
inline Error unsupported(std::string message) {
    return {ErrorCode::kUnsupported, std::move(message)};
}
inline Error io_error(std::string message) {
    return {ErrorCode::kIo, std::move(message)};
}
inline Error corrupt(std::string message) {
    return {ErrorCode::kCorrupt, std::move(message)};
}
inline Error over_limit(std::string message) {
    return {ErrorCode::kLimit, std::move(message)};
}

/// The same error with "context: " before its message.
inline Error with_context(const std::string& context, Error error) {
    error.message = context + ": " + error.message;
    return error;
}

}  // namespace vcube

#define VCUBE_CONCAT_(a, b) a##b
#define VCUBE_CONCAT(a, b) VCUBE_CONCAT_(a, b)

/// Returns the error of a Status or Result expression to the caller.
#define VCUBE_TRY(expression)                                         \
    do {                                                              \
        if (auto vcube_status_ = (expression); !vcube_status_.ok()) { \
            return vcube_status_.error();                             \
        }                                                             \
    } while (false)

/// VCUBE_ASSIGN(auto x, f()): declares or assigns x from a Result, or returns its error.
#define VCUBE_ASSIGN(target, expression) VCUBE_ASSIGN_(VCUBE_CONCAT(vcube_result_, __LINE__), target, expression)
#define VCUBE_ASSIGN_(name, target, expression) \
    auto name = (expression);                   \
    if (!name.ok()) {                           \
        return name.error();                    \
    }                                           \
    target = std::move(name).value()
