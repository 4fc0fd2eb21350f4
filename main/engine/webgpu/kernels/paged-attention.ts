/**
 * Attention of rows that continue sequences, over keys and values in pages: a row sees the tokens up to its own. The heads that
 * share keys and values are computed together, so that a single row has work for a workgroup too. A workgroup of 64 threads is a
 * tile of queries (a row and a head) and a key head; `sharers` threads share a query.
 *
 * The queries of a key head are numbered row by row: query = row * heads + head. `plan` has a tile in eight words: its first query,
 * the end, where the sequence's pages begin in `tables`, what is added to a row to get its position, the first of its keys, and
 * their end.
 *
 * Keys are taken in chunks, and the softmaxes of chunks are joined (Dao et al. 2023, Flash-Decoding). A few sequences alone would
 * leave most of a card idle, so the chunks of a tile can be computed by workgroups of their own, and joined by another kernel. The
 * numbers are the same to the bit: a query's sums have one order, whatever else is in its tile, and whoever computes them.
 */
import { UserError } from '../../../messages/error.ts'
import { kernel, variants } from '../kernel.ts'
import { CACHE_PLACE, PAGE } from './pages.ts'

export interface PagedOptions {
  /** Numbers of a head. */
  readonly size: number
  /** Queries of a tile: 16, 8 or 4. */
  readonly tile: number
  /** Whether an entry of the plan is a chunk of a tile's keys, whose softmax goes to `partials` instead of `mixed`. */
  readonly split?: boolean
}

/** Keys that are in workgroup memory at a time. Pages are a multiple of it. */
const KEYS = 16
/** Keys of a chunk. */
export const CHUNK = 64

/**
 * The queries of a tile: as few as hold so many, so that all threads have work, or the most that there is workgroup memory for.
 */
export function pagedTile(size: number, memory: number, queries: number): number {
  const bytes = (tile: number) => 4 * ((tile + KEYS) * size + 2 * tile * KEYS + 8)
  const tiles = [4, 8, 16].filter((tile) => bytes(tile) <= memory)
  const tile = tiles.find((most) => most >= queries) ?? tiles.at(-1)
  if (tile === undefined) throw new UserError('gpuHeadsTooLarge', { size })
  return tile
}

/** Numbers of a query's part in `partials`: the largest score, the sum of exp(score - largest), and the sums of values. */
function partNumbers(size: number): number {
  return size + 2
}

/** Numbers of `partials` for so many entries of a plan. */
export function partialNumbers(entries: number, keyHeads: number, { size, tile }: PagedOptions): number {
  return entries * keyHeads * tile * partNumbers(size)
}

/** WGSL that both kernels share. */
function common({ size, tile }: PagedOptions): string {
  return `
const SIZE = ${size}u;
const TILE = ${tile}u;
/** The place of a query in rotated and mixed. */
fn query_at(query: u32, key_head: u32) -> u32 {
  return ((query / params.heads * params.key_heads + key_head) * params.heads + query % params.heads) * SIZE;
}
/** The part of an entry's query, by its place in the tile. */
fn part_at(entry: u32, key_head: u32, mine: u32) -> u32 {
  return ((entry * params.key_heads + key_head) * TILE + mine) * ${partNumbers(size)}u;
}
/** The factors of two softmaxes in the one of both, from the largest scores of each. */
fn factors_of(largest: f32, other: f32) -> vec2<f32> {
  let both = max(largest, other);
  return exp(vec2<f32>(largest, other) - both);
}
/** A sum of both softmaxes. */
fn joined(factors: vec2<f32>, sum: f32, other: f32) -> f32 { return sum * factors.x + other * factors.y; }`
}

