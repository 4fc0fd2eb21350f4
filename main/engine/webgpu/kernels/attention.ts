/**
 * Attention over a forest with grouped queries (Ainslie et al. 2023, arXiv:2305.13245): a token sees the tokens before it in
 * its segment and all tokens of its ancestors. Scores are computed in tiles and never stored (Dao et al. 2022,
 * arXiv:2205.14135). A workgroup of 64 threads is a tile of rows of one segment and a head; four threads share a row.
 *
 * `plan` lists the tiles, then the spans of rows that they meet (batch.ts). Of the rows in a span, a query sees those that
 * are not behind it: rows of an ancestor never are.
 */
import { UserError } from '../../../messages/error.ts'
import { kernel, variants } from '../kernel.ts'

export interface AttentionOptions {
  /** Numbers of a head. */
  readonly size: number
  /** Rows of a tile, 16 or 8. */
  readonly tile: number
}

/** Rows of a tile that the backward pass has workgroup memory for. */
export function attentionTile(size: number, memory: number): number {
  const bytes = (tile: number) => 4 * (3 * tile * size + 2 * tile * tile + 2 * tile)
  const tile = [16, 8].find((rows) => bytes(rows) <= memory)
  if (tile === undefined) throw new UserError('gpuHeadsTooLarge', { size })
  return tile
}

const PARAMS = { tiles: 'u32', query_heads: 'u32', key_heads: 'u32', scale: 'f32' } as const

/** WGSL that all three kernels share. With tiles of eight rows, eight threads share a row. */
function common({ size, tile }: AttentionOptions): { text: string; own: number; sharers: number; dims: number } {
  const sharers = 64 / tile
  // Scores of a row that a thread computes, and numbers of a head that it sums.
  const own = tile / sharers
  const dims = Math.ceil(size / sharers)
  const text = `
const SIZE = ${size}u;
const TILE = ${tile}u;
const SHARERS = ${sharers}u;
const OWN = ${own}u;
const DIMS = ${dims}u;
struct Task { first: u32, end: u32, span: u32, spans: u32 }
/** An entry of the plan, the same for all threads, so that loops over it may have barriers. */
var<workgroup> entry: vec4<u32>;
fn plan_at(index: u32, lane: u32) -> vec4<u32> {
  if (lane == 0u) { entry = plan[index]; }
  return workgroupUniformLoad(&entry);
}
fn task_of(index: u32, lane: u32) -> Task {
  let planned = plan_at(index, lane);
  return Task(planned.x, planned.y, planned.z, planned.w);
}
fn row_stride() -> u32 { return (params.query_heads + params.key_heads) * SIZE; }
fn query_at(row: u32, head: u32) -> u32 { return row * row_stride() + head * SIZE; }
fn key_at(row: u32, head: u32) -> u32 { return row * row_stride() + (params.query_heads + head) * SIZE; }
fn value_at(row: u32, head: u32) -> u32 {
  return (row * (params.query_heads + 2u * params.key_heads) + params.query_heads + params.key_heads + head) * SIZE;
}
fn mixed_at(row: u32, head: u32) -> u32 { return (row * params.query_heads + head) * SIZE; }`
  return { text, own, sharers, dims }
}

/** Fills a tile of workgroup memory by rows from `first` to `end`; others are 0. `at` is WGSL of a row's place in `array`. */
function load(tile: string, array: string, at: string, first: string, end: string): string {
  return `
    for (var i = lane; i < TILE * SIZE; i += 64u) {
      let row = ${first} + i / SIZE;
      var value = 0.0;
      if (row < ${end}) { value = ${array}[${at} + i % SIZE]; }
      ${tile}[i] = value;
    }`
}

