/**
 * Subgroups: threads that add up without memory. Where a device has them, they are tried before they are used: kernels rely on
 * whole subgroups of neighbouring lanes, and a driver that does otherwise must cost speed and no digit.
 */
import { Arena } from './arena.ts'
import { DeviceLost, type Gpu } from './device.ts'
import { kernel } from './kernel.ts'
import { bestOf, sumOf } from './kernels/reduce.ts'
import { Program } from './program.ts'

const SIZES = [64, 128, 256] as const
const GROUPS = 3

/** For every lane: itself, the sum of all lanes' squares, the last lane, and 1 if it shuffles with others as it should. */
const trials = SIZES.map((size) =>
  kernel({
    name: `subgroups of ${size}`,
    bindings: { seen: 'read_write array<vec4<u32>>' },
    params: {},
    workgroupSize: size,
    body: (adding) => `
${sumOf(size, adding)}
${bestOf(size, adding)}
fn run(group: u32, lane: u32) {
  let sum = total(lane, f32(lane * lane));
  let last = best(lane, f32(lane), lane);
  var right = true;
${
  adding === 'subgroups'
    ? [8, 4, 2, 1]
        .map(
          (step) => `  if (subgroup.size > ${step}u) {
    let partner = subgroupShuffleXor(lane, ${step}u);
    right &= partner == (lane ^ ${step}u);
  }`,
        )
        .join('\n')
    : ''
}
  seen[group * ${size}u + lane] = vec4<u32>(lane, u32(sum), last.index, u32(right));
}`,
  }),
)

/** Uses the device's subgroups from now on, if it has them and they do what they should. Throws DeviceLost. */
export async function trySubgroups(gpu: Gpu): Promise<void> {
  if (!gpu.device.features.has('subgroups')) return
  gpu.subgroups = true
  gpu.subgroups = await work(gpu)
}

async function work(gpu: Gpu): Promise<boolean> {
  const { device } = gpu
  const arena = new Arena(gpu.largestBuffer)
  device.pushErrorScope('validation')
  device.pushErrorScope('internal')
  let works = false
  try {
    const program = new Program(arena)
    const views = trials.map((trial) => {
      const seen = program.allocate(4 * GROUPS * trial.workgroupSize)
      program.run(trial, { seen }, {}, GROUPS)
      return seen
    })
    await gpu.fit(arena)
    await gpu.run(program.cut())
    const found = await gpu.read(...views)
    works = found.every((bytes, index) => isRight(new Uint32Array(bytes), trials[index]!.workgroupSize))
  } catch (error) {
    if (error instanceof DeviceLost) throw error
  } finally {
    gpu.free(...arena.blocks)
  }
  const errors = await Promise.all([device.popErrorScope(), device.popErrorScope()])
  return works && errors.every((error) => error === null)
}

function isRight(seen: Uint32Array, size: number): boolean {
  const squares = ((size - 1) * size * (2 * size - 1)) / 6
  return Array.from({ length: GROUPS * size }, (_, at) => at % size).every((lane, at) => {
    const expected = [lane, squares, size - 1, 1]
    return expected.every((value, word) => seen[4 * at + word] === value)
  })
}
