/**
 * Softmax over the vocabulary, a chunk of logits [rows, columns] after the other, so that no whole row of logits exists. A row's
 * state is eight numbers: the largest logit so far, the sum of exp(logit - largest), the same sum times (logit - largest), the
 * target's logit, and the token of the largest logit (below 2^24, so it is exact).
 */
import { kernel } from '../kernel.ts'
import { bestOf, sumOf } from './reduce.ts'
import { ELEMENTS } from './rows.ts'

const THREADS = 128
/** Numbers of a row's state. */
export const STATE = 8

/** Takes a chunk, from the token `first` on, into the states. With `begin` 1 it begins them. A workgroup is a row. */
export const headReduce = kernel({
  name: 'head reduce',
  bindings: {
    logits: 'read_write array<f32>',
    targets: 'read_write array<u32>',
    states: 'read_write array<f32>',
  },
  params: { columns: 'u32', first: 'u32', begin: 'u32' },
  workgroupSize: THREADS,
  body: (adding) => `
${sumOf(THREADS, adding)}
${bestOf(THREADS, adding)}
fn run(row: u32, lane: u32) {
  let start = row * params.columns;
  var largest = -1e38;
  var token = 0u;
  for (var i = lane; i < params.columns; i += ${THREADS}u) {
    let logit = logits[start + i];
    if (logit > largest) {
      largest = logit;
      token = params.first + i;
    }
  }
  // Of equal logits the first token counts.
  let found = best(lane, largest, token);
  largest = found.value;
  var sum = 0.0;
  var moment = 0.0;
  for (var i = lane; i < params.columns; i += ${THREADS}u) {
    let below = logits[start + i] - largest;
    let weight = exp(below);
    sum += weight;
    moment += weight * below;
  }
  sum = total(lane, sum);
  moment = total(lane, moment);
  if (lane > 0u) { return; }
  let state = row * ${STATE}u;
  token = found.index;
  if (params.begin == 0u) {
    let before = states[state];
    let together = max(before, largest);
    let old = exp(before - together);
    let new_ = exp(largest - together);
    moment = old * (states[state + 2u] + (before - together) * states[state + 1u]) + new_ * (moment + (largest - together) * sum);
    sum = old * states[state + 1u] + new_ * sum;
    if (before >= largest) { token = u32(states[state + 4u]); }
    largest = together;
  }
  states[state] = largest;
  states[state + 1u] = sum;
  states[state + 2u] = moment;
  states[state + 4u] = f32(token);
  if (targets[row] - params.first < params.columns) {
    states[state + 3u] = logits[start + targets[row] - params.first];
  }
}`,
})

/**
 * The gradient of a chunk of logits takes their place: slope * (1 for the target - probability), by each row's slope
 * d loss / d logprob. Groups: ceil(rows * columns / ELEMENTS).
 */
export const headGradient = kernel({
  name: 'head gradient',
  bindings: {
    logits: 'read_write array<f32>',
    targets: 'read_write array<u32>',
    states: 'read_write array<f32>',
    slopes: 'read_write array<f32>',
  },
  params: { rows: 'u32', columns: 'u32', first: 'u32' },
  body: `
fn run(group: u32, lane: u32) {
  let at = group * ${ELEMENTS}u + lane;
  if (at >= params.rows * params.columns) { return; }
  let row = at / params.columns;
  let state = row * ${STATE}u;
  let probability = exp(logits[at] - states[state]) / states[state + 1u];
  let is_target = params.first + at % params.columns == targets[row];
  logits[at] = slopes[row] * (select(0.0, 1.0, is_target) - probability);
}`,
})
