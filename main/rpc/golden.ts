/** Procedures for golden samples: list, read, edit, delete. */
import { z } from 'zod'
import { EXPERTS } from '../environment/experts/index.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { deleteSamples, partsOf, setThought } from '../preferences/golden-edit.ts'
import { readGoldenData, whyFixed } from '../preferences/golden-file.ts'
import { type Context, procedure, router, slice } from './trpc.ts'

/** A step of a recording. */
export interface GoldenStep {
  /** Its line in the file. */
  readonly line: number
  readonly completion: string
  /** null where the answer has another form than the agent's. */
  readonly thought: string | null
  readonly action: string | null
}

/** The samples of one problem from one source. */
export interface GoldenRecording {
  readonly task: string | null
  readonly seed: number | null
  readonly source: string | null
  readonly steps: readonly GoldenStep[]
}

/** A sample as the window saw it, so that a change of the file in between is noticed. */
const seen = z.object({ line: z.int().min(1), completion: z.string().max(100_000) })

export const goldenRouter = router({
  /** A page of the golden samples. */
  list: procedure.input(z.object({ ...slice, task: z.string().optional() })).query(async ({ ctx, input }) => {
    const path = pathOf(ctx)
    const samples = (await readGoldenData(path))
      .map((sample, line) => ({ ...sample, line }))
      .filter(({ task }) => input.task === undefined || task === input.task)
    return {
      path: shownPath(path),
      rows: samples.slice(input.offset, input.offset + input.limit),
      total: samples.length,
    }
  }),

  /**
   * All recordings, without their prompts; why the file cannot be changed, or null; and the tasks to learn that have no
   * sample, with those of them that have an expert.
   */
  recordings: procedure.query(async ({ ctx }) => {
    const path = pathOf(ctx)
    const samples = await readGoldenData(path)
    const groups = Map.groupBy(samples, ({ task, seed, source, line }) =>
      JSON.stringify(task === null || seed === null ? [line] : [task, seed, source]),
    )
    const recordings = [...groups.values()].map((own): GoldenRecording => {
      const { task, seed, source } = own[0]!
      const steps = own.flatMap(({ line, completion }) =>
        line === null ? [] : [{ line, completion, ...(partsOf(completion) ?? { thought: null, action: null }) }],
      )
      return { task, seed, source, steps }
    })
    const have = new Set(samples.map(({ task }) => task))
    const lacking = ctx.settings.read().tasks.filter((task) => !have.has(task))
    return {
      path: shownPath(path),
      fixed: whyFixed(path),
      recordings,
      lacking: lacking.map((task) => ({ task, expert: task in EXPERTS })),
    }
  }),

  /** What the agent would read before a sample's answer: the last message of its prompt. */
  get: procedure.input(z.object({ line: z.int().min(1) })).query(async ({ ctx, input }) => {
    const path = pathOf(ctx)
    const sample = (await readGoldenData(path)).find(({ line }) => line === input.line)
    if (sample === undefined) throw new UserError('goldenChanged', { path: shownPath(path) })
    return { prompt: sample.prompt.at(-1)?.content ?? '' }
  }),

  /** Gives a sample another thought. */
  setThought: procedure
    .input(seen.extend({ thought: z.string().max(2000) }))
    .mutation(async ({ ctx, input: { thought, ...sample } }) => {
      await setThought(pathOf(ctx), sample, thought)
      return sample
    }),

  /** Deletes samples. */
  delete: procedure.input(z.object({ samples: z.array(seen).min(1).max(10_000) })).mutation(async ({ ctx, input }) => {
    await deleteSamples(pathOf(ctx), input.samples)
    return { samples: input.samples.length }
  }),
})

function pathOf({ settings }: Context): string {
  return projectPath(settings.read().paths.sft_data)
}
