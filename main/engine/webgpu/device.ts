/**
 * What the engine needs of a GPUDevice: pipelines that are made once, programs run in few submissions, results read back, and
 * errors that reach the caller. Types come from TypeScript's own DOM library; nothing of the DOM or of Node is used.
 */
import type { Arena } from './arena.ts'
import { FIRST_BINDING, gridOf, type Kernel } from './kernel.ts'
import type { Fragments } from './kernels/fragments.ts'
import { ALIGNMENT, aligned, type Memory, type View } from './memory.ts'
import type { Dispatch, Item } from './program.ts'

/** GPUBufferUsage and GPUMapMode of the specification. Node has no such globals. */
const USAGE = { MAP_READ: 0x1, COPY_SRC: 0x4, COPY_DST: 0x8, UNIFORM: 0x40, STORAGE: 0x80 } as const
const MAP_READ = 0x1
const COMPUTE = 0x4

/** The device is lost: its driver reset it, its process ended, or it was taken away. The engine has to be made again. */
export class DeviceLost extends Error {
  override readonly name = 'DeviceLost'
}

/** The card has not so much memory. */
export class OutOfDeviceMemory extends Error {
  override readonly name = 'OutOfDeviceMemory'
  readonly bytes: number

  constructor(bytes: number, label: string) {
    super(`The card has no ${bytes} bytes for ${label}.`)
    this.bytes = bytes
  }
}

/** Dispatches of one submission. A system ends work that takes seconds, so a long program is several submissions. */
const SUBMISSION = 64
/** Submissions that may wait on the device. */
const AHEAD = 4
/** Bytes of parameters of a dispatch. */
const SLOT = ALIGNMENT

/** The limits that a device should be asked for: all that the adapter has of those that count here. */
export function wantedLimits({ limits }: Pick<GPUAdapter, 'limits'>) {
  const {
    maxBufferSize,
    maxStorageBufferBindingSize,
    maxStorageBuffersPerShaderStage,
    maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX,
  } = limits
  return {
    maxBufferSize,
    maxStorageBufferBindingSize,
    maxStorageBuffersPerShaderStage,
    maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX,
  }
}

interface Pipeline {
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
  /** By the buffers and offsets that are bound. */
  readonly groups: Map<string, GPUBindGroup>
}

/** A device with its pipelines. Its methods may be called in any order; the device runs them in that order. */
export class Gpu {
  readonly device: GPUDevice
  readonly #pipelines = new Map<Kernel, Pipeline>()
  #subgroups = false
  #fragments: Fragments | null = null
  readonly #params: GPUBuffer
  readonly #ids = new WeakMap<GPUBuffer, number>()
  #nextId = 0
  #error: Error | null = null
  #lost: DeviceLost | null = null

