/**
 * The form of a kernel: WGSL with named bindings and parameters, from which its header is written.
 *
 * The bindings are storage buffers. WebGPU refuses a dispatch that binds one buffer both as `read` and as `read_write`,
 * whatever the ranges. So everything that may lie in the arena is `read_write`, even if a kernel only reads it; `read` is for
 * weights. Two bindings of a dispatch must not overlap, unless both are `read`.
 */

import { FRAGMENT_THREADS, type Fragments } from './kernels/fragments.ts'

/** A binding: how it is accessed, and its WGSL type. */
export type Binding = `${'read' | 'read_write'} ${string}`

export interface Kernel<B extends string = string, P extends string = string> {
  /** For errors and counts. */
  readonly name: string
  /** By name, in the order of their binding numbers. */
  readonly bindings: Readonly<Record<B, Binding>>
  /** Members of `params` in WGSL. */
  readonly params: Readonly<Record<P, 'u32' | 'f32'>>
  /** The whole WGSL. */
  readonly code: string
  /** The same with subgroups, for devices where these work; null where they are of no use. */
  readonly subgroupCode: string | null
  /** The same by matrix units, for devices where these win; null where they are of no use. */
  readonly fragmentCode: ((fragments: Fragments) => string) | null
  readonly workgroupSize: number
}

interface KernelText<B extends string, P extends string> {
  readonly name: string
  readonly bindings: Readonly<Record<B, Binding>>
  readonly params: Readonly<Record<P, 'u32' | 'f32'>>
  /** Threads of a workgroup, 64 to 256; default 64. */
  readonly workgroupSize?: number
  /**
   * WGSL with `fn run(group: u32, lane: u32)`: the work of a thread, by the index of its workgroup and its own within it.
   * All threads of a group run it, or none, so it may have barriers. A kernel whose threads add up is written for both ways.
   */
  readonly body: string | ((adding: Adding) => string)
  /** WGSL of the same work by matrix units, in workgroups of FRAGMENT_THREADS. */
  readonly byFragments?: ((fragments: Fragments) => string) | undefined
}

/**
 * How the threads of a workgroup add up: in its memory, or in subgroups first. With subgroups, `subgroup` tells of the thread's own,
 * and neighbouring lanes are in the same one.
 */
export type Adding = 'memory' | 'subgroups'

/** The first binding is the uniform of parameters; the kernel's own follow. */
export const FIRST_BINDING = 1

/** Writes a kernel's header and its entry. */
export function kernel<B extends string, P extends string>({
  name,
  bindings,
  params,
  workgroupSize = 64,
  body,
  byFragments,
}: KernelText<B, P>): Kernel<B, P> {
  const members = Object.entries<string>(params).map(([member, type]) => `  ${member}: ${type},\n`)
  const variables = Object.entries<Binding>(bindings).map(([variable, binding], index) => {
    const space = binding.indexOf(' ')
    const [access, type] = [binding.slice(0, space), binding.slice(space + 1)]
    return `@group(0) @binding(${FIRST_BINDING + index}) var<storage, ${access}> ${variable}: ${type};\n`
  })
  // Workgroups beyond 65,535 go into y (see `gridOf`), and the last row of that grid may have some too many.
  const code = (text: string, adding: Adding, enables = '', threads = workgroupSize) => `${enables}${
    adding === 'subgroups' ? SUBGROUPS : ''
  }struct Params {
  groups: u32,
${members.join('')}}
@group(0) @binding(0) var<uniform> params: Params;
${variables.join('')}
${text.trim()}

@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
${adding === 'subgroups' ? SUBGROUP_LANE : '  @builtin(local_invocation_index) lane: u32,\n) {'}
  let group = id.x + id.y * grid.x;
  if (group < params.groups) { run(group, lane); }
}
`
  return {
    name,
    bindings,
    params,
    code: code(typeof body === 'string' ? body : body('memory'), 'memory'),
    subgroupCode: typeof body === 'string' ? null : code(body('subgroups'), 'subgroups'),
    fragmentCode:
      byFragments === undefined
        ? null
        : (fragments) => code(byFragments(fragments), 'subgroups', fragments.enables, FRAGMENT_THREADS),
    workgroupSize,
  }
}

/** Subgroups of 4 to 128 threads, whose size a device chooses. */
const SUBGROUPS = `enable subgroups;
requires subgroup_id;
// What is uniform is read from a private variable, of which the compiler knows nothing.
diagnostic(off, subgroup_uniformity);
struct Subgroup { id: u32, count: u32, size: u32, place: u32 }
var<private> subgroup: Subgroup;
`
const SUBGROUP_LANE = `  @builtin(subgroup_id) subgroup_id: u32,
  @builtin(num_subgroups) subgroups: u32,
  @builtin(subgroup_size) subgroup_size: u32,
  @builtin(subgroup_invocation_id) place: u32,
) {
  subgroup = Subgroup(subgroup_id, subgroups, subgroup_size, place);
  let lane = subgroup_id * subgroup_size + place;`

/** Bindings that a variant of a kernel has, or has not. */
export function bindingsIf(condition: boolean, bindings: Readonly<Record<string, Binding>>): Record<string, Binding> {
  return condition ? bindings : {}
}

/** The most workgroups of a dimension (WebGPU's least limit). */
const MOST_GROUPS = 65_535

/** The x and y of a dispatch of at least so many workgroups. */
export function gridOf(groups: number): readonly [number, number] {
  if (groups <= MOST_GROUPS) return [groups, 1]
  const y = Math.ceil(groups / MOST_GROUPS)
  return [Math.ceil(groups / y), y]
}

/** The bytes of a kernel's parameters, the number of workgroups first. */
export function packParams({ name, params }: Kernel, groups: number, values: Readonly<Record<string, number>>) {
  const entries = Object.entries(params)
  const packed = new DataView(new ArrayBuffer(4 * (1 + entries.length)))
  packed.setUint32(0, groups, true)
  entries.forEach(([member, type], index) => {
    const value = values[member]
    if (value === undefined) throw new Error(`${name}: the parameter ${member} is missing.`)
    if (type === 'f32') packed.setFloat32(4 + 4 * index, value, true)
    else packed.setUint32(4 + 4 * index, value, true)
  })
  return new Uint8Array(packed.buffer)
}

/** Makes each variant of a kernel once. Its options are plain values, functions left aside. */
export function variants<O, K extends Kernel>(make: (options: O) => K): (options: O) => K {
  const made = new Map<string, K>()
  return (options) => {
    const key = JSON.stringify(options)
    const kernel = made.get(key) ?? make(options)
    made.set(key, kernel)
    return kernel
  }
}
