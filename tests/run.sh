#!/usr/bin/env bash
# Builds VCube and runs every test; sets up a fresh Debian 12 machine itself.
#   bash tests/run.sh            style, unit, driver and 20 seconds of each fuzz target
#   bash tests/run.sh --quick    the same without the fuzz targets
#   bash tests/run.sh --asan     unit and driver tests under the address and undefined-behaviour sanitizers
#   bash tests/run.sh --tsan     unit tests and those of remote data under the thread sanitizer
#   bash tests/run.sh --tidy     clang-tidy over every source
# The real products that some tests read are sought in $VCUBE_SHARED_DATA or ../shared/data; without them those tests
# are skipped, and the skipped ones are listed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-all}
[ $# -le 1 ] || mode=--unknown
case "$mode" in
    all|--quick|--asan|--tsan|--tidy) ;;
    --help|-h) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "tests/run.sh: $*: no such option; see --help" >&2; exit 2 ;;
esac

jobs=$(nproc)
# In pytest's own words, why a test was skipped.
export PYTEST_ADDOPTS="-rs ${PYTEST_ADDOPTS:-}"
failures=()
say() { printf '\n== %s\n' "$*"; }

# Runs quietly into a log; a failure shows its end.
quietly() {
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1; then
        echo "failed: $*" >&2
        tail -n 60 "$log" >&2
        return 1
    fi
}

build() {
    local preset=$1
    shift
    mkdir -p "build/$preset"
    say "Building preset $preset"
    quietly "build/$preset/configure.txt" cmake --preset "$preset"
    quietly "build/$preset/build.txt" cmake --build --preset "$preset" -j "$jobs" "$@"
}

check_style() {
    say "Style and layout"
    git ls-files -z '*.cpp' '*.h' | xargs -0 -r clang-format-14 --dry-run -Werror || failures+=("clang-format")
    if grep -rnE '#[[:space:]]*include[[:space:]]*[<"](gdal|cpl_|ogr|vrt)' core include; then
        failures+=("core/ or include/ sees GDAL")
    fi
}

run_tests() {
    local preset=$1
    shift
    ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure --no-tests=error "$@" 2>&1 \
        | tee "build/$preset/ctest.txt" || failures+=("tests of preset $preset")
}

run_fuzz() {
    build fuzz --target fuzz_all
    say "Fuzz targets, 20 seconds each"
    run_tests fuzz -L fuzz
}

# Names what did not run, then repeats ctest's closing line, so that it is the last thing to be seen.
finish() {
    local log=build/$1/Testing/Temporary/LastTest.log closing
    say "Skipped"
    awk '/^SKIPPED \[/; /: Skipped$/ { getline; print }' "$log" | sort | uniq -c | head -n 60 | grep . || echo "nothing"
    closing=$(tail -n 40 "$closing_log" | grep -aE '^[0-9]+% tests passed' | tail -n 1)
    if [ ${#failures[@]} -gt 0 ]; then
        echo
        printf 'FAILED: %s\n' "${failures[@]}" >&2
        echo "$closing"
        exit 1
    fi
    printf '\n%s\n' "$closing"
}

bash tests/setup.sh
data=${VCUBE_SHARED_DATA:-../shared/data}
[ -d "$data" ] && echo "Real products: $data" || echo "Real products: none at $data; the tests that read them are skipped"

preset=dev
[ "$mode" != --asan ] && [ "$mode" != --tsan ] && [ "$mode" != --tidy ] || preset=${mode#--}
closing_log=build/$preset/ctest.txt

case "$mode" in
    --tidy)
        build tidy
        # clang-tidy speaks while the compiler works; the build itself goes on.
        if grep -E '(warning|error):' build/tidy/build.txt | sort -u; then
            echo "FAILED: clang-tidy" >&2
            exit 1
        fi
        echo "clang-tidy: nothing found"
        exit 0
        ;;
    --asan)
        build asan
        export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
        say "Unit tests under address and undefined-behaviour sanitizers"
        run_tests asan -E '^(driver|bench)\.'
        say "Driver tests under the same; Python itself is not instrumented, so leaks are not sought"
        # The runtime has to come first in a program that was not linked with it.
        export ASAN_OPTIONS=detect_leaks=0:alloc_dealloc_mismatch=0
        LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libstdc++.so)" run_tests asan -R '^(driver|bench)\.'
        ;;
    --tsan)
        build tsan
        say "Unit tests under the thread sanitizer"
        TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 run_tests tsan -E '^(driver|bench)\.'
        say "Driver tests of remote data under the same; libraries are not instrumented, see tests/tsan.supp"
        export TSAN_OPTIONS=second_deadlock_stack=1:suppressions=$PWD/tests/tsan.supp
        LD_PRELOAD="$(gcc -print-file-name=libtsan.so)" run_tests tsan \
            -R '^driver\.test_(access|disk_cache|fetch_options|http.*|interrupts|object_stores|s3|secrets)$'
        ;;
    *)
        check_style
        build dev
        [ "$mode" = --quick ] || run_fuzz
        say "Unit and driver tests"
        run_tests dev
        ;;
esac
finish "$preset"
