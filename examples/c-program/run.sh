#!/bin/sh
# Prints a model as C, compiles it with main.c for this machine and classifies eight gestures. Writes to build/ here.
# `sh run.sh /PATH/graph.safetensors` takes a graph of gestures that is there already.
set -eu
cd "$(dirname "$0")"
mkdir -p build
graph="${1:-../node/build/graph.safetensors}"
if [ ! -e "$graph" ]; then node ../node/main.mjs; fi

# esp32-s3 is built as a component, so that this needs no cross compiler; the C is the same on every board.
npx spikelet build "$graph" --target firmware --board esp32-s3 --out build/firmware
node ../frames.mjs build/frames.bin 8
# The library is for 32-bit machines: -m32.
gcc -m32 -std=c99 -O2 -Wall -Wextra -I build/firmware/spikelet/src \
  main.c build/firmware/spikelet/src/*.c -o build/program
build/program < build/frames.bin
