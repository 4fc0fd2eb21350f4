/** Angles of rotary positions, computed in double precision by the host. */
import type { ModelConfig } from '../engine.ts'
import { rotaryFrequencies } from '../rotary.ts'

/** The cosines and sines [positions, head_dim / 2] of position * frequency. */
export function rotaryTables(config: ModelConfig, positions: Int32Array) {
  const frequencies = rotaryFrequencies(config)
  const half = frequencies.length
  const cosines = new Float32Array(positions.length * half)
  const sines = new Float32Array(positions.length * half)
  positions.forEach((position, row) => {
    frequencies.forEach((turn, i) => {
      cosines[row * half + i] = Math.cos(position * turn)
      sines[row * half + i] = Math.sin(position * turn)
    })
  })
  return { cosines, sines }
}