/** mixed [rows, query_heads * size], or `partials`. Groups: entries of the plan * key_heads. */
export const pagedAttention = variants((options: PagedOptions) => {
  const { size, tile, split = false } = options
  const sharers = 64 / tile
  // Scores of a query that a thread computes, and numbers of a head that it sums.
  const own = KEYS / sharers
  const dims = Math.ceil(size / sharers)
  return kernel({
    name: split ? 'attention to chunks' : 'attention to pages',
    bindings: {
      plan: 'read_write array<vec4<u32>>',
      tables: 'read_write array<u32>',
      rotated: 'read_write array<f32>',
      cache: 'read_write array<f32>',
      [split ? 'partials' : 'mixed']: 'read_write array<f32>',
    },
    params: { heads: 'u32', key_heads: 'u32', size: 'u32', scale: 'f32' },
    body: `
${common(options)}
const KEYS = ${KEYS}u;
const SHARERS = ${sharers}u;
const OWN = ${own}u;
const DIMS = ${dims}u;
${CACHE_PLACE}
/** The words of an entry, the same for all threads, so that loops over them may have barriers. */
var<workgroup> entry: array<vec4<u32>, 2>;
var<workgroup> queries: array<f32, ${tile * size}>;
var<workgroup> others: array<f32, ${KEYS * size}>;
var<workgroup> scores: array<f32, ${tile * KEYS}>;
var<workgroup> weights: array<f32, ${tile * KEYS}>;
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
  if (lane < 2u) { entry[lane] = plan[2u * (group / params.key_heads) + lane]; }
  let words = workgroupUniformLoad(&entry);
  let task = words[0];
  let keys = words[1];
  let key_head = group % params.key_heads;
  let mine = lane / SHARERS;
  let query = task.x + mine;
  let share = lane % SHARERS;
  let position = query / params.heads + task.w;
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
  for (var start = keys.x; start < keys.y; start += ${CHUNK}u) {
    let end = min(start + ${CHUNK}u, keys.y);
    var own_sums: array<f32, DIMS>;
    for (var i = 0u; i < DIMS; i++) { own_sums[i] = 0.0; }
    var own_largest = -1e30;
    var own_normaliser = 0.0;
    for (var first = start; first < end; first += KEYS) {
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
      var next = own_largest;
      for (var j = 0u; j < KEYS; j++) { next = max(next, scores[mine * KEYS + j]); }
      for (var j = 0u; j < OWN; j++) {
        let at = mine * KEYS + share * OWN + j;
        weights[at] = select(0.0, exp(scores[at] - next), scores[at] > -1e29);
      }
      load(1u, key_head, task.z, first, end, lane);
      workgroupBarrier();
      let shrink = exp(own_largest - next);
      own_largest = next;
      own_normaliser *= shrink;
      for (var j = 0u; j < KEYS; j++) { own_normaliser += weights[mine * KEYS + j]; }
      for (var i = 0u; i < DIMS; i++) {
        let d = share + SHARERS * i;
        var sum = own_sums[i] * shrink;
        if (d < SIZE) {
          for (var j = 0u; j < KEYS; j++) { sum += weights[mine * KEYS + j] * others[j * SIZE + d]; }
        }
        own_sums[i] = sum;
      }
    }
${
  split
    ? `    let to = part_at(group / params.key_heads, key_head, mine);
    if (query < task.y) {
      if (share == 0u) {
        partials[to] = own_largest;
        partials[to + 1u] = own_normaliser;
      }
      for (var i = 0u; i < DIMS; i++) {
        let d = share + SHARERS * i;
        if (d < SIZE) { partials[to + 2u + d] = own_sums[i]; }
      }
    }
  }`
    : `    let factors = factors_of(largest, own_largest);
    largest = max(largest, own_largest);
    normaliser = joined(factors, normaliser, own_normaliser);
    for (var i = 0u; i < DIMS; i++) { sums[i] = joined(factors, sums[i], own_sums[i]); }
  }
  if (query >= task.y) { return; }
  for (var i = 0u; i < DIMS; i++) {
    let d = share + SHARERS * i;
    if (d < SIZE) { mixed[query_at(query, key_head) + d] = sums[i] / normaliser; }
  }`
}
}`,
  })
})

/**
 * Joins the chunks of tiles: mixed [rows, query_heads * size]. `joins` has a tile in four words: its first query, the end, its first
 * entry in the plan, and how many there are. Groups: tiles * `tile` * key_heads.
 */
export const joinChunks = variants((options: PagedOptions) =>
  kernel({
    name: 'attention, chunks joined',
    bindings: {
      joins: 'read_write array<vec4<u32>>',
      partials: 'read_write array<f32>',
      mixed: 'read_write array<f32>',
    },
    params: { heads: 'u32', key_heads: 'u32' },
    body: `
${common(options)}
fn run(group: u32, lane: u32) {
  let key_head = group % params.key_heads;
  let mine = group / params.key_heads % TILE;
  let task = joins[group / params.key_heads / TILE];
  let query = task.x + mine;
  if (query >= task.y) { return; }
  for (var d = lane; d < SIZE; d += 64u) {
    var largest = -1e30;
    var normaliser = 0.0;
    var sum = 0.0;
    for (var entry = task.z; entry < task.z + task.w; entry++) {
      let part = part_at(entry, key_head, mine);
      let factors = factors_of(largest, partials[part]);
      largest = max(largest, partials[part]);
      normaliser = joined(factors, normaliser, partials[part + 1u]);
      sum = joined(factors, sum, partials[part + 2u + d]);
    }
    mixed[query_at(query, key_head) + d] = sum / normaliser;
  }
}`,
  }),
)
