/** SwiGLU (Shazeer 2020, arXiv:2002.05202) of rows [gate, up]. Groups: ceil(rows * columns / ELEMENTS). */
import { kernel } from '../kernel.ts'
import { ELEMENTS } from './rows.ts'

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
