/** For tests: what host programs without a card have in common. */
import type { Engine, Holding } from '../main/engine/engine.ts'
import type { HostProgram } from '../main/engine/host/serve.ts'

export const HOLDING: Holding = {
  precision: 'fp32',
  headPrecision: 'bf16',
  gradientCheckpointing: false,
  packedBytes: 4,
  threads: 1,
}

/** A program whose engine needs no adapter. */
export function hosted(open: (...given: Parameters<HostProgram['open']>) => Promise<Engine>): HostProgram {
  return {
    open,
    adapter: async () => ({
      name: 'none',
      vendor: '',
      architecture: '',
      software: true,
      largestBuffer: 0,
      features: [],
    }),
    inWords: (error) => error,
  }
}
