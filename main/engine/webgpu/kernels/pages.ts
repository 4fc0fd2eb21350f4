/**
 * Keys and values of generation, in pages of a few tokens (Kwon et al. 2023, arXiv:2309.06180). A layer has a cache
 * [pages, 2 (keys, values), key heads, PAGE, size]. A token's slot is PAGE * its page + its place in the page.
 */
import { bindingsIf, kernel, variants } from '../kernel.ts'
import { sumOf } from './reduce.ts'
import { ELEMENTS } from './rows.ts'

/** Tokens of a page. */
export const PAGE = 32

const THREADS = 64

/** WGSL of a number's place in the cache. `params` has `key_heads` and `size`. */
export const CACHE_PLACE = `
/** The first number of a token's keys (0) or values (1) of a head. */
fn cache_at(page: u32, token: u32, kind: u32, head: u32) -> u32 {
  return (((page * 2u + kind) * params.key_heads + head) * ${PAGE}u + token) * params.size;
}`

/**
 * Takes rows of q, k and v. The heads of q, with their rotary positions and after Qwen3's norms where a model has them, become
 * rows of `rotated` [rows, query_heads * size]. Those of k likewise, and v as it is, go to the rows' slots in the cache.
 * `cosines` and `sines` are [rows, size / 2]. Groups: rows * (query_heads + 2 key_heads).
 */
export const rotateToPages = variants(({ norm }: { norm: boolean }) =>
  kernel({
    name: 'rotate to pages',
    bindings: {
      qkv: 'read_write array<f32>',
      rotated: 'read_write array<f32>',
      cosines: 'read_write array<f32>',
      sines: 'read_write array<f32>',
      slots: 'read_write array<u32>',
      cache: 'read_write array<f32>',
      ...bindingsIf(norm, { query_norm: 'read array<f32>', key_norm: 'read array<f32>' }),
    },
    params: { query_heads: 'u32', key_heads: 'u32', size: 'u32', eps: 'f32' },
    workgroupSize: THREADS,
    body: (adding) => `
${CACHE_PLACE}
${norm ? sumOf(THREADS, adding) : ''}
fn weight_at(is_key: bool, i: u32) -> f32 { return ${norm ? 'select(query_norm[i], key_norm[i], is_key)' : '1.0'}; }
fn run(group: u32, lane: u32) {
  let heads = params.query_heads + 2u * params.key_heads;
  let row = group / heads;
  let head = group % heads;
  let from_ = group * params.size;
  let page = slots[row] / ${PAGE}u;
  let token = slots[row] % ${PAGE}u;
  if (head >= params.query_heads + params.key_heads) {
    let to = cache_at(page, token, 1u, head - params.query_heads - params.key_heads);
    for (var i = lane; i < params.size; i += ${THREADS}u) { cache[to + i] = qkv[from_ + i]; }
    return;
  }
  let is_key = head >= params.query_heads;
  let half = params.size / 2u;
  var scale = 1.0;
${
  norm
    ? `  var squares = 0.0;
  for (var i = lane; i < params.size; i += ${THREADS}u) { squares += qkv[from_ + i] * qkv[from_ + i]; }
  scale = inverseSqrt(total(lane, squares) / f32(params.size) + params.eps);`
    : ''
}
  let key = cache_at(page, token, 0u, head - min(head, params.query_heads));
  let query = (row * params.query_heads + head) * params.size;
  for (var i = lane; i < half; i += ${THREADS}u) {
    let first = qkv[from_ + i] * scale * weight_at(is_key, i);
    let second = qkv[from_ + half + i] * scale * weight_at(is_key, half + i);
    let c = cosines[row * half + i];
    let s = sines[row * half + i];
    if (is_key) {
      cache[key + i] = first * c - second * s;
      cache[key + half + i] = second * c + first * s;
    } else {
      rotated[query + i] = first * c - second * s;
      rotated[query + half + i] = second * c + first * s;
    }
  }
}`,
  }),
)

/** Copies pages of so many numbers: `pairs` has the page to read and the page to write, again and again. */
export const copyPages = kernel({
  name: 'copy pages',
  bindings: { pairs: 'read_write array<u32>', cache: 'read_write array<f32>' },
  params: { count: 'u32', numbers: 'u32' },
  body: `
fn run(group: u32, lane: u32) {
  let at = group * ${ELEMENTS}u + lane;
  if (at >= params.count * params.numbers) { return; }
  let pair = 2u * (at / params.numbers);
  let number = at % params.numbers;
  cache[pairs[pair + 1u] * params.numbers + number] = cache[pairs[pair] * params.numbers + number];
}`,
})
