/** Recorded times of episodes, which simulated machines sleep. `record-times.ts` makes them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const recordingSchema = z.strictObject({
  model: z.string(),
  kind: z.string(),
  cores: z.int(),
  /** The pages that were played on at a time, each by one episode. */
  pages: z.int(),
  tasks: z.int(),
  /** Episodes a second of the whole recording. */
  rate: z.number(),
  /** How long each episode took on its page. */
  milliseconds: z.array(z.int()).min(1),
})
export type Recording = z.output<typeof recordingSchema>
export const recordingsSchema = z.array(recordingSchema)

export function readRecordings(): Recording[] {
  return recordingsSchema.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'workers-times.json'), 'utf8')))
}
