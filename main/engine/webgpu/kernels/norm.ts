/** x / rms(x) * weight, row by row (Zhang & Sennrich 2019, arXiv:1910.07467), and its gradient. A workgroup is a row. */
import { kernel } from '../kernel.ts'
import { sumOf } from './reduce.ts'

const THREADS = 128

export const rmsNorm = kernel({
  name: 'rms norm',
  bindings: { x: 'read_write array<f32>', weight: 'read array<f32>', y: 'read_write array<f32>' },
  params: { columns: 'u32', eps: 'f32' },
  workgroupSize: THREADS,
  body: (adding) => `
${sumOf(THREADS, adding)}
fn run(row: u32, lane: u32) {
  let first = row * params.columns;
  var squares = 0.0;
  for (var i = lane; i < params.columns; i += ${THREADS}u) { squares += x[first + i] * x[first + i]; }
  let scale = inverseSqrt(total(lane, squares) / f32(params.columns) + params.eps);
  for (var i = lane; i < params.columns; i += ${THREADS}u) { y[first + i] = x[first + i] * scale * weight[i]; }
}`,
})

/** dx += the gradient by way of the norm; with `add` 0, dx becomes it. */
export const rmsNormBackward = kernel({
  name: 'rms norm backward',
  bindings: {
    x: 'read_write array<f32>',
    weight: 'read array<f32>',
    dy: 'read_write array<f32>',
    dx: 'read_write array<f32>',
  },
  params: { columns: 'u32', eps: 'f32', add: 'u32' },
  workgroupSize: THREADS,
  body: (adding) => `
${sumOf(THREADS, adding)}
fn run(row: u32, lane: u32) {
  let first = row * params.columns;
  var squares = 0.0;
  var products = 0.0;
  for (var i = lane; i < params.columns; i += ${THREADS}u) {
    let value = x[first + i];
    squares += value * value;
    products += value * weight[i] * dy[first + i];
  }
  let scale = inverseSqrt(total(lane, squares) / f32(params.columns) + params.eps);
  let shared_ = total(lane, products) * scale * scale / f32(params.columns);
  for (var i = lane; i < params.columns; i += ${THREADS}u) {
    let slope = scale * (weight[i] * dy[first + i] - x[first + i] * shared_);
    if (params.add != 0u) { dx[first + i] += slope; } else { dx[first + i] = slope; }
  }
}`,
})
