/** Tests of kernels run on SwiftShader. On a machine without Chromium they are skipped, and say so. */
import { describe, expect } from 'vitest'
import { uniformStream } from '../main/engine/random.ts'
import { Arena } from '../main/engine/webgpu/arena.ts'
import { Gpu } from '../main/engine/webgpu/device.ts'
import { type Memory, type View, whole } from '../main/engine/webgpu/memory.ts'
import { Program } from '../main/engine/webgpu/program.ts'
import { dawnInstalled, hasSwiftShader } from './software-device.ts'

/** Whether these tests run here. */
export const TESTS_WEBGPU = hasSwiftShader && dawnInstalled

export function describeWebGpu(name: string, suite: () => void): void {
  if (TESTS_WEBGPU) describe(name, { timeout: 300_000 }, suite)
  else
    describe.skip(
      `${name} (not here: ${dawnInstalled ? 'Chromium' : 'the npm package webgpu'} is not installed)`,
      suite,
    )
}

/** A program on a device, whose arena is full of poison before the program runs. */
export class Bench {
  readonly gpu: Gpu
  #arena: Arena
  #program: Program
  #weights: Memory[] = []

  /** `subgroups` takes kernels in their form for these. */
  constructor(device: GPUDevice, subgroups = false) {
    this.gpu = new Gpu(device)
    this.gpu.subgroups = subgroups
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
