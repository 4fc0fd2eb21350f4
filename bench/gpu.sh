#!/bin/sh
# Measures the engine on WebGPU on this machine's NVIDIA card against PyTorch in bf16, in less than 8 minutes, without a network.
#
#     PYTHON=/path/to/python bench/gpu.sh             a Python with torch, transformers and peft
#     PYTHON=/path/to/python bench/gpu.sh --dry-run   the same on the software adapter and the processor, with tiny shapes
#
# The project has to be set up (npm run setup), with the npm package webgpu; the card's driver has to offer Vulkan.
set -eu
cd "$(dirname "$0")/.."
export DPO_DRIVER_BENCH_PYTHON="${PYTHON:-$(command -v python3)}"
exec node_modules/.bin/node --no-warnings bench/gpu.ts "$@"
