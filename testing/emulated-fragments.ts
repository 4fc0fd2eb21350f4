/**
 * Matrix units as WGSL that every device runs: each thread computes a whole fragment. It is slow, and shows that the kernels around
 * the matrix units are right.
 */
import type { Fragments } from '../main/engine/webgpu/kernels/fragments.ts'

/** `wrong` changes a product, as a driver's fault would. */
export function emulatedFragments(shape: Pick<Fragments, 'm' | 'n' | 'k'>, subgroup: number, wrong = false): Fragments {
  const { m, n, k } = shape
  return {
    ...shape,
    subgroup,
    enables: '',
    functions: `
alias Half = f32;
struct Left { at: u32 }
/** The place of an inner number of a column: at + inner * down + column * across. */
struct Right { at: u32, down: u32, across: u32 }
struct Sums { values: array<f32, ${m * n}> }
fn load_left(at: u32) -> Left { return Left(at); }
fn load_right_columns(at: u32) -> Right { return Right(at, 1u, PITCH); }
fn load_right_rows(at: u32) -> Right { return Right(at, WIDE, 1u); }
fn multiply(left: Left, right: Right, sums: Sums) -> Sums {
  var all = sums;
  for (var i = 0u; i < ${m * n}u; i++) {
    var sum = all.values[i];
    for (var j = 0u; j < ${k}u; j++) {
      let a = quantizeToF16(lefts[left.at + i / ${n}u * PITCH + j]);
      sum += a * quantizeToF16(rights[right.at + j * right.down + i % ${n}u * right.across]);
    }
    all.values[i] = sum${wrong ? ' * 1.1' : ''};
  }
  return all;
}
fn store_sums(at: u32, sums: Sums) {
  for (var i = 0u; i < ${m * n}u; i++) { results[at + i / ${n}u * WIDE + i % ${n}u] = sums.values[i]; }
}`,
  }
}
