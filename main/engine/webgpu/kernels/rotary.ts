/**
 * Rotary positions (Su et al. 2021, arXiv:2104.09864) of q and k, after Qwen3's norms where a model has them. A workgroup is a
 * head of a row. Of a row of qkv, q and k become a row of `rotated`; v stays.
 */
import { bindingsIf, kernel, variants } from '../kernel.ts'
import { sumOf } from './reduce.ts'

const THREADS = 64

/** Whether heads of q and k are normalised. */
interface Options {
  readonly norm: boolean
}

const PARAMS = { query_heads: 'u32', key_heads: 'u32', size: 'u32', eps: 'f32' } as const

const weights = (norm: boolean) => bindingsIf(norm, { query_norm: 'read array<f32>', key_norm: 'read array<f32>' })

const HEAD = `
struct Head { in_: u32, out: u32, angle: u32, is_key: bool }
/** The places of a head in qkv, rotated, and the tables of angles. */
fn head_of(group: u32) -> Head {
  let heads = params.query_heads + params.key_heads;
  let row = group / heads;
  let head = group % heads;
  return Head(
    (row * (heads + params.key_heads) + head) * params.size,
    (row * heads + head) * params.size,
    row * (params.size / 2u),
    head >= params.query_heads,
  );
}`

const weightAt = (norm: boolean) => `
fn weight_at(is_key: bool, i: u32) -> f32 { return ${norm ? 'select(query_norm[i], key_norm[i], is_key)' : '1.0'}; }
`

/** Groups: rows * (query_heads + key_heads). `cosines` and `sines` are [rows, size / 2]. */
export const rotate = variants(({ norm }: Options) =>
  kernel({
    name: 'rotate',
    bindings: {
      qkv: 'read_write array<f32>',
      rotated: 'read_write array<f32>',
      cosines: 'read_write array<f32>',
      sines: 'read_write array<f32>',
      ...weights(norm),
    },
    params: PARAMS,
    workgroupSize: THREADS,
    body: (adding) => `
${norm ? sumOf(THREADS, adding) : ''}
${HEAD}
${weightAt(norm)}
fn run(group: u32, lane: u32) {
  let head = head_of(group);
  let half = params.size / 2u;
  var scale = 1.0;
${
  norm
    ? `  var squares = 0.0;
  for (var i = lane; i < params.size; i += ${THREADS}u) { squares += qkv[head.in_ + i] * qkv[head.in_ + i]; }
  scale = inverseSqrt(total(lane, squares) / f32(params.size) + params.eps);`
    : ''
}
  for (var i = lane; i < half; i += ${THREADS}u) {
    let first = qkv[head.in_ + i] * scale * weight_at(head.is_key, i);
    let second = qkv[head.in_ + half + i] * scale * weight_at(head.is_key, half + i);
    let c = cosines[head.angle + i];
    let s = sines[head.angle + i];
    rotated[head.out + i] = first * c - second * s;
    rotated[head.out + half + i] = second * c + first * s;
  }
}`,
  }),
)

/** The gradient: of d_rotated, and with norms of qkv, it makes those of q and k in d_qkv. Groups as `rotate`. */
export const rotateBackward = variants(({ norm }: Options) =>
  kernel({
    name: 'rotate backward',
    bindings: {
      d_rotated: 'read_write array<f32>',
      d_qkv: 'read_write array<f32>',
      cosines: 'read_write array<f32>',
      sines: 'read_write array<f32>',
      ...bindingsIf(norm, { qkv: 'read_write array<f32>' }),
      ...weights(norm),
    },
    params: PARAMS,
    workgroupSize: THREADS,
    body: (adding) => `
${norm ? sumOf(THREADS, adding) : ''}
${HEAD}
${weightAt(norm)}
fn run(group: u32, lane: u32) {
  let head = head_of(group);
  let half = params.size / 2u;
${norm ? '  var squares = 0.0;\n  var products = 0.0;' : ''}
  for (var i = lane; i < half; i += ${THREADS}u) {
    let first = d_rotated[head.out + i];
    let second = d_rotated[head.out + half + i];
    let c = cosines[head.angle + i];
    let s = sines[head.angle + i];
    let slope = (first * c + second * s) * weight_at(head.is_key, i);
    let other = (second * c - first * s) * weight_at(head.is_key, half + i);
    d_qkv[head.in_ + i] = slope;
    d_qkv[head.in_ + half + i] = other;
${
  norm
    ? `    let x = qkv[head.in_ + i];
    let y = qkv[head.in_ + half + i];
    squares += x * x + y * y;
    products += x * slope + y * other;`
    : ''
}
  }
${
  norm
    ? `  let scale = inverseSqrt(total(lane, squares) / f32(params.size) + params.eps);
  let shared_ = total(lane, products) * scale * scale / f32(params.size);
  // Each thread goes on with the numbers that it has written itself.
  for (var i = lane; i < half; i += ${THREADS}u) {
    d_qkv[head.in_ + i] = scale * (d_qkv[head.in_ + i] - qkv[head.in_ + i] * shared_);
    d_qkv[head.in_ + half + i] = scale * (d_qkv[head.in_ + half + i] - qkv[head.in_ + half + i] * shared_);
  }`
    : ''
}
}`,
  }),
)
