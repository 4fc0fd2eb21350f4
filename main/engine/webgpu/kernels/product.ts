/** Products with a matrix of the base model in any format, and an adapter's part in the same sums. */
import { type Binding, bindingsIf, kernel, variants } from '../kernel.ts'
import { type WeightFormat, weightBindings } from '../matrix.ts'
import { arrayType, load4, store4 } from './access.ts'
import { DROPOUT, DROPOUT_PARAMS } from './dropout.ts'
import { MODULE_PARAMS, MODULES } from './modules.ts'
import { TILE_MEMORY, tileProduct } from './tile.ts'

/** What a product adds to x W^T. */
export interface ForwardParts {
  readonly format: WeightFormat
  /** Whether the inputs are a multiple of four. */
  readonly inputsAligned: boolean
  /** Whether the outputs are a multiple of four, and with them the first of each part of W. */
  readonly outputsAligned: boolean
  /** Adds bias[output]. */
  readonly bias: boolean
  /** Adds residual[row, output]. */
  readonly residual: boolean
  /** Adds low lora_b^T: low [rows, modules * rank] has the adapter's scale in it, lora_b is [outputs, rank]. */
  readonly lora: boolean
}

/**
 * Parameters of a product with a part of W: the part has `part_rows` rows behind `skip` others of its arrays, for the outputs
 * from `first` on.
 */
const FORWARD_PARAMS = {
  rows: 'u32',
  inputs: 'u32',
  outputs: 'u32',
  first: 'u32',
  skip: 'u32',
  part_rows: 'u32',
  weight_columns: 'u32',
  low_columns: 'u32',
  ...MODULE_PARAMS,
} as const

/**
 * y = x W^T (+ bias) (+ residual) (+ low lora_b^T), of x [rows, inputs], for the outputs of a part of W. Groups:
 * tiles(rows) * tiles(part_rows). The rank is a multiple of four.
 */
export const product = variants((parts: ForwardParts) => {
  const { format, inputsAligned, outputsAligned, lora } = parts
  return kernel({
    name: `product ${format.name}`,
    bindings: forwardBindings(parts),
    params: FORWARD_PARAMS,
    body: `
${TILE_MEMORY}
${format.code}
${forwardAccess(parts)}
${store4('store_y', 'y', 'params.outputs', outputsAligned)}
fn weight_b(output: u32, inner: u32) -> vec4<f32> { return weight4(params.skip + output - params.first, inner); }
fn store(row: u32, output: u32, sums: vec4<f32>) {
  if (row >= params.rows || output >= params.first + params.part_rows) { return; }
  store_y(row, output, sums + beside(row, output));
}
${
  lora
    ? `
fn low4(row: u32, inner: u32) -> vec4<f32> {
  if (inner >= params.low_columns) { return vec4<f32>(); }
  return low[(row * params.low_columns + inner) / 4u];
}
fn lora_b4(output: u32, inner: u32) -> vec4<f32> {
  if (output >= params.outputs || module_of(output) != inner / params.rank) { return vec4<f32>(); }
  return lora_b[(output * params.rank + inner % params.rank) / 4u];
}`
    : ''
}
${tileProduct(
  'tile',
  [
    ...(lora
      ? [
          {
            a: { load: 'low4', along: 'inner' as const },
            b: { load: 'lora_b4', along: 'inner' as const },
            from: 'module_of(column0) * params.rank',
            to: '(module_of(column0 + 63u) + 1u) * params.rank',
          },
        ]
      : []),
    {
      a: { load: 'x4', along: 'inner' },
      b: { load: 'weight_b', along: 'inner' },
      to: 'params.inputs',
    },
  ],
  'store',
)}
${load4('x4', 'x', 'params.inputs', inputsAligned)}
fn run(group: u32, lane: u32) {
  weights_start(lane);
  // Tiles of the same weights are neighbours, so that these are read from memory once.
  let high = (params.rows + 63u) / 64u;
  tile(64u * (group % high), params.first + 64u * (group / high), lane);
}`,
  })
})

