#!/bin/sh
# Prints a model as Verilog and simulates it in a test bench of its own. Writes to build/ here.
# `sh run.sh /PATH/graph.safetensors` takes a graph of gestures that is there already.
set -eu
cd "$(dirname "$0")"
mkdir -p build
graph="${1:-../node/build/graph.safetensors}"
if [ ! -e "$graph" ]; then node ../node/main.mjs; fi

npx spikelet build "$graph" --target verilog --board ecp5-25f --lanes 8 --out build/verilog
node ../frames.mjs build/frames.bin 1
mkdir -p build/simulation
node frame.mjs "$graph" build/frames.bin build/simulation

# $readmemh looks for its files in the simulator's folder.
cp build/verilog/*.hex build/simulation
cd build/simulation
iverilog -g2005 -s bench -o bench ../../bench.v ../verilog/spikelet_core.v ../verilog/spikelet_program.v ../verilog/rtl/*.v
vvp -n bench > printed.txt
cat printed.txt
grep '^logit' printed.txt | diff - expected.txt
echo "all logits equal the interpreter's"