/** mixed [rows, query_heads * size], and the logarithm of each softmax's sum. Groups: tiles * query_heads. */
export const attention = variants((options: AttentionOptions) => {
  const { text } = common(options)
  const { size, tile } = options
  return kernel({
    name: 'attention',
    bindings: {
      plan: 'read_write array<vec4<u32>>',
      rotated: 'read_write array<f32>',
      qkv: 'read_write array<f32>',
      mixed: 'read_write array<f32>',
      lse: 'read_write array<f32>',
    },
    params: PARAMS,
    body: `
${text}
var<workgroup> queries: array<f32, ${tile * size}>;
var<workgroup> others: array<f32, ${tile * size}>;
var<workgroup> scores: array<f32, ${tile * tile}>;
var<workgroup> weights: array<f32, ${tile * tile}>;
fn run(group: u32, lane: u32) {
  let task = task_of(group / params.query_heads, lane);
  let head = group % params.query_heads;
  let key_head = head / (params.query_heads / params.key_heads);
  let mine = lane / SHARERS;
  let query = task.first + mine;
  let share = lane % SHARERS;
  ${load('queries', 'rotated', 'query_at(row, head)', 'task.first', 'task.end')}
  var sums: array<f32, DIMS>;
  for (var i = 0u; i < DIMS; i++) { sums[i] = 0.0; }
  var largest = -1e30;
  var normaliser = 0.0;
  for (var span = 0u; span < task.spans; span++) {
    let range = plan_at(task.span + span, lane);
    let start = range.x;
    // Keys behind the last query are seen by none.
    let end = min(range.y, task.end);
    for (var first = start; first < end; first += TILE) {
      workgroupBarrier();
      ${load('others', 'rotated', 'key_at(row, key_head)', 'first', 'end')}
      workgroupBarrier();
      for (var j = 0u; j < OWN; j++) {
        let other = share * OWN + j;
        var score = 0.0;
        for (var d = 0u; d < SIZE; d++) { score += queries[mine * SIZE + d] * others[other * SIZE + d]; }
        let seen = first + other < end && first + other <= query;
        scores[mine * TILE + other] = select(-1e30, score * params.scale, seen);
      }
      workgroupBarrier();
      var next = largest;
      for (var j = 0u; j < TILE; j++) { next = max(next, scores[mine * TILE + j]); }
      for (var j = 0u; j < OWN; j++) {
        let at = mine * TILE + share * OWN + j;
        weights[at] = select(0.0, exp(scores[at] - next), scores[at] > -1e29);
      }
      ${load('others', 'qkv', 'value_at(row, key_head)', 'first', 'end')}
      workgroupBarrier();
      let shrink = exp(largest - next);
      largest = next;
      normaliser *= shrink;
      for (var j = 0u; j < TILE; j++) { normaliser += weights[mine * TILE + j]; }
      for (var i = 0u; i < DIMS; i++) {
        let d = share + SHARERS * i;
        var sum = sums[i] * shrink;
        if (d < SIZE) {
          for (var j = 0u; j < TILE; j++) { sum += weights[mine * TILE + j] * others[j * SIZE + d]; }
        }
        sums[i] = sum;
      }
    }
  }
  if (query >= task.end) { return; }
  for (var i = 0u; i < DIMS; i++) {
    let d = share + SHARERS * i;
    if (d < SIZE) { mixed[mixed_at(query, head) + d] = sums[i] / normaliser; }
  }
  if (share == 0u) { lse[query * params.query_heads + head] = largest + log(normaliser); }
}`,
  })
})

/**
 * The gradient of queries, into d_rotated; and for each query and head the sum `delta` of its mixed values times their
 * gradient, which the gradient of keys needs. Groups: tiles * query_heads.
 */
