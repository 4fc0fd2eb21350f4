#!/bin/sh
# Dawn (npm webgpu 0.6.2) on SwiftShader (of Chromium 156): a compute pipeline takes a second to compile if its workgroup memory has
# 16 KiB, and milliseconds if it has 256 bytes, whatever the shader does.
#
# WebGPU promises that workgroup memory begins as zeros. Where the driver has VK_KHR_zero_initialize_workgroup_memory, Dawn leaves that
# to the driver, and SwiftShader compiles one store after the other for every word. One expects a loop, and takes the whole shader
# for slow. With Dawn's toggle use_vulkan_zero_initialize_workgroup_memory_extension disabled, Dawn writes that loop itself: the
# memory is still zeros, and the pipeline compiles at once. Chromium takes the same toggle as --disable-dawn-features.
#
# Seen: 966 ms by default with 16 KiB, 5 ms without the toggle. This script fails if the ratio falls below 3. It needs a Chromium
# with its SwiftShader: CHROMIUM names its folder, /usr/lib/chromium by default. Options go on to npm install.
set -eu
chromium="${CHROMIUM:-/usr/lib/chromium}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type":"module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts "$@" webgpu@0.6.2
cat >compile.js <<'JS'
import { create } from 'webgpu'

const gpu = create(process.argv.slice(2))
const device = await (await gpu.requestAdapter()).requestDevice()
const code = (words) => `
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
var<workgroup> memory: array<u32, ${words}>;
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32) {
  out[lane] = memory[lane * ${words / 64}u + out[lane] % ${words / 64}u];
}`
for (const words of [64, 4096]) {
  const began = process.cpuUsage()
  const module = device.createShaderModule({ code: code(words) })
  device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } })
  console.log(Math.round(process.cpuUsage(began).user / 1000))
}
process.exit(0)
JS
run() {
  VK_ICD_FILENAMES="$chromium/vk_swiftshader_icd.json" LD_LIBRARY_PATH="$chromium" node compile.js "$@" | tr '\n' ' '
}
plain="$(run)"
loop="$(run disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension)"
echo "256 bytes and 16 KiB of workgroup memory, ms: by default $plain, with Dawn's loop $loop"
[ "$(echo "$plain" | cut -d' ' -f2)" -gt $((3 * $(echo "$loop" | cut -d' ' -f2))) ]
