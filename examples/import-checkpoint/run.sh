#!/bin/sh
# A state_dict -> Net -> Graph -> module, verified. Writes to build/ here. CHECKPOINT: one of your own.
set -eu
cd "$(dirname "$0")"
rm -rf build

if [ $# = 0 ]; then node make-checkpoint.mjs build/checkpoint.safetensors; fi
npx spikelet import "${1:-build/checkpoint.safetensors}" --input 32,32,2 --mean 0.03,0.03 --std 0.08,0.08 --out build/net.safetensors
npx spikelet quantize build/net.safetensors --data gestures:train=200,test=40 --calibrate 64 --count 40 --out build/graph.safetensors
npx spikelet build build/graph.safetensors --target wasm --out build/wasm
npx spikelet verify build/graph.safetensors --against wasm --build build/wasm --data gestures:train=200,test=40 --count 40