export const attentionBackwardQueries = variants((options: AttentionOptions) => {
  const { text } = common(options)
  const { size, tile } = options
  return kernel({
    name: 'attention backward, queries',
    bindings: {
      plan: 'read_write array<vec4<u32>>',
      rotated: 'read_write array<f32>',
      qkv: 'read_write array<f32>',
      mixed: 'read_write array<f32>',
      d_mixed: 'read_write array<f32>',
      lse: 'read_write array<f32>',
      delta: 'read_write array<f32>',
      d_rotated: 'read_write array<f32>',
    },
    params: PARAMS,
    body: `
${text}
var<workgroup> queries: array<f32, ${tile * size}>;
var<workgroup> slopes: array<f32, ${tile * size}>;
var<workgroup> others: array<f32, ${tile * size}>;
var<workgroup> score_slopes: array<f32, ${tile * tile}>;
fn run(group: u32, lane: u32) {
  let task = task_of(group / params.query_heads, lane);
  let head = group % params.query_heads;
  let key_head = head / (params.query_heads / params.key_heads);
  let mine = lane / SHARERS;
  let query = task.first + mine;
  let share = lane % SHARERS;
  let valid = query < task.end;
  ${load('queries', 'rotated', 'query_at(row, head)', 'task.first', 'task.end')}
  ${load('slopes', 'd_mixed', 'mixed_at(row, head)', 'task.first', 'task.end')}
  var own_delta = 0.0;
  var own_lse = 0.0;
  if (valid) {
    own_lse = lse[query * params.query_heads + head];
    for (var d = 0u; d < SIZE; d++) {
      own_delta += mixed[mixed_at(query, head) + d] * d_mixed[mixed_at(query, head) + d];
    }
    if (share == 0u) { delta[query * params.query_heads + head] = own_delta; }
  }
  var sums: array<f32, DIMS>;
  for (var i = 0u; i < DIMS; i++) { sums[i] = 0.0; }
  for (var span = 0u; span < task.spans; span++) {
    let range = plan_at(task.span + span, lane);
    let start = range.x;
    let end = min(range.y, task.end);
    for (var first = start; first < end; first += TILE) {
      workgroupBarrier();
      ${load('others', 'rotated', 'key_at(row, key_head)', 'first', 'end')}
      workgroupBarrier();
      var weights: array<f32, OWN>;
      for (var j = 0u; j < OWN; j++) {
        let other = share * OWN + j;
        var score = 0.0;
        for (var d = 0u; d < SIZE; d++) { score += queries[mine * SIZE + d] * others[other * SIZE + d]; }
        let seen = valid && first + other < end && first + other <= query;
        weights[j] = select(0.0, exp(min(score * params.scale - own_lse, 0.0)), seen);
      }
      workgroupBarrier();
      ${load('others', 'qkv', 'value_at(row, key_head)', 'first', 'end')}
      workgroupBarrier();
      for (var j = 0u; j < OWN; j++) {
        let other = share * OWN + j;
        var slope = 0.0;
        for (var d = 0u; d < SIZE; d++) { slope += slopes[mine * SIZE + d] * others[other * SIZE + d]; }
        score_slopes[mine * TILE + other] = weights[j] * (slope - own_delta) * params.scale;
      }
      workgroupBarrier();
      ${load('others', 'rotated', 'key_at(row, key_head)', 'first', 'end')}
      workgroupBarrier();
      for (var i = 0u; i < DIMS; i++) {
        let d = share + SHARERS * i;
        if (d < SIZE) {
          var sum = sums[i];
          for (var j = 0u; j < TILE; j++) { sum += score_slopes[mine * TILE + j] * others[j * SIZE + d]; }
          sums[i] = sum;
        }
      }
    }
  }
  if (!valid) { return; }
  for (var i = 0u; i < DIMS; i++) {
    let d = share + SHARERS * i;
    if (d < SIZE) { d_rotated[query_at(query, head) + d] = sums[i]; }
  }
}`,
  })
})

/**
 * The gradients of keys, into d_rotated, and of values, into d_qkv. `plan` lists tiles of keys and the spans of queries that
 * see them. One workgroup sums over all of these, always in the same order. Groups: tiles * key_heads.
 */
