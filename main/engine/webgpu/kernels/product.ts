/** Products with a matrix of the base model in any format, and an adapter's part in the same sums. */
import { type Adding, type Binding, bindingsIf, kernel, variants } from '../kernel.ts'
import { type WeightFormat, weightBindings } from '../matrix.ts'
import { arrayType, load4, store4 } from './access.ts'
import { DROPOUT, DROPOUT_PARAMS } from './dropout.ts'
import { fragmentTile } from './fragments.ts'
import { MODULE_PARAMS, MODULES } from './modules.ts'
import { sumOf } from './reduce.ts'
import { swigluBack } from './swiglu.ts'
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
  const access = `
${format.code}
${forwardAccess(parts)}
${load4('x4', 'x', 'params.inputs', inputsAligned)}
${store4('store_y', 'y', 'params.outputs', outputsAligned)}
fn weight_b(output: u32, inner: u32) -> vec4<f32> { return weight4(params.skip + output - params.first, inner); }`
  const run = `
fn run(group: u32, lane: u32) {
  weights_start(lane);
  // Tiles of the same weights are neighbours, so that these are read from memory once.
  let high = (params.rows + 63u) / 64u;
  tile(64u * (group % high), params.first + 64u * (group / high), lane);
}`
  return kernel({
    name: `product ${format.name}`,
    bindings: forwardBindings(parts),
    params: FORWARD_PARAMS,
    byFragments: isFloat(format)
      ? undefined
      : (fragments) => `
${access}
fn adapted4(row: u32, output: u32) -> vec4<f32> {
  var sums = vec4<f32>();
${
  lora
    ? `  for (var i = 0u; i < min(4u, params.outputs - output); i++) {
    let from_ = row * params.low_columns + module_of(output + i) * params.rank;
    for (var j = 0u; j < params.rank; j += 4u) {
      sums[i] += dot(low[(from_ + j) / 4u], lora_b[((output + i) * params.rank + j) / 4u]);
    }
  }`
    : ''
}
  return sums;
}
fn store(row: u32, output: u32, sums: vec4<f32>) {
  if (row >= params.rows || output >= params.first + params.part_rows) { return; }
  store_y(row, output, sums + beside(row, output) + adapted4(row, output));
}
${fragmentTile(fragments, { a: 'x4', b: { load: 'weight_b', along: 'inner' }, to: 'params.inputs' }, 'store')}
${run}`,
    body: `
${TILE_MEMORY}
${access}
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
${run}`,
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

/** Floats would lose digits in matrix units. */
function isFloat(format: WeightFormat): boolean {
  return format.name === 'f32'
}

/** Rows that a workgroup of the product of few rows computes at once. */
export const FEW_ROWS = [1, 2, 4, 8] as const
/** Outputs of its workgroup; sixteen threads share one. */
export const FEW_OUTPUTS = 4

/** What the product of few rows computes on the way, so that a layer of one token is few dispatches. */
export interface RowParts extends ForwardParts {
  readonly block: (typeof FEW_ROWS)[number]
  /** Takes x / rms(x) * norm instead of x. */
  readonly norm: boolean
  /** Outputs are gate and up, one below the other: y [rows, outputs / 2] becomes SwiGLU of them. W is one part. */
  readonly gated: boolean
}

/** The workgroups of `productOfRows` for so many rows and rows of a part of W. */
export function rowGroups({ block, gated }: Pick<RowParts, 'block' | 'gated'>, rows: number, partRows: number): number {
  const [outputs, own] = gated ? [partRows / 2, FEW_OUTPUTS / 2] : [partRows, FEW_OUTPUTS]
  return Math.ceil(rows / block) * Math.ceil(outputs / own)
}

/**
 * The same as `product` for few rows, in blocks of `rows`: weights are read from memory once a block, straight into the sums.
 * Groups: `rowGroups`.
 */
export const productOfRows = variants(({ block, norm, gated, ...parts }: RowParts) => {
  const { format, inputsAligned, lora } = parts
  const rows = Array.from({ length: block }, (_, i) => i)
  const own = gated ? FEW_OUTPUTS / 2 : FEW_OUTPUTS
  return kernel({
    name: `product ${format.name} of ${block} rows`,
    bindings: {
      ...forwardBindings({ ...parts, outputsAligned: false }),
      ...bindingsIf(norm, { norm: `read ${arrayType(inputsAligned)}` }),
    },
    params: { ...FORWARD_PARAMS, eps: 'f32' },
    body: (adding) => `
var<workgroup> partial: array<f32, ${64 * block}>;
${norm && adding === 'subgroups' ? sumOf(64, adding) : ''}
${norm ? `var<workgroup> scales: array<f32, ${block}>;` : ''}
${format.code}
${forwardAccess({ ...parts, outputsAligned: false })}
${load4('x4', 'x', 'params.inputs', inputsAligned)}
${norm ? load4('norm4', 'norm', 'params.inputs', inputsAligned) : ''}
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
/** The row of the part for one of the workgroup's ${FEW_OUTPUTS} outputs; at least part_rows if there is none. */
fn row_of(outputs: u32, place: u32) -> u32 {
${
  gated
    ? `  let half = params.part_rows / 2u;
  let gate = 2u * outputs + place % 2u;
  return select(params.part_rows, gate + select(0u, half, place >= 2u), gate < half);`
    : `  return ${FEW_OUTPUTS}u * outputs + place;`
}
}
/** One of the workgroup's outputs of a row in its block. */
fn value_of(row0: u32, i: u32, outputs: u32, place: u32) -> f32 {
  var sum = 0.0;
  for (var j = 0u; j < 16u; j += ${adding === 'subgroups' ? 'min(subgroup.size, 16u)' : '1u'}) {
    sum += partial[64u * i + 16u * place + j];
  }
${norm ? '  sum *= scales[i];' : ''}
  let output = params.first + row_of(outputs, place);
  return sum + beside(row0 + i, output).x + adapted(row0 + i, output);
}
fn run(group: u32, lane: u32) {
  weights_start(lane);
  let blocks = (params.rows + ${block - 1}u) / ${block}u;
  let row0 = ${block}u * (group % blocks);
  let outputs = group / blocks;
  let part_row = row_of(outputs, lane / 16u);
${norm ? scalesOf(rows, adding) : ''}
${rows.map((i) => `  var sum${i} = 0.0;`).join('\n')}
  if (part_row < params.part_rows) {
    for (var k = 4u * (lane % 16u); k < params.inputs; k += 64u) {
      let w = weight4(params.skip + part_row, k)${norm ? ' * norm4(0u, k)' : ''};
${rows.map((i) => `      sum${i} += dot(w, x4(min(row0 + ${i}u, params.rows - 1u), k));`).join('\n')}
    }
  }
${
  adding === 'subgroups'
    ? `  // Of the threads that share an output, each has the sum of those in its subgroup.
${[8, 4, 2, 1]
  .map(
    (step) => `  if (subgroup.size > ${step}u) {
${rows.map((i) => `    sum${i} += subgroupShuffleXor(sum${i}, ${step}u);`).join('\n')}
  }`,
  )
  .join('\n')}`
    : ''
}
${rows.map((i) => `  partial[${64 * i}u + lane] = sum${i};`).join('\n')}
  workgroupBarrier();
  if (lane >= ${own * block}u) { return; }
  let i = lane / ${own}u;
  let place = lane % ${own}u;
  let row = row0 + i;
  let mine = row_of(outputs, place);
  if (row >= params.rows || mine >= params.part_rows) { return; }
${
  gated
    ? `  let gate = value_of(row0, i, outputs, place);
  y[row * (params.outputs / 2u) + mine] = gate / (1.0 + exp(-gate)) * value_of(row0, i, outputs, place + 2u);`
    : '  y[row * params.outputs + params.first + mine] = value_of(row0, i, outputs, place);'
}
}`,
  })
})

/** WGSL that puts 1 / rms of the rows of a block into `scales`, for productOfRows. */
function scalesOf(rows: readonly number[], adding: Adding): string {
  const squares = (i: number) => `
    let row = min(row0 + ${i}u, params.rows - 1u);
    var squares = 0.0;
    for (var k = 4u * lane; k < params.inputs; k += 256u) { squares += dot(x4(row, k), x4(row, k)); }`
  const scale = 'inverseSqrt(squares / f32(params.inputs) + params.eps)'
  if (adding === 'subgroups') {
    const each = (i: number) => `  {${squares(i)}
    squares = total(lane, squares);
    if (lane == 0u) { scales[${i}] = ${scale}; }
  }`
    return `${rows.map(each).join('\n')}
  workgroupBarrier();`
  }
  return `
${rows.map((i) => `  {${squares(i)}\n    partial[${64 * i}u + lane] = squares;\n  }`).join('\n')}
  workgroupBarrier();
  if (lane < ${rows.length}u) {
    var squares = 0.0;
    for (var j = 0u; j < 64u; j++) { squares += partial[64u * lane + j]; }
    scales[lane] = ${scale};
  }
  workgroupBarrier();`
}

export interface BackwardParts {
  readonly format: WeightFormat
  readonly inputsAligned: boolean
  readonly outputsAligned: boolean
  /** Adds dropped(low_gradient lora_a): [rows, modules * rank], with the adapter's scale in it, and [modules * rank, inputs]. */
  readonly lora: boolean
  /** Whether the adapter's part is dropped where the input was; `keys` has a number a row. */
  readonly dropout: boolean
  /** Whether the input was SwiGLU's result: instead of dx, the gradients of gate and up take the place of these. */
  readonly swiglu: boolean
}

/**
 * dx = dy W (+ dropped(low_gradient lora_a)), of dy [rows, outputs], for a part of W. With `add` 1 it adds to dx instead: parts
 * after the first do. With `swiglu` there is one part. Groups: tiles(rows) * tiles(inputs).
 */
export const productBackward = variants(
  ({ format, inputsAligned, outputsAligned, lora, dropout, swiglu }: BackwardParts) => {
    const access = `
${format.code}
${DROPOUT}
${load4('all_dy4', 'dy', 'params.outputs', outputsAligned)}
${swiglu ? swigluBack('params.inputs', inputsAligned) : store4('store_dx', 'dx', 'params.inputs', inputsAligned, 'params.add')}
fn dy4(row: u32, inner: u32) -> vec4<f32> {
  let values = all_dy4(row, params.first + inner);
  // What follows the part is another part's.
  return select(vec4<f32>(), values, vec4<u32>(inner, inner + 1u, inner + 2u, inner + 3u) < vec4<u32>(params.part_rows));
}
fn weight_b(input: u32, inner: u32) -> vec4<f32> { return weight4(params.skip + min(inner, params.part_rows - 1u), input); }
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
}`
    const write = swiglu ? 'swiglu_back' : 'store_dx'
    const run = `
fn run(group: u32, lane: u32) {
  weights_start(lane);
  let high = (params.rows + 63u) / 64u;
  tile(64u * (group % high), 64u * (group / high), lane);
}`
    return kernel({
      name: `product backward ${format.name}`,
      bindings: {
        ...weightBindings(format),
        dy: `read_write ${arrayType(outputsAligned)}`,
        [swiglu ? 'gate_up' : 'dx']: `read_write ${arrayType(inputsAligned)}`,
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
      byFragments: isFloat(format)
        ? undefined
        : (fragments) => `
${access}
fn adapted4(row: u32, input: u32) -> vec4<f32> {
  var sums = vec4<f32>();
${
  lora
    ? `  for (var j = 0u; j < params.low_columns; j++) {
    let at = row * params.low_columns + j;
    sums += low_gradient[at / 4u][at % 4u] * lora_a4(input, j);
  }
  sums = dropped(row, input, sums);`
    : ''
}
  return sums;
}
fn store(row: u32, input: u32, sums: vec4<f32>) {
  if (row < params.rows) { ${write}(row, input, sums + adapted4(row, input)); }
}
${fragmentTile(fragments, { a: 'dy4', b: { load: 'weight_b', along: 'outer' }, to: 'params.part_rows' }, 'store')}
${run}`,
      body: `
${TILE_MEMORY}
${access}
fn store(row: u32, input: u32, sums: vec4<f32>) {
  if (row < params.rows) { ${write}(row, input, sums); }
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
${run}`,
    })
  },
)
