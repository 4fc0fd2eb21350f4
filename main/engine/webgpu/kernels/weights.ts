/** Gradients of the base model's matrices, which are floats then. Each is added to what is there. */
import { kernel, variants } from '../kernel.ts'
import { arrayType, load4 } from './access.ts'
import { TILE_MEMORY, tileProduct } from './tile.ts'

/**
 * dW += dy^T x, of x [rows, inputs] and dy [rows, outputs], for a part of W as in product.ts. Groups:
 * tiles(part_rows) * tiles(inputs).
 */
export const weightGradient = variants(
  ({ inputsAligned, outputsAligned }: Record<'inputsAligned' | 'outputsAligned', boolean>) =>
    kernel({
      name: 'weight gradient',
      bindings: {
        x: `read_write ${arrayType(inputsAligned)}`,
        dy: `read_write ${arrayType(outputsAligned)}`,
        gradient: 'read_write array<vec4<f32>>',
      },
      params: { rows: 'u32', inputs: 'u32', outputs: 'u32', first: 'u32', skip: 'u32', part_rows: 'u32' },
      body: `
${TILE_MEMORY}
${load4('all_x4', 'x', 'params.inputs', inputsAligned)}
${load4('all_dy4', 'dy', 'params.outputs', outputsAligned)}
fn x4(input: u32, row: u32) -> vec4<f32> {
  if (row >= params.rows) { return vec4<f32>(); }
  return all_x4(row, input);
}
fn dy4(output: u32, row: u32) -> vec4<f32> {
  if (row >= params.rows) { return vec4<f32>(); }
  return all_dy4(row, params.first + output);
}
fn store(output: u32, input: u32, sums: vec4<f32>) {
  if (output >= params.part_rows || input >= params.inputs) { return; }
  // Numbers behind the last input stay 0: their x is 0.
  gradient[(params.skip + output) * ((params.inputs + 3u) / 4u) + input / 4u] += sums;
}
${tileProduct(
  'tile',
  [{ a: { load: 'dy4', along: 'outer' }, b: { load: 'x4', along: 'outer' }, to: 'params.rows' }],
  'store',
)}
fn run(group: u32, lane: u32) {
  let high = (params.part_rows + 63u) / 64u;
  tile(64u * (group % high), 64u * (group / high), lane);
}`,
    }),
)

/** Groups of four numbers that a workgroup of `embedGradient` sums up. */
export const EMBED_QUADS = 64

/**
 * The gradient of `embed`: to the row of each distinct token it adds dx[users[i]] for i from starts[t] to starts[t + 1]. Groups:
 * distinct tokens * ceil(columns / 4 / EMBED_QUADS).
 */
export const embedGradient = variants(({ aligned }: { aligned: boolean }) =>
  kernel({
    name: 'embed gradient',
    bindings: {
      dx: `read_write ${arrayType(aligned)}`,
      tokens: 'read_write array<u32>',
      starts: 'read_write array<u32>',
      users: 'read_write array<u32>',
      gradient: 'read_write array<vec4<f32>>',
    },
    params: { columns: 'u32', first: 'u32', skip: 'u32', part_rows: 'u32' },
    body: `
${load4('dx4', 'dx', 'params.columns', aligned)}
fn run(group: u32, lane: u32) {
  let quads = (params.columns + 3u) / 4u;
  let blocks = (quads + ${EMBED_QUADS - 1}u) / ${EMBED_QUADS}u;
  let t = group / blocks;
  let quad = ${EMBED_QUADS}u * (group % blocks) + lane;
  let token = tokens[t];
  if (quad >= quads || token < params.first || token >= params.first + params.part_rows) { return; }
  var sum = vec4<f32>();
  for (var i = starts[t]; i < starts[t + 1u]; i++) { sum += dx4(users[i], 4u * quad); }
  gradient[(params.skip + token - params.first) * quads + quad] += sum;
}`,
  }),
)
