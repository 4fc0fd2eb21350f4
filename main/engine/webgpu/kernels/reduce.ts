/** WGSL of what the threads of a workgroup find out together. Every thread of the workgroup has to call it. */
import type { Adding } from '../kernel.ts'

/** `fn total(lane: u32, value: f32) -> f32`: the sum of all threads' values. */
export function sumOf(workgroupSize: number, adding: Adding): string {
  if (adding === 'subgroups') {
    return `
var<workgroup> sums: array<f32, ${workgroupSize}>;
fn total(lane: u32, value: f32) -> f32 {
  let part = subgroupAdd(value);
  workgroupBarrier();
  if (subgroup.place == 0u) { sums[subgroup.id] = part; }
  workgroupBarrier();
  var all = 0.0;
  for (var i = 0u; i < subgroup.count; i++) { all += sums[i]; }
  return all;
}`
  }
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

/** `fn best(lane: u32, value: f32, index: u32) -> Best`: the largest of all threads' values, and the first of its indices. */
export function bestOf(workgroupSize: number, adding: Adding): string {
  const found = `
struct Best { value: f32, index: u32 }
var<workgroup> values: array<f32, ${workgroupSize}>;
var<workgroup> indices: array<u32, ${workgroupSize}>;
fn is_better(value: f32, index: u32, other: f32, other_index: u32) -> bool {
  return value > other || (value == other && index < other_index);
}`
  if (adding === 'subgroups') {
    return `${found}
fn best(lane: u32, value: f32, index: u32) -> Best {
  let own = subgroupMax(value);
  let first = subgroupMin(select(0xffffffffu, index, value == own));
  workgroupBarrier();
  if (subgroup.place == 0u) {
    values[subgroup.id] = own;
    indices[subgroup.id] = first;
  }
  workgroupBarrier();
  var all = Best(values[0], indices[0]);
  for (var i = 1u; i < subgroup.count; i++) {
    if (is_better(values[i], indices[i], all.value, all.index)) { all = Best(values[i], indices[i]); }
  }
  return all;
}`
  }
  return `${found}
fn best(lane: u32, value: f32, index: u32) -> Best {
  workgroupBarrier();
  values[lane] = value;
  indices[lane] = index;
  for (var half = ${workgroupSize / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half && is_better(values[lane + half], indices[lane + half], values[lane], indices[lane])) {
      values[lane] = values[lane + half];
      indices[lane] = indices[lane + half];
    }
  }
  workgroupBarrier();
  return Best(values[0], indices[0]);
}`
}
