// The boundary to GDAL. Every callback and every virtual override that can fail runs inside guarded(): errors and
// exceptions become one CPLError on the caller's thread, after the warnings that the core logged meanwhile (also on
// worker threads, whose own CPLError nobody would see). No lock may be held by the caller of guarded(): an error
// handler may throw.
#pragma once

#include <exception>
#include <new>
#include <optional>
#include <utility>

#include "cpl_error.h"
#include "vcube/result.h"

namespace vcube::driver {

/// Error number that GDAL's users know for an error code.
CPLErrorNum error_number(ErrorCode code);

/// One CPLError(CE_Failure).
void raise_error(const Error& error);

/// Lets log() of the core reach GDAL: messages are kept until a guarded call ends. Called at registration.
void install_log_sink();

/// Emits kept messages as CPLError(CE_Warning) and CPLDebug.
void flush_log();

/// Runs body() and turns exceptions into errors.
template <class Body>
auto without_exceptions(Body&& body) -> decltype(body()) {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return over_limit("not enough memory");
    } catch (const std::exception& exception) {
        return invalid(std::string("internal error: ") + exception.what());
    }
}

/// body() gives a Result<T>; its value, or `failure` after one CPLError.
template <class T, class Body>
T guarded(T failure, Body&& body) {
    Result<T> result = without_exceptions(std::forward<Body>(body));
    flush_log();
    if (!result.ok()) {
        raise_error(result.error());
        return failure;
    }
    return std::move(result).value();
}

/// body() gives a Status; CE_None, or CE_Failure after one CPLError.
template <class Body>
CPLErr guarded_status(Body&& body) {
    const Status status = without_exceptions(std::forward<Body>(body));
    flush_log();
    if (!status.ok()) {
        raise_error(status.error());
        return CE_Failure;
    }
    return CE_None;
}

}  // namespace vcube::driver
