/**
 * Attention of rows that continue sequences, over keys and values in pages: a row sees the tokens up to its own. The heads that
 * share keys and values are computed together, so that a single row has work for a workgroup too. A workgroup of 64 threads is a
 * tile of queries (a row and a head) and a key head; `sharers` threads share a query.
 *
 * The queries of a key head are numbered row by row: query = row * heads + head. `plan` has a tile in four words: its first query,
 * the end, where the sequence's pages begin in `tables`, and what is added to a row to get its position.
 *
 * A query's sums have the same order whatever else is in its tile.
 */
import { kernel, variants } from '../kernel.ts'
import { CACHE_PLACE, PAGE } from './pages.ts'

export interface PagedOptions {
  /** Numbers of a head. */
  readonly size: number
  /** Queries of a tile: 16, 8 or 4. */
  readonly tile: number
}

/** Keys that are in workgroup memory at a time. Pages are a multiple of it. */
const KEYS = 16

/**
 * The queries of a tile: as few as hold so many, so that all threads have work, or the most that there is workgroup memory for.
 */
export function pagedTile(size: number, memory: number, queries: number): number {
  const bytes = (tile: number) => 4 * ((tile + KEYS) * size + 2 * tile * KEYS + 4)
  const tiles = [4, 8, 16].filter((tile) => bytes(tile) <= memory)
  const tile = tiles.find((most) => most >= queries) ?? tiles.at(-1)
  if (tile === undefined) throw new RangeError(`Heads of ${size} numbers do not fit into ${memory} bytes.`)
  return tile
}

/** mixed [rows, query_heads * size]. Groups: tiles * key_heads. */
export const pagedAttention = variants(({ size, tile }: PagedOptions) => {
  const sharers = 64 / tile
  // Scores of a query that a thread computes, and numbers of a head that it sums.
  const own = KEYS / sharers
  const dims = Math.ceil(size / sharers)
  return kernel({
    name: 'attention to pages',
    bindings: {
      plan: 'read_write array<vec4<u32>>',
      tables: 'read_write array<u32>',
      rotated: 'read_write array<f32>',
      cache: 'read_write array<f32>',
      mixed: 'read_write array<f32>',
    },
    params: { heads: 'u32', key_heads: 'u32', size: 'u32', scale: 'f32' },
    body: `
const SIZE = ${size}u;
const TILE = ${tile}u;
const KEYS = ${KEYS}u;
const SHARERS = ${sharers}u;
const OWN = ${own}u;
const DIMS = ${dims}u;
${CACHE_PLACE}
/** A tile's words, the same for all threads, so that loops over it may have barriers. */
var<workgroup> entry: vec4<u32>;
var<workgroup> queries: array<f32, ${tile * size}>;
var<workgroup> others: array<f32, ${KEYS * size}>;
var<workgroup> scores: array<f32, ${tile * KEYS}>;
var<workgroup> weights: array<f32, ${tile * KEYS}>;
/** The place of a query in rotated and mixed. */
fn query_at(query: u32, key_head: u32) -> u32 {
  return ((query / params.heads * params.key_heads + key_head) * params.heads + query % params.heads) * SIZE;
}
/** Fills \`others\` with keys (0) or values (1) from the token \`first\` on; those from \`end\` on are 0. */
fn load(kind: u32, key_head: u32, table: u32, first: u32, end: u32, lane: u32) {
  for (var i = lane; i < KEYS * SIZE; i += 64u) {
    let token = first + i / SIZE;
    var value = 0.0;
    if (token < end) {
      value = cache[cache_at(tables[table + token / ${PAGE}u], token % ${PAGE}u, kind, key_head) + i % SIZE];
    }
    others[i] = value;
  }
}
fn run(group: u32, lane: u32) {
  if (lane == 0u) { entry = plan[group / params.key_heads]; }
  let task = workgroupUniformLoad(&entry);
  let key_head = group % params.key_heads;
  let mine = lane / SHARERS;
  let query = task.x + mine;
  let share = lane % SHARERS;
  let position = query / params.heads + task.w;
  let end = (task.y - 1u) / params.heads + task.w + 1u;
  for (var i = lane; i < TILE * SIZE; i += 64u) {
    let one = task.x + i / SIZE;
    var value = 0.0;
    if (one < task.y) { value = rotated[query_at(one, key_head) + i % SIZE]; }
    queries[i] = value;
  }
  var sums: array<f32, DIMS>;
  for (var i = 0u; i < DIMS; i++) { sums[i] = 0.0; }
  var largest = -1e30;
  var normaliser = 0.0;
  for (var first = 0u; first < end; first += KEYS) {
    workgroupBarrier();
    load(0u, key_head, task.z, first, end, lane);
    workgroupBarrier();
    for (var j = 0u; j < OWN; j++) {
      let other = share * OWN + j;
      var score = 0.0;
      for (var d = 0u; d < SIZE; d++) { score += queries[mine * SIZE + d] * others[other * SIZE + d]; }
      let seen = first + other < end && first + other <= position;
      scores[mine * KEYS + other] = select(-1e30, score * params.scale, seen);
    }
    workgroupBarrier();
    var next = largest;
    for (var j = 0u; j < KEYS; j++) { next = max(next, scores[mine * KEYS + j]); }
    for (var j = 0u; j < OWN; j++) {
      let at = mine * KEYS + share * OWN + j;
      weights[at] = select(0.0, exp(scores[at] - next), scores[at] > -1e29);
    }
    load(1u, key_head, task.z, first, end, lane);
    workgroupBarrier();
    let shrink = exp(largest - next);
    largest = next;
    normaliser *= shrink;
    for (var j = 0u; j < KEYS; j++) { normaliser += weights[mine * KEYS + j]; }
    for (var i = 0u; i < DIMS; i++) {
      let d = share + SHARERS * i;
      var sum = sums[i] * shrink;
      if (d < SIZE) {
        for (var j = 0u; j < KEYS; j++) { sum += weights[mine * KEYS + j] * others[j * SIZE + d]; }
      }
      sums[i] = sum;
    }
  }
  if (query >= task.y) { return; }
  for (var i = 0u; i < DIMS; i++) {
    let d = share + SHARERS * i;
    if (d < SIZE) { mixed[query_at(query, key_head) + d] = sums[i] / normaliser; }
  }
}`,
  })
})
