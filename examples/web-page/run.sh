#!/bin/sh
# Builds the module and the page's gestures, then serves the page. Writes to build/ here.
# `sh run.sh /PATH/graph.safetensors [PORT]` takes a graph of gestures that is there already.
set -eu
cd "$(dirname "$0")"
mkdir -p build
graph="${1:-../node/build/graph.safetensors}"
if [ ! -e "$graph" ]; then node ../node/main.mjs; fi

npx spikelet build "$graph" --target wasm --out build/wasm
node frames-json.mjs build/frames.json
exec node serve.mjs "${2:-8080}"
