/**
 * Tests of kernels run on SwiftShader, the software adapter that every Chromium brings along, through Dawn in this process. On
 * a machine without Chromium they are skipped, and say so.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import path from 'node:path'
import { describe, expect } from 'vitest'
import { findChromium } from '../main/chromium/find.ts'
import { uniformStream } from '../main/engine/random.ts'
import { Arena } from '../main/engine/webgpu/arena.ts'
import { Gpu, wantedLimits } from '../main/engine/webgpu/device.ts'
import { type Memory, type View, whole } from '../main/engine/webgpu/memory.ts'
import { Program } from '../main/engine/webgpu/program.ts'

/** The folder with SwiftShader and Vulkan's loader, beside the browser. */
async function swiftShader(): Promise<string | null> {
  const chromium = await findChromium().catch(() => undefined)
  const folders = [...(chromium === undefined ? [] : [path.dirname(chromium)]), '/usr/lib/chromium']
  return folders.find((folder) => existsSync(path.join(folder, 'vk_swiftshader_icd.json'))) ?? null
}

const folder = await swiftShader()
const require = createRequire(import.meta.url)
const installed = (() => {
  try {
    require.resolve('webgpu')
    return true
  } catch {
    return false
  }
})()

/** Whether these tests run here. */
export const TESTS_WEBGPU = folder !== null && installed

export function describeWebGpu(name: string, suite: () => void): void {
  if (TESTS_WEBGPU) describe(name, suite)
  else describe.skip(`${name} (not here: ${installed ? 'Chromium' : 'the npm package webgpu'} is not installed)`, suite)
}

/** dlopen's flag that keeps a library in the process, on Linux. Node has no name for it. */
const RTLD_NODELETE = 0x1000

/** Dawn's instance: no device works without it, so it has to be referenced as long as one is used. */
let instance: GPU | null = null

/** A new device of the software adapter with all its limits. An adapter gives only one device. */
export async function softwareDevice(): Promise<GPUDevice> {
  if (folder === null) throw new Error('There is no software adapter.')
  process.env.VK_ICD_FILENAMES = path.join(folder, 'vk_swiftshader_icd.json')
  if (instance === null) {
    // Dawn looks for Vulkan's loader by name. Where the system has none, Chromium's is loaded first and found by that name.
    try {
      process.dlopen(
        { exports: {} },
        path.join(folder, 'libvulkan.so.1'),
        constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE,
      )
    } catch {
      // It is no addon, and stays loaded all the same.
    }
    const { create } = await import('webgpu')
    instance = create([])
  }
  const adapter = await instance.requestAdapter()
  if (adapter === null) throw new Error('The software adapter does not start.')
  return adapter.requestDevice({ requiredFeatures: optional(adapter), requiredLimits: wantedLimits(adapter) })
}

function optional({ features }: GPUAdapter): GPUFeatureName[] {
  return (['subgroups', 'shader-f16'] as const).filter((feature) => features.has(feature))
}

/** A program on a device, whose arena is full of poison before the program runs. */
export class Bench {
  readonly gpu: Gpu
  #arena: Arena
  #program: Program
  #weights: Memory[] = []

  constructor(device: GPUDevice) {
    this.gpu = new Gpu(device)
    this.#arena = new Arena(this.gpu.largestBuffer)
    this.#program = new Program(this.#arena)
  }

  get program(): Program {
    return this.#program
  }

  /** Weights: data in a buffer of their own, which kernels may bind as `read`. */
  async weights(data: ArrayBufferView<ArrayBuffer>): Promise<View> {
    const memory: Memory = { label: 'weights', bytes: data.byteLength, buffer: null }
    await this.gpu.allocate(memory)
    const view = whole(memory)
    this.gpu.write(view, data)
    this.#weights.push(memory)
    return view
  }

  /** Runs what is recorded between poisoned bytes, and returns floats. The next program is a new one. */
  async floats(...views: readonly View[]): Promise<Float32Array[]> {
    return (await this.bytes(...views)).map((bytes) => new Float32Array(bytes))
  }

  async bytes(...views: readonly View[]): Promise<ArrayBuffer[]> {
    await this.gpu.fit(this.#arena)
    for (const { buffer, bytes, label } of this.#arena.blocks) {
      const poison = new Uint32Array(Math.ceil(bytes / 4)).fill(POISON)
      this.gpu.write({ memory: { label, bytes, buffer }, offset: 0, bytes }, poison)
    }
    await this.gpu.run(this.#program.cut())
    const read = await this.gpu.read(...views)
    this.gpu.free(...this.#arena.blocks, ...this.#weights)
    this.#weights = []
    this.#arena = new Arena(this.gpu.largestBuffer)
    this.#program = new Program(this.#arena)
    return read
  }

  close(): void {
    this.gpu.close()
  }
}

/** The bits of a NaN. What a kernel should have written and did not, or read and must not, is no number. */
const POISON = 0x7fc0_dead

/** Numbers between -1 and 1. */
export function randomFloats(count: number, seed: number): Float32Array<ArrayBuffer> {
  const uniform = uniformStream(seed)
  return Float32Array.from({ length: count }, () => 2 * uniform() - 1)
}

/** Whole numbers from a seed, for shapes: `pick(least, most)`. */
export function picker(seed: number): (least: number, most: number) => number {
  const uniform = uniformStream(seed)
  return (least, most) => least + Math.floor(uniform() * (most - least + 1))
}

/** Expects every number to be within a tolerance of the root of their mean square. */
export function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ''): void {
  expect(actual.length, what).toBe(expected.length)
  let sum = 0
  for (let i = 0; i < expected.length; i++) sum += expected[i]! ** 2
  const scale = Math.max(Math.sqrt(sum / expected.length), 1e-6)
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i]! - expected[i]!) <= tolerance * scale)) {
      expect.fail(`${what}[${i}]: ${actual[i]} instead of ${expected[i]}`)
    }
  }
}
