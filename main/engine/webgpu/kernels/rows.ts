/** Rows that are looked up or collected: the embedding of tokens, the rows that predict targets, and their gradient's way back. */
import { kernel, variants } from '../kernel.ts'
import { type WeightFormat, weightBindings } from '../matrix.ts'
import { arrayType, store4 } from './access.ts'

/** Threads of a kernel that does something for each number, and so numbers of a workgroup. */
export const ELEMENTS = 64

/**
 * x[row] = W[tokens[row]] for the tokens whose row lies in a part of W. Groups: ceil(rows * ceil(columns / 4) / ELEMENTS).
 */
export const embed = variants(({ format, aligned }: { format: WeightFormat; aligned: boolean }) =>
  kernel({
    name: `embed ${format.name}`,
    bindings: {
      ...weightBindings(format),
      tokens: 'read_write array<u32>',
      x: `read_write ${arrayType(aligned)}`,
    },
    params: { rows: 'u32', first: 'u32', skip: 'u32', part_rows: 'u32', weight_columns: 'u32' },
    body: `
${format.code}
${store4('store_x', 'x', 'params.weight_columns', aligned)}
fn run(group: u32, lane: u32) {
  weights_start(lane);
  let quads = (params.weight_columns + 3u) / 4u;
  let at = group * ${ELEMENTS}u + lane;
  if (at >= params.rows * quads) { return; }
  let row = at / quads;
  let token = tokens[row];
  if (token < params.first || token >= params.first + params.part_rows) { return; }
  let column = 4u * (at % quads);
  store_x(row, column, weight4(params.skip + token - params.first, column));
}`,
  }),
)

/** y[row] = x[indices[row]]. Groups: ceil(rows * columns / ELEMENTS). */
export const gather = kernel({
  name: 'gather',
  bindings: { x: 'read_write array<f32>', indices: 'read_write array<u32>', y: 'read_write array<f32>' },
  params: { rows: 'u32', columns: 'u32' },
  body: `
fn run(group: u32, lane: u32) {
  let at = group * ${ELEMENTS}u + lane;
  if (at >= params.rows * params.columns) { return; }
  y[at] = x[indices[at / params.columns] * params.columns + at % params.columns];
}`,
})

/**
 * The gradient of `gather`: dx[row] = sum of dy[users[i]] for i from starts[row] to starts[row + 1]. Groups:
 * ceil(rows * columns / ELEMENTS).
 */
export const gatherBackward = kernel({
  name: 'gather backward',
  bindings: {
    dy: 'read_write array<f32>',
    starts: 'read_write array<u32>',
    users: 'read_write array<u32>',
    dx: 'read_write array<f32>',
  },
  params: { rows: 'u32', columns: 'u32' },
  body: `
fn run(group: u32, lane: u32) {
  let at = group * ${ELEMENTS}u + lane;
  if (at >= params.rows * params.columns) { return; }
  let row = at / params.columns;
  var sum = 0.0;
  for (var i = starts[row]; i < starts[row + 1u]; i++) {
    sum += dy[users[i] * params.columns + at % params.columns];
  }
  dx[at] = sum;
}`,
})
