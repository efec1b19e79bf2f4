#!/bin/sh
# `sh train.sh GRAPH`: a small graph for the other examples, trained on simulated gestures in about a minute.
set -eu
net="$(dirname "$1")/net.safetensors"
npx spikelet train --model mini --data gestures:train=800,test=80 --epochs 6 --batch 32 --learning-rate 0.008 --out "$net"
npx spikelet quantize "$net" --data gestures:train=800,test=80 --calibrate 64 --count 80 --out "$1"