export const attentionBackwardKeys = variants((options: AttentionOptions) => {
  const { text } = common(options)
  const { size, tile } = options
  return kernel({
    name: 'attention backward, keys',
    bindings: {
      plan: 'read_write array<vec4<u32>>',
      rotated: 'read_write array<f32>',
      qkv: 'read_write array<f32>',
      d_mixed: 'read_write array<f32>',
      lse: 'read_write array<f32>',
      delta: 'read_write array<f32>',
      d_rotated: 'read_write array<f32>',
      d_qkv: 'read_write array<f32>',
    },
    params: PARAMS,
    body: `
${text}
var<workgroup> keys: array<f32, ${tile * size}>;
var<workgroup> values: array<f32, ${tile * size}>;
var<workgroup> others: array<f32, ${tile * size}>;
var<workgroup> weights: array<f32, ${tile * tile}>;
var<workgroup> score_slopes: array<f32, ${tile * tile}>;
fn run(group: u32, lane: u32) {
  let task = task_of(group / params.key_heads, lane);
  let key_head = group % params.key_heads;
  let groups = params.query_heads / params.key_heads;
  let mine = lane / SHARERS;
  let key = task.first + mine;
  let share = lane % SHARERS;
  let valid = key < task.end;
  ${load('keys', 'rotated', 'key_at(row, key_head)', 'task.first', 'task.end')}
  ${load('values', 'qkv', 'value_at(row, key_head)', 'task.first', 'task.end')}
  var key_sums: array<f32, DIMS>;
  var value_sums: array<f32, DIMS>;
  for (var i = 0u; i < DIMS; i++) {
    key_sums[i] = 0.0;
    value_sums[i] = 0.0;
  }
  for (var span = 0u; span < task.spans; span++) {
    // Queries before the first key see none of them.
    let range = plan_at(task.span + span, lane);
    let start = max(range.x, task.first);
    let end = range.y;
    for (var turn = 0u; turn < groups * ((end - start + TILE - 1u) / TILE); turn++) {
      let head = key_head * groups + turn % groups;
      let first = start + TILE * (turn / groups);
      workgroupBarrier();
      ${load('others', 'rotated', 'query_at(row, head)', 'first', 'end')}
      workgroupBarrier();
      for (var j = 0u; j < OWN; j++) {
        let query = first + share * OWN + j;
        let seen = valid && query < end && key <= query;
        var weight = 0.0;
        if (seen) {
          var score = 0.0;
          for (var d = 0u; d < SIZE; d++) { score += keys[mine * SIZE + d] * others[(share * OWN + j) * SIZE + d]; }
          weight = exp(min(score * params.scale - lse[query * params.query_heads + head], 0.0));
        }
        weights[mine * TILE + share * OWN + j] = weight;
      }
      workgroupBarrier();
      ${load('others', 'd_mixed', 'mixed_at(row, head)', 'first', 'end')}
      workgroupBarrier();
      for (var j = 0u; j < OWN; j++) {
        let query = first + share * OWN + j;
        let at = mine * TILE + share * OWN + j;
        var slope = 0.0;
        if (query < end) {
          for (var d = 0u; d < SIZE; d++) { slope += values[mine * SIZE + d] * others[(share * OWN + j) * SIZE + d]; }
          slope -= delta[query * params.query_heads + head];
        }
        score_slopes[at] = weights[at] * slope * params.scale;
      }
      for (var i = 0u; i < DIMS; i++) {
        let d = share + SHARERS * i;
        if (d < SIZE) {
          var sum = value_sums[i];
          for (var j = 0u; j < TILE; j++) { sum += weights[mine * TILE + j] * others[j * SIZE + d]; }
          value_sums[i] = sum;
        }
      }
      workgroupBarrier();
      ${load('others', 'rotated', 'query_at(row, head)', 'first', 'end')}
      workgroupBarrier();
      for (var i = 0u; i < DIMS; i++) {
        let d = share + SHARERS * i;
        if (d < SIZE) {
          var sum = key_sums[i];
          for (var j = 0u; j < TILE; j++) { sum += score_slopes[mine * TILE + j] * others[j * SIZE + d]; }
          key_sums[i] = sum;
        }
      }
    }
  }
  if (!valid) { return; }
  for (var i = 0u; i < DIMS; i++) {
    let d = share + SHARERS * i;
    if (d < SIZE) {
      d_rotated[key_at(key, key_head) + d] = key_sums[i];
      d_qkv[value_at(key, key_head) + d] = value_sums[i];
    }
  }
}`,
  })
})
