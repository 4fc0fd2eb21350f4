/**
 * What the lab and its workers say to each other through the queue's server. Whoever reaches the server can write there, so
 * every message is hostile input: its size is bounded before it is read, and zod checks all of it.
 */
import { z } from 'zod'
import { messageSchema } from '../messages/schema.ts'
import { type Episode, FAILURE_REASONS } from '../store/episode.ts'
import type { Machine } from '../store/episodes.ts'
import { isSmallJpeg } from './jpeg.ts'

const count = z.int().min(0)
const text = z.string().max(1_000)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const taskName = z.string().regex(/^[\w.-]{1,100}$/)

/** The most bytes of a message about a play or a machine, and of a problem's episodes. */
export const MESSAGE_BYTES = 1 << 20
export const RESULT_BYTES = 32 << 20

/** The weights of a policy, by the SHA-256 of its two files. */
export const policySchema = z.strictObject({ config: sha256, weights: sha256 })
export type PolicyKey = z.output<typeof policySchema>

/** Something that can compute: where it is, what computes, and what decides its roundings. */
export const machineSchema: z.ZodType<Machine> = z.strictObject({
  name: z.string().min(1).max(100),
  /** The engine's description. */
  engine: messageSchema,
  /** Machines of one kind round alike: engine, instructions, number formats. */
  kind: z.string().min(1).max(200),
})

/** What must be the same on both sides, or the episodes would be others. */
export const requirementsSchema = z.strictObject({
  version: text,
  /** The hash of the code that decides an episode. */
  code: sha256,
  prompt: text,
  base: z.strictObject({ name: text, fingerprint: text }),
})
export type Requirements = z.output<typeof requirementsSchema>

/** An arm that a lab plays now: all that its problems have in common. */
export const playSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  lab: text,
  run: count,
  stage: text,
  round: count,
  arm: text,
  requirements: requirementsSchema,
  policy: policySchema.nullable(),
  /** The only kind of machine that may play; null for all. */
  kind: text.nullable(),
  sampling: z.strictObject({
    temperature: z.number().min(0).max(1_000),
    top_p: z.number().min(0).max(1),
    max_new_tokens: z.int().min(1).max(100_000),
    seed: count,
    constrained: z.boolean(),
  }),
  environment: z.strictObject({
    episodeTimeLimit: z.number().positive().max(3_600_000),
    trusted: z.boolean(),
    budget: z.strictObject({ elements: z.int().min(1).max(1_000_000), characters: z.int().min(1).max(10_000_000) }),
    pictures: z.boolean(),
  }),
  /** The hash of each task's pages, by its name. */
  pages: z.record(taskName, sha256),
  /** How many problems a machine should play at a time, so that all have some to the end. */
  share: z.int().min(1).max(10_000),
})
export type Play = z.output<typeof playSchema>

/** What is read of a play whose lab has another version, and writes it in another form. */
export const strangePlaySchema = z
  .object({
    id: playSchema.shape.id,
    lab: text,
    requirements: z.object({ version: text }),
  })
  .transform(({ id, lab, requirements: { version } }) => ({ id, lab, version }))
export type StrangePlay = z.output<typeof strangePlaySchema>

/** Attempts at one problem: the data of a job. */
export const problemSchema = z.strictObject({
  task: taskName,
  seed: count,
  attempts: z.array(count).min(1).max(10_000),
})
export type Problem = z.output<typeof problemSchema>

const words = z.string().max(4_000_000)
const box = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
const step = z.strictObject({
  page: words,
  prompt: words,
  completion: words,
  tokens: z.array(z.int().min(0).max(0x7fffffff)).max(100_000),
  logprob: z.number(),
  thought: words,
  action: words,
  shot: z
    .strictObject({ picture: z.base64().transform(fromBase64).refine(isSmallJpeg), box: box.nullable() })
    .exactOptional(),
})
const played = {
  task: taskName,
  seed: count,
  attempt: count,
  instruction: words,
  steps: z.array(step).max(1_000),
  duration: z.number().min(0),
  reward: z.number(),
}
const episodeSchema: z.ZodType<Episode> = z.discriminatedUnion('outcome', [
  z.strictObject({ ...played, outcome: z.literal('success') }),
  z.strictObject({ ...played, outcome: z.literal('failure'), reason: z.enum(FAILURE_REASONS) }),
  z.strictObject({ ...played, outcome: z.literal('fault'), fault: messageSchema }),
])

/** What a worker made of a problem: the episodes, or why the problem cannot be played by anybody. */
export const resultSchema = z.union([
  z.strictObject({ machine: machineSchema, episodes: z.array(episodeSchema).max(10_000) }),
  z.strictObject({ machine: machineSchema, impossible: z.array(messageSchema).min(1).max(100).readonly() }),
])
export type Result = z.output<typeof resultSchema>

/** A worker, as it tells of itself every few seconds. */
export const workerSchema = z.strictObject({
  id: z.string().regex(/^[\w.-]{1,150}$/),
  machine: machineSchema,
  /** The pages of its browser, and the problems that it plays at a time at most. */
  pages: z.int().min(1).max(10_000),
  slots: z.int().min(1).max(100_000),
  /** Episodes since it began, and in the last minute. */
  episodes: count,
  lately: count,
  playing: z.array(z.strictObject({ run: count, stage: text, arm: text, task: taskName, seed: count })).max(50),
  /** Why it plays nothing of a lab that calls for workers; empty where it plays for all. */
  refuses: z.array(messageSchema).max(20),
})
export type WorkerState = z.output<typeof workerSchema>

/** Episodes as they travel. */
export function written(result: Result): unknown {
  if (!('episodes' in result)) return result
  const episodes = result.episodes.map((episode) => ({
    ...episode,
    steps: episode.steps.map(({ shot, ...rest }) =>
      shot === undefined ? rest : { ...rest, shot: { ...shot, picture: Buffer.from(shot.picture).toString('base64') } },
    ),
  }))
  return { ...result, episodes }
}

/** The value in a JSON text of the server; undefined where the text is not JSON, or not what the schema wants. */
export function read<Value>(schema: z.ZodType<Value>, json: string | null): Value | undefined {
  if (json === null) return undefined
  try {
    return schema.safeParse(JSON.parse(json)).data
  } catch {
    // Not JSON, or nested so deeply that it cannot be checked.
    return undefined
  }
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
