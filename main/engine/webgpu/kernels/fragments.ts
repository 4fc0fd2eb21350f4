/**
 * WGSL of a matrix product by the matrix units of a card, which WebGPU calls subgroup matrices. A workgroup of 128 threads computes a
 * tile of 64 x 64 sums. Operands are float16 and sums float32. Each row of the first operand is scaled by a power of two to the range
 * of float16 and back, so that neither large activations nor small gradients are lost; the weights are taken as they are.
 *
 * The extension is an experiment of Chromium (chromium_experimental_subgroup_matrix), so matrices.ts tries it before it is used.
 */
import type { Operand } from './tile.ts'

/** A product [m, k] x [k, n] that the threads of a subgroup compute together. */
export interface Fragments {
  readonly m: number
  readonly n: number
  readonly k: number
  /** Threads of a subgroup. */
  readonly subgroup: number
  /** Lines of WGSL that enable what `functions` need. */
  readonly enables: string
  /**
   * WGSL of the types Half, Left, Right and Sums, and of functions on them: load_left(at) and load_right(at, by_columns) from the
   * arrays `lefts` and `rights` with rows of `PITCH` and `WIDE` numbers, multiply(left, right, sums), and store_sums(at, sums) into
   * `results` with rows of `WIDE`.
   */
  readonly functions: string
}

/** Threads of a workgroup. */
export const FRAGMENT_THREADS = 128
const SIDE = 64

/** Inner numbers of a panel. */
function depthOf({ k }: Pick<Fragments, 'k'>): number {
  return Math.max(16, k)
}

/** Bytes of workgroup memory that a tile takes. */
export function fragmentBytes(fragments: Pick<Fragments, 'k'>): number {
  return 2 * 2 * SIDE * depthOf(fragments) + 4 * SIDE * SIDE + 4 * 5 * SIDE
}

/** Whether tiles can be made of such fragments. */
export function fits({ m, n, k, subgroup }: Pick<Fragments, 'm' | 'n' | 'k' | 'subgroup'>): boolean {
  const subgroups = FRAGMENT_THREADS / subgroup
  const whole = [SIDE / subgroups / m, SIDE / n, depthOf({ k }) / k, subgroups]
  return whole.every((count) => Number.isInteger(count) && count > 0)
}

/** The fragments of a card's matrix units. */
export function cardFragments(shape: Pick<Fragments, 'm' | 'n' | 'k' | 'subgroup'>): Fragments {
  const { m, n, k } = shape
  return {
    ...shape,
    // A subgroup's number is the same for all its threads, but the compiler does not know that.
    enables:
      'enable f16;\nenable chromium_experimental_subgroup_matrix;\ndiagnostic(off, chromium.subgroup_matrix_uniformity);\n',
    functions: `
alias Half = f16;
alias Left = subgroup_matrix_left<f16, ${k}, ${m}>;
alias Right = subgroup_matrix_right<f16, ${n}, ${k}>;
alias Sums = subgroup_matrix_result<f32, ${n}, ${m}>;
fn load_left(at: u32) -> Left { return subgroupMatrixLoad<Left, row_major>(&lefts, at, PITCH); }
fn load_right_columns(at: u32) -> Right { return subgroupMatrixLoad<Right, col_major>(&rights, at, PITCH); }
fn load_right_rows(at: u32) -> Right { return subgroupMatrixLoad<Right, row_major>(&rights, at, WIDE); }
fn multiply(left: Left, right: Right, sums: Sums) -> Sums { return subgroupMatrixMultiplyAccumulate(left, right, sums); }
fn store_sums(at: u32, sums: Sums) { subgroupMatrixStore<row_major>(&results, at, sums, WIDE); }`,
  }
}

/** One contraction: WGSL functions as in tile.ts. The first operand's numbers are neighbours in `inner`. */
export interface FragmentProduct {
  /** (row of the result, inner); 0 from `to` on. */
  readonly a: string
  /** (column of the result, inner) */
  readonly b: Operand
  readonly to: string
}

/**
 * WGSL of `fn tile(row0: u32, column0: u32, lane: u32)`, which computes a tile and passes it to the function `store` (row, column, sums:
 * vec4<f32>) in four columns at a time, also beyond the result's edges.
 */
