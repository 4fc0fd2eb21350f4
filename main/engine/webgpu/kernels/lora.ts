/**
 * An adapter's small products. Its matrices lie as the modules of a product do (modules.ts): lora_a is
 * [modules * rank, inputs], each row from a multiple of four numbers on; lora_b is [outputs, rank]. Ranks are a multiple of four.
 */
import { bindingsIf, kernel, variants } from '../kernel.ts'
import { arrayType, load4 } from './access.ts'
import { DROPOUT, DROPOUT_PARAMS } from './dropout.ts'
import { MODULE_PARAMS, MODULES } from './modules.ts'
import { sumOf } from './reduce.ts'
import { TILE_MEMORY, tileProduct } from './tile.ts'

const EIGHT = Array.from({ length: 8 }, (_, i) => i)

/** Rows and columns of `low` that a workgroup computes. Its 64 threads share the contraction. */
const SIDE = 8

/** The workgroups of `loraLow` and `loraLowBackward`. */
export function lowGroups(rows: number, columns: number): number {
  return Math.ceil(rows / SIDE) * Math.ceil(columns / SIDE)
}

/** `scale_of(module)` from the parameters. */
const SCALES = `
fn scale_of(module_: u32) -> f32 {
  return select(select(params.scale2, params.scale1, module_ == 1u), params.scale0, module_ == 0u);
}`
const SCALE_PARAMS = { scale0: 'f32', scale1: 'f32', scale2: 'f32' } as const

/**
 * Sums `sum{row}{column}` of all threads and writes them, times the scale of their module, and `factor`, WGSL. They lie turned, so
 * that threads read different banks of memory and yet add up in the same order: a row's sum does not depend on its place.
 */
const reduce = (factor = '1.0') => `
${EIGHT.flatMap((i) => EIGHT.map((j) => SIDE * i + j))
  .map((at) => `  partial[${64 * at}u + (lane + ${at}u) % 64u] = sum${Math.floor(at / SIDE)}${at % SIDE};`)
  .join('\n')}
  workgroupBarrier();
  let row = row0 + lane / 8u;
  let column = column0 + lane % 8u;
  if (row >= params.rows || column >= params.columns) { return; }
  var sum = 0.0;
  for (var i = 0u; i < 64u; i++) { sum += partial[64u * lane + (i + lane) % 64u]; }
  low[row * params.columns + column] = sum * scale_of(column / params.rank) * ${factor};`

const SQUARES = `
    let row = min(row0 + i, params.rows - 1u);
    var squares = 0.0;
    for (var k = lane; k < stride; k += 64u) { squares += dot(x4(row, 4u * k), x4(row, 4u * k)); }`

interface LowParts {
  readonly inputsAligned: boolean
  readonly dropout: boolean
  /** Takes x / rms(x) * norm instead of x. */
  readonly norm: boolean
}

