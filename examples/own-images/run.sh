#!/bin/sh
# Folders of images -> IDX -> trained, quantized, built, verified. Writes to build/ here.
set -eu
cd "$(dirname "$0")"
rm -rf build

node make-images.mjs build/pictures
node to-idx.mjs build/pictures build/idx
npx spikelet train --model mini --data idx=build/idx --epochs 12 --batch 16 --shift 2 --out build/net.safetensors
npx spikelet quantize build/net.safetensors --data idx=build/idx --out build/graph.safetensors
npx spikelet build build/graph.safetensors --target wasm --out build/wasm
npx spikelet verify build/graph.safetensors --against wasm --build build/wasm --data idx=build/idx --count 40
npx spikelet run build/wasm --input build/pictures --labels build/idx/classes.txt --results build/results.jsonl
