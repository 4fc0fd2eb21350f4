/** SwiGLU (Shazeer 2020, arXiv:2002.05202) of rows [gate, up]. Groups: ceil(rows * columns / ELEMENTS). */
import { kernel } from '../kernel.ts'
import { ELEMENTS } from './rows.ts'

/**
 * WGSL of `fn swiglu_back(row: u32, column: u32, slopes: vec4<f32>)`: four gradients of SwiGLU's result become those of gate
 * and up, in the place of these, in `gate_up`. `columns` is WGSL of the number of gates.
 */
export function swigluBack(columns: string, aligned: boolean): string {
  const places = aligned
    ? `
  if (column >= ${columns}) { return; }
  let at = (row * 2u * ${columns} + column) / 4u;
  let further = ${columns} / 4u;
  let slope = slopes;`
    : `
  for (var i = 0u; i < 4u; i++) {
  if (column + i >= ${columns}) { return; }
  let at = row * 2u * ${columns} + column + i;
  let further = ${columns};
  let slope = slopes[i];`
  return `
fn swiglu_back(row: u32, column: u32, slopes: vec4<f32>) {${places}
  let gate = gate_up[at];
  let up = gate_up[at + further];
  let sigmoid = 1.0 / (1.0 + exp(-gate));
  gate_up[at] = slope * up * sigmoid * (1.0 + gate * (1.0 - sigmoid));
  gate_up[at + further] = slope * gate * sigmoid;
  ${aligned ? '' : '}'}
}`
}

const PARAMS = { rows: 'u32', columns: 'u32' } as const

export const swiglu = kernel({
  name: 'swiglu',
  bindings: { gate_up: 'read_write array<f32>', y: 'read_write array<f32>' },
  params: PARAMS,
  body: `
fn run(group: u32, lane: u32) {
  let at = group * ${ELEMENTS}u + lane;
  if (at >= params.rows * params.columns) { return; }
  let place = at / params.columns * 2u * params.columns + at % params.columns;
  let gate = gate_up[place];
  y[at] = gate / (1.0 + exp(-gate)) * gate_up[place + params.columns];
}`,
})

/** The gradient takes the place of gate and up. */
export const swigluBackward = kernel({
  name: 'swiglu backward',
  bindings: { gate_up: 'read_write array<f32>', dy: 'read_write array<f32>' },
  params: PARAMS,
  body: `
fn run(group: u32, lane: u32) {
  let at = group * ${ELEMENTS}u + lane;
  if (at >= params.rows * params.columns) { return; }
  let place = at / params.columns * 2u * params.columns + at % params.columns;
  let gate = gate_up[place];
  let up = gate_up[place + params.columns];
  let slope = dy[at];
  let sigmoid = 1.0 / (1.0 + exp(-gate));
  gate_up[place] = slope * up * sigmoid * (1.0 + gate * (1.0 - sigmoid));
  gate_up[place + params.columns] = slope * gate * sigmoid;
}`,
})