function forwardBindings({
  format,
  inputsAligned,
  outputsAligned,
  bias,
  residual,
  lora,
}: ForwardParts): Record<string, Binding> {
  return {
    ...weightBindings(format),
    x: `read_write ${arrayType(inputsAligned)}`,
    y: `read_write ${arrayType(outputsAligned)}`,
    ...bindingsIf(bias, { bias: 'read array<f32>' }),
    ...bindingsIf(residual, { residual: `read_write ${arrayType(outputsAligned)}` }),
    ...bindingsIf(lora, { low: 'read_write array<vec4<f32>>', lora_b: 'read array<vec4<f32>>' }),
  }
}

/** `beside(row, output)`: what is added to four outputs beside products. */
function forwardAccess({ outputsAligned, bias, residual }: ForwardParts): string {
  return `
${MODULES}
${residual ? load4('residual4', 'residual', 'params.outputs', outputsAligned) : ''}
${
  bias
    ? `
fn bias_at(output: u32) -> f32 { return bias[min(output, params.outputs - 1u)]; }
fn bias4(output: u32) -> vec4<f32> {
  return vec4<f32>(bias_at(output), bias_at(output + 1u), bias_at(output + 2u), bias_at(output + 3u));
}`
    : ''
}
fn beside(row: u32, output: u32) -> vec4<f32> {
  return ${[residual ? 'residual4(row, output)' : '', bias ? 'bias4(output)' : '', 'vec4<f32>()'].filter(Boolean).join(' + ')};
}`
}

/** Rows that a workgroup of the product of few rows computes at once. */
export const FEW_ROWS = [1, 2, 4, 8] as const
/** Outputs of its workgroup; sixteen threads share one. */
export const FEW_OUTPUTS = 4

/**
 * The same as `product` for few rows, in blocks of `rows`: weights are read from memory once a block, straight into the sums.
 * Groups: ceil(rows / block) * ceil(part_rows / FEW_OUTPUTS).
 */
export const productOfRows = variants(({ block, ...parts }: ForwardParts & { block: (typeof FEW_ROWS)[number] }) => {
  const { format, inputsAligned, lora } = parts
  const rows = Array.from({ length: block }, (_, i) => i)
  return kernel({
    name: `product ${format.name} of ${block} rows`,
    bindings: forwardBindings({ ...parts, outputsAligned: false }),
    params: FORWARD_PARAMS,
    body: `
var<workgroup> partial: array<f32, ${64 * block}>;
${format.code}
${forwardAccess({ ...parts, outputsAligned: false })}
${load4('x4', 'x', 'params.inputs', inputsAligned)}
fn adapted(row: u32, output: u32) -> f32 {
  var sum = 0.0;
${
  lora
    ? `  let from_ = row * params.low_columns + module_of(output) * params.rank;
  for (var j = 0u; j < params.rank; j += 4u) {
    sum += dot(low[(from_ + j) / 4u], lora_b[(output * params.rank + j) / 4u]);
  }`
    : ''
}
  return sum;
}
fn run(group: u32, lane: u32) {
  weights_start(lane);
  let blocks = (params.rows + ${block - 1}u) / ${block}u;
  let row0 = ${block}u * (group % blocks);
  let part_row = ${FEW_OUTPUTS}u * (group / blocks) + lane / 16u;
${rows.map((i) => `  var sum${i} = 0.0;`).join('\n')}
  if (part_row < params.part_rows) {
    for (var k = 4u * (lane % 16u); k < params.inputs; k += 64u) {
      let w = weight4(params.skip + part_row, k);
${rows.map((i) => `      sum${i} += dot(w, x4(min(row0 + ${i}u, params.rows - 1u), k));`).join('\n')}
    }
  }
${rows.map((i) => `  partial[${64 * i}u + lane] = sum${i};`).join('\n')}
  workgroupBarrier();
  if (lane >= ${FEW_OUTPUTS * block}u) { return; }
  let row = row0 + lane / ${FEW_OUTPUTS}u;
  let mine = ${FEW_OUTPUTS}u * (group / blocks) + lane % ${FEW_OUTPUTS}u;
  if (row >= params.rows || mine >= params.part_rows) { return; }
  var sum = 0.0;
  for (var i = 0u; i < 16u; i++) {
    sum += partial[64u * (lane / ${FEW_OUTPUTS}u) + 16u * (lane % ${FEW_OUTPUTS}u) + i];
  }
  let output = params.first + mine;
  y[row * params.outputs + output] = sum + beside(row, output).x + adapted(row, output);
}`,
  })
})