export function fragmentTile(fragments: Fragments, { a, b, to }: FragmentProduct, store: string): string {
  const { m, n, k, subgroup } = fragments
  const depth = depthOf(fragments)
  const quads = depth / 4
  const band = SIDE / (FRAGMENT_THREADS / subgroup)
  const range = (count: number) => Array.from({ length: count }, (_, i) => i)
  const sums = range(band / m).flatMap((r) => range(SIDE / n).map((c) => ({ r, c, name: `sums_${r}_${c}` })))
  const byColumns = b.along === 'inner'
  const right = (c: number, step: number) =>
    byColumns
      ? `load_right_columns(${c * n}u * PITCH + ${step * k}u)`
      : `load_right_rows(${step * k}u * WIDE + ${c * n}u)`
  return `
const PITCH = ${depth}u;
const WIDE = ${SIDE}u;
${fragments.functions}
var<workgroup> lefts: array<Half, ${SIDE * depth}>;
var<workgroup> rights: array<Half, ${SIDE * depth}>;
var<workgroup> results: array<f32, ${SIDE * SIDE}>;
var<workgroup> peaks: array<f32, ${4 * SIDE}>;
var<workgroup> factors: array<f32, ${SIDE}>;
fn half_of(value: f32) -> Half { return Half(clamp(value, -65504.0, 65504.0)); }
/** The power of two that brings a row's largest number to between 2^14 and 2^15. */
fn factor_of(peak: f32) -> f32 {
  if (!(peak > 0.0)) { return 1.0; }
  return ldexp(1.0, 15 - clamp(frexp(peak).exp, -100, 120));
}
fn tile(row0: u32, column0: u32, lane: u32) {
  workgroupBarrier();
  for (var i = lane; i < ${4 * SIDE}u; i += ${FRAGMENT_THREADS}u) {
    var peak = vec4<f32>();
    for (var inner = 4u * (i % 4u); inner < ${to}; inner += 16u) { peak = max(peak, abs(${a}(row0 + i / 4u, inner))); }
    peaks[i] = max(max(peak.x, peak.y), max(peak.z, peak.w));
  }
  workgroupBarrier();
  if (lane < ${SIDE}u) {
    let at = 4u * lane;
    factors[lane] = factor_of(max(max(peaks[at], peaks[at + 1u]), max(peaks[at + 2u], peaks[at + 3u])));
  }
  let first_row = subgroup.id * ${band}u;
${sums.map(({ name }) => `  var ${name}: Sums;`).join('\n')}
  for (var inner = 0u; inner < ${to}; inner += ${depth}u) {
    workgroupBarrier();
    for (var i = lane; i < ${SIDE * quads}u; i += ${FRAGMENT_THREADS}u) {
      let row = i / ${quads}u;
      let at = 4u * (i % ${quads}u);
      let values = ${a}(row0 + row, inner + at) * factors[row];
      for (var j = 0u; j < 4u; j++) { lefts[row * PITCH + at + j] = half_of(values[j]); }
    }
    for (var i = lane; i < ${SIDE * quads}u; i += ${FRAGMENT_THREADS}u) {
${
  byColumns
    ? `      let column = i / ${quads}u;
      let at = 4u * (i % ${quads}u);
      let values = ${b.load}(column0 + column, inner + at);
      for (var j = 0u; j < 4u; j++) { rights[column * PITCH + at + j] = half_of(values[j]); }`
    : `      let own = i / 16u;
      let at = 4u * (i % 16u);
      let values = ${b.load}(column0 + at, inner + own);
      for (var j = 0u; j < 4u; j++) { rights[own * WIDE + at + j] = half_of(values[j]); }`
}
    }
    workgroupBarrier();
${range(depth / k)
  .map(
    (step) => `    {
${range(band / m)
  .map((r) => `      let left_${r} = load_left((first_row + ${r * m}u) * PITCH + ${step * k}u);`)
  .join('\n')}
${range(SIDE / n)
  .map((c) => `      let right_${c} = ${right(c, step)};`)
  .join('\n')}
${sums.map(({ r, c, name }) => `      ${name} = multiply(left_${r}, right_${c}, ${name});`).join('\n')}
    }`,
  )
  .join('\n')}
  }
${sums.map(({ r, c, name }) => `  store_sums((first_row + ${r * m}u) * WIDE + ${c * n}u, ${name});`).join('\n')}
  workgroupBarrier();
  for (var i = lane; i < ${(SIDE * SIDE) / 4}u; i += ${FRAGMENT_THREADS}u) {
    let row = i / 16u;
    let at = 4u * i;
    let values = vec4<f32>(results[at], results[at + 1u], results[at + 2u], results[at + 3u]);
    ${store}(row0 + row, column0 + at % WIDE, values / factors[row]);
  }
}
`
}
