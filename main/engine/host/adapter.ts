/** Chooses the graphics adapter of a host. Neither Node nor the DOM is used, only WebGPU. */
import { UserError } from '../../messages/error.ts'

/** The name that asks for an adapter in software: slow, for tests and for machines without a card. */
export const SOFTWARE = 'software'

/**
 * What Dawn should not do on SwiftShader: that compiles a store for every word of workgroup memory that Vulkan has to set to zero, and
 * a kernel takes a second and more. Without it, Dawn writes a loop.
 */
export const SOFTWARE_WITHOUT = 'use_vulkan_zero_initialize_workgroup_memory_extension'

export interface AdapterWish {
  /** A part of its name, SOFTWARE, or null for the system's choice. */
  readonly name: string | null
  readonly power: GPUPowerPreference | null
}

/** What is known of an adapter. WebGPU does not tell how much memory it has. */
export interface AdapterFacts {
  readonly name: string
  readonly vendor: string
  readonly architecture: string
  /** Whether a processor computes. */
  readonly software: boolean
  /** Bytes. */
  readonly largestBuffer: number
  readonly features: readonly string[]
}

/**
 * The adapter that is wished for. An adapter in software is taken only where it is asked for.
 * @throws UserError where there is none, or only another.
 */
export async function requestAdapter(gpu: GPU | undefined, { name, power }: AdapterWish): Promise<GPUAdapter> {
  const adapter = await gpu?.requestAdapter(power === null ? {} : { powerPreference: power })
  if (adapter === undefined || adapter === null) throw new UserError('gpuMissing')
  const facts = factsOf(adapter)
  if (name === SOFTWARE) {
    if (!facts.software) throw new UserError('gpuOther', { wanted: name, found: facts.name })
  } else if (facts.software) throw new UserError('gpuInSoftware', { found: facts.name })
  else if (name !== null && !facts.name.toLowerCase().includes(name.toLowerCase())) {
    throw new UserError('gpuOther', { wanted: name, found: facts.name })
  }
  return adapter
}

export function factsOf({ info, limits, features }: GPUAdapter): AdapterFacts {
  const { vendor, architecture, description } = info
  const name = description || [vendor, architecture].filter((word) => word !== '').join(' ') || 'unnamed'
  return {
    name,
    vendor,
    architecture,
    software:
      info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${name} ${architecture}`),
    largestBuffer: limits.maxStorageBufferBindingSize,
    features: [...features].sort(),
  }
}