  constructor(device: GPUDevice) {
    this.device = device
    // Dawn prints errors that nobody prevents to standard output.
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault()
      this.#error ??= new Error(`WebGPU: ${event.error.message}`)
    })
    void device.lost.then(({ reason, message }) => {
      this.#lost = new DeviceLost(`The graphics device is lost (${reason}): ${message}`)
    })
    this.#params = device.createBuffer({
      label: 'params',
      size: SUBMISSION * SLOT,
      usage: USAGE.UNIFORM | USAGE.COPY_DST,
    })
  }

  /** Whether kernels are used in their form for subgroups, where they have one (subgroups.ts). */
  get subgroups(): boolean {
    return this.#subgroups
  }

  set subgroups(used: boolean) {
    this.#subgroups = used
    this.#pipelines.clear()
  }

  /** The matrix units for whose form kernels are used, where they have one (matrices.ts); null for none. */
  get fragments(): Fragments | null {
    return this.#fragments
  }

  set fragments(used: Fragments | null) {
    this.#fragments = used
    this.#pipelines.clear()
  }

  /** The most bytes of a buffer that can also be bound as a whole. Exactly maxBufferSize is out of memory in Dawn. */
  get largestBuffer(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits
    const most = Math.min(maxBufferSize - ALIGNMENT, maxStorageBufferBindingSize)
    return Math.floor(most / ALIGNMENT) * ALIGNMENT
  }

  /** Gives a memory its buffer, of zeros. Throws OutOfDeviceMemory. */
  async allocate(memory: Memory): Promise<void> {
    this.check()
    const size = aligned(Math.max(memory.bytes, 1))
    this.device.pushErrorScope('out-of-memory')
    const buffer = this.device.createBuffer({
      label: memory.label,
      size,
      usage: USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST,
    })
    const error = await this.device.popErrorScope().catch(() => null)
    this.check()
    if (error !== null) {
      buffer.destroy()
      throw new OutOfDeviceMemory(size, memory.label)
    }
    memory.buffer = buffer
  }

  /** Gives memory back. Dawn keeps the bytes of a destroyed buffer until something is submitted. */
  free(...memories: readonly Memory[]): void {
    for (const memory of memories) {
      if (memory.buffer === null) continue
      memory.buffer.destroy()
      memory.buffer = null
    }
    for (const { groups } of this.#pipelines.values()) groups.clear()
    this.device.queue.submit([])
  }

  /** Gives the blocks of an arena buffers that are large enough. What was in them is lost. */
  async fit(arena: Arena): Promise<void> {
    for (const block of arena.blocks) {
      if (block.buffer !== null && block.buffer.size >= block.bytes) continue
      this.free(block)
      await this.allocate(block)
    }
  }

  write({ memory, offset }: View, data: ArrayBufferView<ArrayBuffer>): void {
    this.device.queue.writeBuffer(bufferOf(memory), offset, data.buffer, data.byteOffset, data.byteLength)
  }

  /** Runs what a program recorded. The signal ends it between two submissions. */
  async run(items: readonly Item[], signal?: AbortSignal): Promise<void> {
    const waiting: Promise<unknown>[] = []
    let dispatches: Dispatch[] = []
    const submit = async () => {
      if (dispatches.length === 0) return
      this.#submit(dispatches)
      dispatches = []
      waiting.push(this.device.queue.onSubmittedWorkDone())
      if (waiting.length > AHEAD) await this.#unlessLost(waiting.shift()!)
      signal?.throwIfAborted()
    }
    signal?.throwIfAborted()
    for (const item of items) {
      if ('dispatch' in item) {
        dispatches.push(item.dispatch)
        if (dispatches.length === SUBMISSION) await submit()
        continue
      }
      await submit()
      if ('upload' in item) this.write(item.upload.view, item.upload.data)
      else this.#clear(item.clear)
    }
    await submit()
    this.check()
  }

  /** The bytes of views, once all that was run before is done. Throws what went wrong until then. */
  async read(...views: readonly View[]): Promise<ArrayBuffer[]> {
    this.check()
    const sizes = views.map(({ bytes }) => Math.ceil(bytes / 4) * 4)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    if (total === 0) return views.map(() => new ArrayBuffer(0))
    const staging = this.device.createBuffer({
      label: 'read back',
      size: total,
      usage: USAGE.MAP_READ | USAGE.COPY_DST,
    })
    const encoder = this.device.createCommandEncoder()
    let at = 0
    views.forEach(({ memory, offset }, index) => {
      if (sizes[index]! > 0) encoder.copyBufferToBuffer(bufferOf(memory), offset, staging, at, sizes[index]!)
      at += sizes[index]!
    })
    this.device.queue.submit([encoder.finish()])
    try {
      await this.#unlessLost(staging.mapAsync(MAP_READ))
      this.check()
      const mapped = staging.getMappedRange()
      at = 0
      return views.map(({ bytes }, index) => {
        const copy = mapped.slice(at, at + bytes)
        at += sizes[index]!
        return copy
      })
    } finally {
      staging.destroy()
    }
  }

  /** Waits until all that was run is done. Throws what went wrong until then. */
  async done(): Promise<void> {
    await this.#unlessLost(this.device.queue.onSubmittedWorkDone())
    this.check()
  }

  /** Throws the first error since the last call, or DeviceLost. */
  check(): void {
    if (this.#lost !== null) throw this.#lost
    const error = this.#error
    this.#error = null
    if (error !== null) throw error
  }

  /** Frees the device. No call may follow. */
  close(): void {
    this.device.destroy()
  }

  /** Waits for the device; an operation fails in many ways once it is lost, and then the loss is what counts. */
  async #unlessLost<T>(operation: Promise<T>): Promise<T> {
    try {
      return await operation
    } catch (error) {
      // The loss is told in a later turn than the failure.
      for (let turn = 0; turn < 10 && this.#lost === null; turn++) await Promise.resolve()
      this.check()
      throw error
    }
  }

  /** Copies a view to the beginning of a larger one in another memory. */
  copy(from: View, to: View): void {
    const encoder = this.device.createCommandEncoder()
    encoder.copyBufferToBuffer(bufferOf(from.memory), from.offset, bufferOf(to.memory), to.offset, from.bytes)
    this.device.queue.submit([encoder.finish()])
  }

  #clear({ memory, offset, bytes }: View): void {
    const encoder = this.device.createCommandEncoder()
    encoder.clearBuffer(bufferOf(memory), offset, Math.ceil(bytes / 4) * 4)
    this.device.queue.submit([encoder.finish()])
  }

  #submit(dispatches: readonly Dispatch[]): void {
    const params = new Uint8Array(dispatches.length * SLOT)
    const encoder = this.device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    dispatches.forEach((dispatch, index) => {
      params.set(dispatch.params, index * SLOT)
      const pipeline = this.#pipeline(dispatch.kernel)
      pass.setPipeline(pipeline.pipeline)
      pass.setBindGroup(0, this.#bindGroup(pipeline, dispatch), [index * SLOT])
      pass.dispatchWorkgroups(...gridOf(dispatch.groups))
    })
    pass.end()
    // Submissions before this one have read their parameters when this is written: the queue keeps the order.
    this.device.queue.writeBuffer(this.#params, 0, params)
    this.device.queue.submit([encoder.finish()])
  }

  #pipeline(kernel: Kernel): Pipeline {
    const made = this.#pipelines.get(kernel)
    if (made !== undefined) return made
    const code = this.#codeOf(kernel)
    const { device } = this
    const bindings = Object.values(kernel.bindings)
    const layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
        ...bindings.map((binding, index) => ({
          binding: FIRST_BINDING + index,
          visibility: COMPUTE,
          buffer: { type: binding.startsWith('read ') ? ('read-only-storage' as const) : ('storage' as const) },
        })),
      ],
    })
    const pipeline = device.createComputePipeline({
      label: kernel.name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ label: kernel.name, code }), entryPoint: 'main' },
    })
    const made_ = { pipeline, layout, groups: new Map<string, GPUBindGroup>() }
    this.#pipelines.set(kernel, made_)
    return made_
  }

  #codeOf({ code, subgroupCode, fragmentCode }: Kernel): string {
    if (this.#fragments !== null && fragmentCode !== null) return fragmentCode(this.#fragments)
    return this.#subgroups ? (subgroupCode ?? code) : code
  }

  #bindGroup({ layout, groups }: Pipeline, { views }: Dispatch): GPUBindGroup {
    const key = views.map(({ memory, offset, bytes }) => `${this.#id(bufferOf(memory))} ${offset} ${bytes}`).join()
    const made = groups.get(key)
    if (made !== undefined) return made
    const group = this.device.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: this.#params, offset: 0, size: SLOT } },
        ...views.map(({ memory, offset, bytes }, index) => ({
          binding: FIRST_BINDING + index,
          resource: { buffer: bufferOf(memory), offset, size: Math.ceil(Math.max(bytes, 1) / 16) * 16 },
        })),
      ],
    })
    // Batches of ever new shapes must not fill memory with bind groups.
    if (groups.size >= 4096) groups.clear()
    groups.set(key, group)
    return group
  }

  #id(buffer: GPUBuffer): number {
    const id = this.#ids.get(buffer) ?? this.#nextId++
    this.#ids.set(buffer, id)
    return id
  }
}

function bufferOf({ label, buffer }: Memory): GPUBuffer {
  if (buffer === null) throw new Error(`${label} has no buffer.`)
  return buffer
}
