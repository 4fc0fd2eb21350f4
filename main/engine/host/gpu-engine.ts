/** What a host program does with a GPU: finds the adapter, and opens the engine on its device. */
import { UserError } from '../../messages/error.ts'
import { DeviceLost, OutOfDeviceMemory, wantedLimits } from '../webgpu/device.ts'
import { createWebGpuEngine } from '../webgpu/engine.ts'
import { SUBGROUP_MATRIX } from '../webgpu/matrices.ts'
import { type AdapterWish, factsOf, requestAdapter } from './adapter.ts'
import type { HostProgram } from './serve.ts'

/** Features that the engine uses where the adapter has them. */
const FEATURES: readonly GPUFeatureName[] = ['subgroups', 'shader-f16', SUBGROUP_MATRIX]

/** A program on the GPU of its host. `gpuFor` may throw where the host has none. */
export function gpuProgram(gpuFor: (wish: AdapterWish) => Promise<GPU | undefined>): HostProgram {
  return {
    async adapter(wish) {
      return factsOf(await requestAdapter(await gpuFor(wish), wish))
    },
    async open({ config, wish, holding }, weights) {
      const adapter = await requestAdapter(await gpuFor(wish), wish)
      const device = await adapter.requestDevice({
        requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
        requiredLimits: wantedLimits(adapter),
      })
      const adapterName = factsOf(adapter).name
      return createWebGpuEngine(device, config, weights, { holding, adapterName })
    },
    inWords(error) {
      if (error instanceof DeviceLost) return new UserError('gpuLost', { reason: error.message })
      if (error instanceof OutOfDeviceMemory) return new UserError('gpuOutOfMemory', { reason: error.message })
      return error
    },
  }
}
