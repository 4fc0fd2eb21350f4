#!/bin/sh
# Measures the engine on WebGPU on this machine's NVIDIA card against PyTorch in bf16, in less than 8 minutes, without a network.
#
#     PYTHON=/path/to/python bench/gpu.sh             a Python with torch, transformers and peft
#     PYTHON=/path/to/python bench/gpu.sh --dry-run   the same on the software adapter and the processor, with tiny shapes
#
# The project has to be set up (npm run setup), with the npm package webgpu. The card's driver has to offer Vulkan, and Vulkan's loader,
# libvulkan.so.1, has to be there: a package libvulkan1, or a folder that LD_LIBRARY_PATH names. A container needs
# NVIDIA_DRIVER_CAPABILITIES=all.
set -eu
cd "$(dirname "$0")/.."
# Some containers have the driver where Vulkan's loader does not look.
icd=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json
if [ -z "${VK_DRIVER_FILES:-}" ] && [ -f "$icd" ]; then export VK_DRIVER_FILES="$icd"; fi
export DPO_DRIVER_BENCH_PYTHON="${PYTHON:-$(command -v python3)}"
exec node_modules/.bin/node --no-warnings bench/gpu.ts "$@"