/** low = scale dropped(x) lora_a^T: [rows, columns], where there are columns = modules * rank. */
export const loraLow = variants(({ inputsAligned, dropout, norm }: LowParts) =>
  kernel({
    name: 'lora low',
    bindings: {
      x: `read_write ${arrayType(inputsAligned)}`,
      lora_a: 'read array<vec4<f32>>',
      low: 'read_write array<f32>',
      ...bindingsIf(dropout, { keys: 'read_write array<u32>' }),
      ...bindingsIf(norm, { norm: `read ${arrayType(inputsAligned)}` }),
    },
    params: {
      rows: 'u32',
      inputs: 'u32',
      columns: 'u32',
      rank: 'u32',
      eps: 'f32',
      ...SCALE_PARAMS,
      ...DROPOUT_PARAMS,
    },
    body: (adding) => `
var<workgroup> partial: array<f32, 4096>;
${norm && adding === 'subgroups' ? sumOf(64, adding) : ''}
${DROPOUT}
${SCALES}
${load4('x4', 'x', 'params.inputs', inputsAligned)}
${norm ? load4('norm4', 'norm', 'params.inputs', inputsAligned) : ''}
fn run(group: u32, lane: u32) {
  let wide = (params.columns + 7u) / 8u;
  let row0 = 8u * (group / wide);
  let column0 = 8u * (group % wide);
  let stride = (params.inputs + 3u) / 4u;
${
  norm
    ? adding === 'subgroups'
      ? `  // Of the row that this thread writes.
  var root = 0.0;
  for (var i = 0u; i < 8u; i++) {${SQUARES}
    squares = total(lane, squares);
    if (lane / 8u == i) { root = inverseSqrt(squares / f32(params.inputs) + params.eps); }
  }`
      : `  for (var i = 0u; i < 8u; i++) {${SQUARES}
    partial[64u * i + lane] = squares;
  }
  workgroupBarrier();
  // Of the row that this thread writes.
  var squares = 0.0;
  for (var i = 0u; i < 64u; i++) { squares += partial[64u * (lane / 8u) + i]; }
  let root = inverseSqrt(squares / f32(params.inputs) + params.eps);
  workgroupBarrier();`
    : ''
}
${EIGHT.flatMap((i) => EIGHT.map((j) => `  var sum${i}${j} = 0.0;`)).join('\n')}
  for (var k = lane; k < stride; k += 64u) {
${EIGHT.map((j) => `    let a${j} = lora_a[min(column0 + ${j}u, params.columns - 1u) * stride + k];`).join('\n')}
${EIGHT.map(
  (i) => `    {
      let row = min(row0 + ${i}u, params.rows - 1u);
      let value = x4(row, 4u * k)${norm ? ' * norm4(0u, 4u * k)' : ''}${dropout ? ' * kept4(keys[row], 4u * k)' : ''};
${EIGHT.map((j) => `      sum${i}${j} += dot(value, a${j});`).join('\n')}
    }`,
).join('\n')}
  }
${reduce(norm ? 'root' : '1.0')}
}`,
  }),
)

/** low_gradient = scale dy lora_b: [rows, modules * rank], each module from its own outputs. */
export const loraLowBackward = kernel({
  name: 'lora low backward',
  bindings: {
    dy: 'read_write array<f32>',
    lora_b: 'read array<vec4<f32>>',
    low: 'read_write array<f32>',
  },
  params: {
    rows: 'u32',
    outputs: 'u32',
    columns: 'u32',
    ...MODULE_PARAMS,
    ...SCALE_PARAMS,
  },
  body: `
var<workgroup> partial: array<f32, 4096>;
${SCALES}
/** Four columns of lora_b for one output; 0 if they are another module's. */
fn lora_b4(output: u32, column: u32, module_: u32) -> vec4<f32> {
  if (column / params.rank != module_) { return vec4<f32>(); }
  return lora_b[(output * params.rank + column % params.rank) / 4u];
}
${MODULES}
fn run(group: u32, lane: u32) {
  let wide = (params.columns + 7u) / 8u;
  let row0 = 8u * (group / wide);
  let column0 = 8u * (group % wide);
  // The outputs of the modules that these columns belong to.
  let first_module = column0 / params.rank;
  let last_module = min(column0 + 7u, params.columns - 1u) / params.rank;
  let start = select(select(params.third, params.second, first_module == 1u), 0u, first_module == 0u);
  let end = select(select(params.outputs, params.third, last_module == 1u), params.second, last_module == 0u);
${EIGHT.flatMap((i) => EIGHT.map((j) => `  var sum${i}${j} = 0.0;`)).join('\n')}
  for (var n = start + lane; n < min(end, params.outputs); n += 64u) {
    let module_ = module_of(n);
    let left = lora_b4(n, column0, module_);
    let right = lora_b4(n, column0 + 4u, module_);
${EIGHT.map(
  (i) => `    {
      let value = dy[min(row0 + ${i}u, params.rows - 1u) * params.outputs + n];
${EIGHT.map((j) => `      sum${i}${j} += value * ${j < 4 ? 'left' : 'right'}[${j % 4}];`).join('\n')}
    }`,
).join('\n')}
  }
${reduce()}
}`,
})

/** The workgroups of `loraGradients`, by tiles of 64 x 64. */
export function gradientGroups({
  inputs,
  outputs,
  second,
  third,
  rank,
  modules,
}: Record<'inputs' | 'outputs' | 'second' | 'third' | 'rank' | 'modules', number>): { a: number; groups: number } {
  const tiles = (count: number) => Math.ceil(count / 64)
  const a = tiles(modules * rank) * tiles(inputs)
  const rows = tiles(Math.min(second, outputs)) + tiles(third - second) + tiles(outputs - third)
  return { a, groups: a + rows * tiles(rank) }
}

