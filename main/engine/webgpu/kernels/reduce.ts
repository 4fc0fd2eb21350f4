/** WGSL of sums over a workgroup. */

/** `fn total(lane: u32, value: f32) -> f32`: the sum of all threads' values. Every thread of the workgroup has to call it. */
export function sumOf(workgroupSize: number): string {
  return `
var<workgroup> sums: array<f32, ${workgroupSize}>;
fn total(lane: u32, value: f32) -> f32 {
  workgroupBarrier();
  sums[lane] = value;
  for (var half = ${workgroupSize / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  workgroupBarrier();
  return sums[0];
}`
}