export interface BackwardParts {
  readonly format: WeightFormat
  readonly inputsAligned: boolean
  readonly outputsAligned: boolean
  /** Adds dropped(low_gradient lora_a): [rows, modules * rank], with the adapter's scale in it, and [modules * rank, inputs]. */
  readonly lora: boolean
  /** Whether the adapter's part is dropped where the input was; `keys` has a number a row. */
  readonly dropout: boolean
}

/**
 * dx = dy W (+ dropped(low_gradient lora_a)), of dy [rows, outputs], for a part of W. With `add` 1 it adds to dx instead: parts
 * after the first do. Groups: tiles(rows) * tiles(inputs).
 */
export const productBackward = variants(({ format, inputsAligned, outputsAligned, lora, dropout }: BackwardParts) =>
  kernel({
    name: `product backward ${format.name}`,
    bindings: {
      ...weightBindings(format),
      dy: `read_write ${arrayType(outputsAligned)}`,
      dx: `read_write ${arrayType(inputsAligned)}`,
      ...bindingsIf(lora, { low_gradient: 'read_write array<vec4<f32>>', lora_a: 'read array<vec4<f32>>' }),
      ...bindingsIf(dropout, { keys: 'read_write array<u32>' }),
    },
    params: {
      rows: 'u32',
      inputs: 'u32',
      outputs: 'u32',
      first: 'u32',
      skip: 'u32',
      part_rows: 'u32',
      weight_columns: 'u32',
      low_columns: 'u32',
      add: 'u32',
      ...DROPOUT_PARAMS,
    },
    body: `
${TILE_MEMORY}
${format.code}
${DROPOUT}
${load4('all_dy4', 'dy', 'params.outputs', outputsAligned)}
${store4('store_dx', 'dx', 'params.inputs', inputsAligned, 'params.add')}
fn dy4(row: u32, inner: u32) -> vec4<f32> {
  let values = all_dy4(row, params.first + inner);
  // What follows the part is another part's.
  return select(vec4<f32>(), values, vec4<u32>(inner, inner + 1u, inner + 2u, inner + 3u) < vec4<u32>(params.part_rows));
}
fn weight_b(input: u32, inner: u32) -> vec4<f32> { return weight4(params.skip + min(inner, params.part_rows - 1u), input); }
fn store(row: u32, input: u32, sums: vec4<f32>) {
  if (row < params.rows) { store_dx(row, input, sums); }
}
${
  lora
    ? `
fn low_gradient4(row: u32, inner: u32) -> vec4<f32> {
  if (inner >= params.low_columns) { return vec4<f32>(); }
  return low_gradient[(row * params.low_columns + inner) / 4u];
}
fn lora_a4(input: u32, inner: u32) -> vec4<f32> {
  return lora_a[min(inner, params.low_columns - 1u) * ((params.inputs + 3u) / 4u) + min(input, params.inputs - 1u) / 4u];
}
fn dropped(row: u32, input: u32, sums: vec4<f32>) -> vec4<f32> {
  return ${dropout ? 'sums * kept4(keys[min(row, params.rows - 1u)], input)' : 'sums'};
}`
    : ''
}
${tileProduct(
  'tile',
  [
    ...(lora
      ? [
          {
            a: { load: 'low_gradient4', along: 'inner' as const },
            b: { load: 'lora_a4', along: 'outer' as const },
            to: 'params.low_columns',
            ...(dropout && { after: 'dropped' }),
          },
        ]
      : []),
    { a: { load: 'dy4', along: 'inner' }, b: { load: 'weight_b', along: 'outer' }, to: 'params.part_rows' },
  ],
  'store',
)}
fn run(group: u32, lane: u32) {
  weights_start(lane);
  let high = (params.rows + 63u) / 64u;
  tile(64u * (group % high), 64u * (group / high), lane);
}`,
  }),
)
