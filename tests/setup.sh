#!/usr/bin/env bash
# Installs what a fresh Debian 12 lacks for building and testing VCube. Says nothing where nothing is missing.
#   bash tests/setup.sh          all that the tests need
#   bash tests/setup.sh --demo   only what data/demo.sh needs
set -euo pipefail

libraries=(g++ cmake ninja-build pkg-config libgdal-dev gdal-bin libproj-dev libhdf5-dev libdeflate-dev libzstd-dev
           liblz4-dev libblosc-dev liblzma-dev libbz2-dev libaec-dev libzfp-dev libsnappy-dev zlib1g-dev
           nlohmann-json3-dev libcurl4-openssl-dev libjpeg62-turbo-dev libtiff-dev libpng-dev libwebp-dev
           libopenjp2-7-dev liblerc-dev libbrotli-dev)
tools=(python3-gdal python3-numpy python3-h5py python3-matplotlib python3-pil)
tests=(git libgtest-dev libgmock-dev libbenchmark-dev clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14
       python3-pytest python3-rasterio python3-xarray python3-zarr python3-numcodecs python3-fsspec python3-netcdf4
       python3-pyproj python3-ujson python3-aiohttp python3-distributed python3-hypercorn python3-rioxarray openssl)

case "${1:-}" in
    "") tools+=("${tests[@]}") ;;
    --demo) ;;
    *) echo "usage: bash tests/setup.sh [--demo]" >&2; exit 2 ;;
esac

missing() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done
}

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is no Debian; install by hand what tests/setup.sh lists" >&2
    exit 0
fi
mapfile -t first < <(missing "${libraries[@]}")
mapfile -t second < <(missing "${tools[@]}")
[ $((${#first[@]} + ${#second[@]})) -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup: not root and no sudo; install: ${first[*]} ${second[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    if ! "${as_root[@]}" apt-get "$@" >"$log" 2>&1; then
        echo "setup: apt-get $* failed:" >&2
        tail -n 20 "$log" >&2
        exit 1
    fi
}
echo "Installing ${first[*]} ${second[*]}"
apt update
# Two steps: one long list can end in "held broken packages" where the parts install.
[ ${#first[@]} -eq 0 ] || apt install -y --no-install-recommends "${first[@]}"
[ ${#second[@]} -eq 0 ] || apt install -y --no-install-recommends "${second[@]}"
