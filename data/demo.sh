#!/usr/bin/env bash
# From an SMOS L2 product to maps: sets up the machine, builds the plugin, makes a synthetic product (or takes a real
# one), references it and opens both with GDAL's own tools. Results are in build/demo/.
#   bash data/demo.sh               a synthetic half orbit over Africa and Europe
#   bash data/demo.sh PRODUCT.nc    a real product
set -euo pipefail
product=${1:+$(realpath -- "$1")}
cd "$(dirname "$0")/.."
out=build/demo
mkdir -p "$out"
if [ -n "$product" ] && [ ! -f "$product" ]; then
    echo "demo: $product: no such file" >&2
    exit 1
fi

# Quotes only what a shell would take apart.
shown() {
    local word
    for word in "$@"; do
        if [[ $word =~ ^[A-Za-z0-9_./:=,+-]+$ ]]; then printf ' %s' "$word"; else printf " '%s'" "$word"; fi
    done
    echo
}
# Runs quietly; a failure shows what was said.
quietly() {
    if ! "$@" >"$out/log.txt" 2>&1; then
        echo "demo: failed:$(shown "$@")" >&2
        tail -n 30 "$out/log.txt" >&2
        exit 1
    fi
}
run() { echo "\$$(shown "$@")"; quietly "$@"; }
say() { printf '\n%s\n' "$*"; }

bash tests/setup.sh --demo
say "Building the plugin"
run cmake --preset release -DVCUBE_TESTS=OFF -DVCUBE_BENCH=OFF
run cmake --build --preset release
echo "\$ export GDAL_DRIVER_PATH=\$PWD/build/release/plugins"
export GDAL_DRIVER_PATH=$PWD/build/release/plugins
quietly gdalinfo --format VCUBE

if [ -z "$product" ]; then
    say "A synthetic product, half an orbit over Africa and Europe"
    run /usr/bin/python3 -B data/make_product.py "$out"
    product=$(tail -n 1 "$out/log.txt")
    window=(-projwin -25 75 60 -37)
    title="SMOS soil moisture (synthetic product)"
else
    window=(-outsize 2048 0)
    title="SMOS soil moisture"
fi
refs=$out/$(basename "$product").json
say "Its Kerchunk reference"
run /usr/bin/python3 -B data/make_references.py "$product" "$refs"

file="VCUBE:\"$product\":/Soil_Moisture"
cube="VCUBE:\"$refs\":/Soil_Moisture"
say "What is in it"
run gdalinfo "$file"
cp "$out/log.txt" "$out/gdalinfo.txt"
sed '/^Coordinate System is/,/^Data axis/d' "$out/gdalinfo.txt"

say "A cloud-optimised GeoTIFF of a window, from the product file"
run gdal_translate -q -of COG -co COMPRESS=DEFLATE "${window[@]}" "$file" "$out/latlon.tif"
say "Europe in EPSG:3035, drawn cell by cell on that grid, from the reference"
run gdal_translate -q -oo GRID=LAEA_EUROPE -co COMPRESS=DEFLATE -co TILED=YES "$cube" "$out/laea.tif"
say "The same area by way of gdalwarp"
rm -f "$out/warped.tif"
run gdalwarp -q -multi -overwrite -t_srs EPSG:3035 -te 2500000 1400000 7500000 5500000 -tr 2500 2500 -co COMPRESS=DEFLATE "$cube" "$out/warped.tif"

say "Colours and a picture with a legend"
for map in latlon laea; do
    run gdaldem color-relief -q -alpha -co COMPRESS=DEFLATE "$out/$map.tif" data/styles/soil_moisture.txt "$out/${map}_colour.tif"
done
run /usr/bin/python3 -B data/draw_map.py --title "$title" "$out/demo.png" "$out/latlon_colour.tif" "$out/laea_colour.tif"
rm -f "$out/log.txt"
say "Results:"
ls "$out"/*.png "$out"/*.tif "$refs" | sed 's/^/  /'
