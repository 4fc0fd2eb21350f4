/** Gradients of biases and of norms' weights: sums over rows. Each is added to what is there. */
import { kernel } from '../kernel.ts'
import { sumOf } from './reduce.ts'

const THREADS = 64

/** Columns that a workgroup of `biasGradient` and `normGradient` sums up. */
export const SUMMED = THREADS

/** Of y = x + bias. Groups: ceil(columns / SUMMED). */
export const biasGradient = kernel({
  name: 'bias gradient',
  bindings: { dy: 'read_write array<f32>', gradient: 'read_write array<f32>' },
  params: { rows: 'u32', columns: 'u32' },
  body: `
fn run(group: u32, lane: u32) {
  let column = ${SUMMED}u * group + lane;
  if (column >= params.columns) { return; }
  var sum = 0.0;
  for (var row = 0u; row < params.rows; row++) { sum += dy[row * params.columns + column]; }
  gradient[column] += sum;
}`,
})

/** 1 / rms of each of the first `heads` runs of `size` numbers in rows of `stride`. Groups: rows * heads. */
export const rmsScales = kernel({
  name: 'rms scales',
  bindings: { x: 'read_write array<f32>', scales: 'read_write array<f32>' },
  params: { heads: 'u32', size: 'u32', stride: 'u32', eps: 'f32' },
  body: (adding) => `
${sumOf(THREADS, adding)}
fn run(group: u32, lane: u32) {
  let first = group / params.heads * params.stride + group % params.heads * params.size;
  var squares = 0.0;
  for (var i = lane; i < params.size; i += ${THREADS}u) { squares += x[first + i] * x[first + i]; }
  let scale = inverseSqrt(total(lane, squares) / f32(params.size) + params.eps);
  if (lane == 0u) { scales[group] = scale; }
}`,
})

/** Of y = x * scale * weight, with the scales of whole rows. Groups: ceil(columns / SUMMED). */
export const normGradient = kernel({
  name: 'norm gradient',
  bindings: {
    x: 'read_write array<f32>',
    dy: 'read_write array<f32>',
    scales: 'read_write array<f32>',
    gradient: 'read_write array<f32>',
  },
  params: { rows: 'u32', columns: 'u32' },
  body: `
fn run(group: u32, lane: u32) {
  let column = ${SUMMED}u * group + lane;
  if (column >= params.columns) { return; }
  var sum = 0.0;
  for (var row = 0u; row < params.rows; row++) {
    let at = row * params.columns + column;
    sum += dy[at] * x[at] * scales[row];
  }
  gradient[column] += sum;
}`,
})

/**
 * Of the norms of q and k (Qwen3) that `rotate` applies, with the scales of all heads. A workgroup is a pair of numbers that are
 * turned together, of all query heads or of all key heads. Groups: size / 2, twice.
 */
export const headNormGradient = kernel({
  name: 'head norm gradient',
  bindings: {
    qkv: 'read_write array<f32>',
    d_rotated: 'read_write array<f32>',
    cosines: 'read_write array<f32>',
    sines: 'read_write array<f32>',
    scales: 'read_write array<f32>',
    query_gradient: 'read_write array<f32>',
    key_gradient: 'read_write array<f32>',
  },
  params: { rows: 'u32', query_heads: 'u32', key_heads: 'u32', size: 'u32' },
  body: (adding) => `
${sumOf(THREADS, adding)}
fn run(group: u32, lane: u32) {
  let half = params.size / 2u;
  let i = group % half;
  let is_key = group >= half;
  let heads = params.query_heads + params.key_heads;
  let own = select(params.query_heads, params.key_heads, is_key);
  var first_sum = 0.0;
  var second_sum = 0.0;
  for (var at = lane; at < params.rows * own; at += ${THREADS}u) {
    let row = at / own;
    let head = at % own + select(0u, params.query_heads, is_key);
    let out = (row * heads + head) * params.size + i;
    let in_ = (row * (heads + params.key_heads) + head) * params.size + i;
    let c = cosines[row * half + i];
    let s = sines[row * half + i];
    let scale = scales[row * heads + head];
    first_sum += (d_rotated[out] * c + d_rotated[out + half] * s) * qkv[in_] * scale;
    second_sum += (d_rotated[out + half] * c - d_rotated[out] * s) * qkv[in_ + half] * scale;
  }
  let first = total(lane, first_sum);
  let second = total(lane, second_sum);
  if (lane > 0u) { return; }
  if (is_key) {
    key_gradient[i] += first;
    key_gradient[i + half] += second;
  } else {
    query_gradient[i] += first;
    query_gradient[i + half] += second;
  }
}`,
})