/**
 * Adds to the gradients of both matrices: lora_a by low_gradient^T dropped(x), lora_b by dy^T low, each module by its own part
 * of low. The first `a_groups` workgroups do the one, the others the other.
 */
export const loraGradients = variants(
  ({ inputsAligned, outputsAligned, dropout }: Record<'inputsAligned' | 'outputsAligned' | 'dropout', boolean>) =>
    kernel({
      name: 'lora gradients',
      bindings: {
        x: `read_write ${arrayType(inputsAligned)}`,
        dy: `read_write ${arrayType(outputsAligned)}`,
        low: 'read_write array<vec4<f32>>',
        low_gradient: 'read_write array<vec4<f32>>',
        a_gradient: 'read_write array<vec4<f32>>',
        b_gradient: 'read_write array<vec4<f32>>',
        ...bindingsIf(dropout, { keys: 'read_write array<u32>' }),
      },
      params: {
        a_groups: 'u32',
        rows: 'u32',
        inputs: 'u32',
        outputs: 'u32',
        columns: 'u32',
        ...MODULE_PARAMS,
        ...DROPOUT_PARAMS,
      },
      body: `
${TILE_MEMORY}
${DROPOUT}
${load4('all_x4', 'x', 'params.inputs', inputsAligned)}
${load4('all_dy4', 'dy', 'params.outputs', outputsAligned)}
${MODULES}
fn x4(input: u32, row: u32) -> vec4<f32> {
  if (row >= params.rows) { return vec4<f32>(); }
  return all_x4(row, input)${dropout ? ' * kept4(keys[row], input)' : ''};
}
fn low_gradient4(column: u32, row: u32) -> vec4<f32> {
  if (row >= params.rows || column >= params.columns) { return vec4<f32>(); }
  return low_gradient[(row * params.columns + column) / 4u];
}
fn store_a(column: u32, input: u32, sums: vec4<f32>) {
  if (column >= params.columns || input >= params.inputs) { return; }
  let stride = (params.inputs + 3u) / 4u;
  // Numbers behind the last input stay 0: their x is 0.
  a_gradient[column * stride + input / 4u] += sums;
}
fn dy4(output: u32, row: u32) -> vec4<f32> {
  if (row >= params.rows) { return vec4<f32>(); }
  return all_dy4(row, output);
}
var<private> module_: u32;
fn low4(column: u32, row: u32) -> vec4<f32> {
  if (row >= params.rows || column >= params.rank) { return vec4<f32>(); }
  return low[(row * params.columns + module_ * params.rank + column) / 4u];
}
fn store_b(output: u32, column: u32, sums: vec4<f32>) {
  if (output >= params.outputs || column >= params.rank || module_of(output) != module_) { return; }
  b_gradient[(output * params.rank + column) / 4u] += sums;
}
${tileProduct(
  'tile_of_a',
  [
    {
      a: { load: 'low_gradient4', along: 'outer' },
      b: { load: 'x4', along: 'outer' },
      to: 'params.rows',
    },
  ],
  'store_a',
)}
${tileProduct(
  'tile_of_b',
  [{ a: { load: 'dy4', along: 'outer' }, b: { load: 'low4', along: 'outer' }, to: 'params.rows' }],
  'store_b',
)}
fn run(group: u32, lane: u32) {
  if (group < params.a_groups) {
    let high = (params.columns + 63u) / 64u;
    tile_of_a(64u * (group % high), 64u * (group / high), lane);
    return;
  }
  let wide = (params.rank + 63u) / 64u;
  // Tiles begin anew with each module.
  var at = (group - params.a_groups) / wide;
  let tiles0 = (params.second + 63u) / 64u;
  let tiles1 = (params.third - params.second + 63u) / 64u;
  var first = 0u;
  if (at >= tiles0 + tiles1) {
    module_ = 2u;
    first = params.third;
    at -= tiles0 + tiles1;
  } else if (at >= tiles0) {
    module_ = 1u;
    first = params.second;
    at -= tiles0;
  }
  tile_of_b(first + 64u * at, 64u * ((group - params.a_groups) % wide), lane);
}`,
    }),
)
