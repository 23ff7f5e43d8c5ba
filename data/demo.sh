#!/usr/bin/env bash
# From SMOS L2 products to maps: sets up the machine, builds the plugin, makes a synthetic product (or takes a real
# one), references it and opens both with GDAL's own tools; then a week of half orbits: daily maps, a mean of three days,
# a time series. Results are in build/demo/.
#   bash data/demo.sh               a synthetic half orbit over Africa and Europe, and a week of them
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

synthetic=
if [ -z "$product" ]; then
    synthetic=yes
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

pictures=("$out/demo.png")
if [ -n "$synthetic" ]; then
    say "A week of half orbits over Africa and Europe, morning and evening"
    archive=$out/week
    rm -rf "$archive"
    run /usr/bin/python3 -B data/make_week.py --box=-20,-36,55,72 --crop "$archive"
    echo "  $(wc -l <"$out/log.txt") products"
    week="VCUBE:\"$archive\":/Soil_Moisture"
    good='Soil_Moisture_DQX<0.07,RFI_Prob<0.2'
    area=(-projwin -20 72 55 -36)
    echo "\$ export VCUBE_INDEX_DIR=\$PWD/$out/index"
    export VCUBE_INDEX_DIR=$PWD/$out/index

    say "A map of one day: the latest observation of each grid cell"
    run gdal_translate -q -oo COMPOSITE=DAY -co COMPRESS=DEFLATE "${area[@]}" "$week:time=2023-07-17" "$out/day.tif"
    say "The mean of three days in EASE-Grid 2.0, of observations that the filter passes"
    run gdal_translate -q -oo COMPOSITE=3DAY -oo COMPOSITE_METHOD=MEAN -oo "FILTER=$good" -oo GRID=EASE2_GLOBAL_9KM -co COMPRESS=DEFLATE -projwin -1930000 6930000 5300000 -4290000 "$week:time=[0]" "$out/ease2.tif"
    say "Seven days, a band each, and the mean of the week"
    run gdal_translate -q -oo COMPOSITE=DAY -oo RES=0.1 -co COMPRESS=DEFLATE "${area[@]}" "$week" "$out/days.tif"
    run gdal_translate -q -oo COMPOSITE=ALL -oo COMPOSITE_METHOD=MEAN -oo RES=0.1 -co COMPRESS=DEFLATE "${area[@]}" "$week" "$out/mean.tif"
    for map in day ease2 mean; do
        run gdaldem color-relief -q -alpha -co COMPRESS=DEFLATE "$out/$map.tif" data/styles/soil_moisture.txt "$out/${map}_colour.tif"
    done
    days=()
    for band in 1 2 3 4 5 6 7; do
        quietly gdaldem color-relief -q -alpha -b $band -co COMPRESS=DEFLATE "$out/days.tif" data/styles/soil_moisture.txt "$out/day${band}_colour.tif"
        days+=("$out/day${band}_colour.tif")
    done
    run /usr/bin/python3 -B data/draw_map.py --title "SMOS soil moisture (synthetic half orbits)" --titles "17 July 2023;15 to 17 July 2023, mean, EASE-Grid 2.0" "$out/week.png" "$out/day_colour.tif" "$out/ease2_colour.tif"
    run /usr/bin/python3 -B data/draw_map.py --columns 4 --title "A week of SMOS soil moisture, July 2023 (synthetic half orbits)" --titles "15 July;16 July;17 July;18 July;19 July;20 July;21 July;mean of the week" "$out/days.png" "${days[@]}" "$out/mean_colour.tif"
    say "A time series: every product that passed the places"
    run /usr/bin/python3 -B data/time_series.py --output "$out/series.csv" "$week" Helsinki=25,60.3 Munich=11.6,48.1 Kano=8.5,12 Ouagadougou=-1.5,12.3
    run /usr/bin/python3 -B data/draw_series.py --title "SMOS soil moisture, July 2023 (synthetic half orbits)" "$out/series.csv" "$out/series.png"
    pictures+=("$out/week.png" "$out/days.png" "$out/series.png" "$out/series.csv")
fi
rm -f "$out/log.txt" "$out"/day[1-7]_colour.tif
say "Results:"
ls "${pictures[@]}" "$out"/*.tif "$refs" | sed 's/^/  /'
