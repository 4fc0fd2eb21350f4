/** The optimiser on flat arrays, as in adamw.ts of the room. */
import { kernel } from '../kernel.ts'
import { sumOf } from './reduce.ts'

const THREADS = 256
/** The most partial sums of `squareSums`. */
export const PARTIAL_SUMS = 1024

/** The sums of squares of as many parts of the gradients as there are groups. */
export const squareSums = kernel({
  name: 'square sums',
  bindings: { gradients: 'read_write array<f32>', partial: 'read_write array<f32>' },
  params: { count: 'u32' },
  workgroupSize: THREADS,
  body: (adding) => `
${sumOf(THREADS, adding)}
fn run(group: u32, lane: u32) {
  var sum = 0.0;
  for (var i = group * ${THREADS}u + lane; i < params.count; i += params.groups * ${THREADS}u) {
    sum += gradients[i] * gradients[i];
  }
  sum = total(lane, sum);
  if (lane == 0u) { partial[group] = sum; }
}`,
})

/** Numbers that a workgroup of `adamW` updates. */
export const UPDATED = THREADS

/**
 * One step. `factor` clips the gradients, which become 0; `keep` is 1 - learning_rate * weight_decay; `rate` is the learning
 * rate and `root` the square root of the second moment's correction. Groups: ceil(count / UPDATED).
 */
export const adamW = kernel({
  name: 'adamw',
  bindings: {
    weights: 'read_write array<f32>',
    gradients: 'read_write array<f32>',
    exp_avg: 'read_write array<f32>',
    exp_avg_sq: 'read_write array<f32>',
  },
  params: {
    count: 'u32',
    factor: 'f32',
    keep: 'f32',
    rate: 'f32',
    root: 'f32',
    beta1: 'f32',
    beta2: 'f32',
    rest1: 'f32',
    rest2: 'f32',
    epsilon: 'f32',
  },
  workgroupSize: THREADS,
  body: `
fn run(group: u32, lane: u32) {
  let i = group * ${THREADS}u + lane;
  if (i >= params.count) { return; }
  let gradient = gradients[i] * params.factor;
  let m = params.beta1 * exp_avg[i] + params.rest1 * gradient;
  let v = params.beta2 * exp_avg_sq[i] + params.rest2 * gradient * gradient;
  exp_avg[i] = m;
  exp_avg_sq[i] = v;
  weights[i] = weights[i] * params.keep - params.rate * m / (sqrt(v) / params.root + params.epsilon);
  gradients[i] = 0.0;
}`,
})
