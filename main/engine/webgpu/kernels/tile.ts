/**
 * WGSL of a matrix product in tiles: 64 x 64 sums a workgroup of 64 threads, eight by eight each, over panels of sixteen in
 * workgroup memory (8 KiB). Sums are f32.
 */

/** Rows and columns of a workgroup's tile. */
export const TILE = 64

/** An operand: a WGSL function (index, inner) -> vec4<f32>, and whether its four numbers are neighbours in `index` or `inner`. */
export interface Operand {
  readonly load: string
  readonly along: 'outer' | 'inner'
}

/** One contraction. Several add up. */
export interface Contraction {
  /** (row of the result, inner) */
  readonly a: Operand
  /** (column of the result, inner) */
  readonly b: Operand
  /** WGSL of the inner index's range. One of the operands is 0 from `to` on, and the other finite. */
  readonly from?: string
  readonly to: string
  /** A WGSL function (row, column, sums: vec4<f32>) -> vec4<f32> that changes what has been summed up so far. */
  readonly after?: string
}

/** The workgroup memory of all tiles of a kernel: two panels, or half of the sums. */
export const TILE_MEMORY = `
var<workgroup> panels: array<vec4<f32>, 512>;
`

const FOUR = [0, 1, 2, 3]
const EIGHT = [...FOUR, 4, 5, 6, 7]
const HALVES = ['left', 'right'] as const

/**
 * WGSL of `fn NAME(row0: u32, column0: u32, lane: u32)`, which computes the tile at row0 and column0 and passes it to the
 * function `store` (row, column, sums: vec4<f32>) in four columns at a time, also beyond the result's edges. Every thread of
 * the workgroup has to call it with the same tile.
 */
export function tileProduct(name: string, contractions: readonly Contraction[], store: string): string {
  return `
fn ${name}(row0: u32, column0: u32, lane: u32) {
${EIGHT.flatMap((i) => HALVES.map((half) => `  var ${half}${i} = vec4<f32>();`)).join('\n')}
${contractions.map(contraction).join('')}
${overSums((row, column, sums) => `${store}(${row}, ${column}, ${sums});`)}
}
`
}

function contraction({ a, b, from = '0u', to, after }: Contraction): string {
  return `
  for (var inner = ${from}; inner < ${to}; inner += 16u) {
    workgroupBarrier();
${fill(0, a, 'row0')}
${fill(256, b, 'column0')}
    workgroupBarrier();
    for (var k = 0u; k < 16u; k++) {
      let upper = panels[k * 16u + lane / 8u];
      let lower = panels[k * 16u + 8u + lane / 8u];
      let left = panels[256u + k * 16u + lane % 8u];
      let right = panels[256u + k * 16u + 8u + lane % 8u];
${EIGHT.flatMap((i) =>
  HALVES.map((half) => `      ${half}${i} += ${i < 4 ? 'upper' : 'lower'}[${i % 4}] * ${half};`),
).join('\n')}
    }
  }
${after === undefined ? '' : overSums((row, column, sums) => `${sums} = ${after}(${row}, ${column}, ${sums});`, true)}`
}

/**
 * Does something with all sums by way of workgroup memory, 32 rows at a time: so its code stands in a loop, and neighbouring
 * threads have neighbouring columns.
 */
function overSums(write: (row: string, column: string, sums: string) => string, back = false): string {
  const places = (half: number) =>
    FOUR.flatMap((i) =>
      HALVES.map((side, s) => [
        `${side}${4 * half + i}`,
        `panels[(4u * (lane / 8u) + ${i}u) * 16u + ${8 * s}u + lane % 8u]`,
      ]),
    )
  return [0, 1]
    .map(
      (half) => `
  workgroupBarrier();
${places(half)
  .map(([sums, place]) => `  ${place} = ${sums};`)
  .join('\n')}
  workgroupBarrier();
  for (var i = lane; i < 512u; i += 64u) {
    ${write(`row0 + ${32 * half}u + i / 16u`, 'column0 + 4u * (i % 16u)', 'panels[i]')}
  }
${
  back
    ? `  workgroupBarrier();\n${places(half)
        .map(([sums, place]) => `  ${sums} = ${place};`)
        .join('\n')}`
    : ''
}`,
    )
    .join('')
}

/** Fills a panel [16 inner][64 outer]. */
function fill(panel: number, { load, along }: Operand, first: string): string {
  if (along === 'outer') {
    return `    for (var i = 0u; i < 4u; i++) {
      panels[${panel}u + 64u * i + lane] = ${load}(${first} + 4u * (lane % 16u), inner + 4u * i + lane / 16u);
    }`
  }
  const lines = FOUR.map(
    (i) => `      let line${i} = ${load}(${first} + 4u * (lane / 4u) + ${i}u, inner + 4u * (lane % 4u));`,
  )
  const columns = FOUR.map(
    (k) =>
      `      panels[${panel}u + (4u * (lane % 4u) + ${k}u) * 16u + lane / 4u] = vec4<f32>(line0[${k}], line1[${k}], line2[${k}], line3[${k}]);`,
  )
  return `    {\n${[...lines, ...columns].join('\n')}\n    }`
}

/** The tiles of a result of so many rows or columns. */
export function tiles(count: number): number {
  return Math.ceil(count / TILE)
}
