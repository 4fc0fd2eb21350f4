/** Procedures for the results of evaluations. */
import { z } from 'zod'
import { failures, faults, rate } from '../evaluation/evaluate.ts'
import { markdownTable } from '../evaluation/markdown.ts'
import { type ArmSummary, summarise } from '../evaluation/summary.ts'
import type { Message } from '../messages/message.ts'
import { configuredTasks } from '../pipeline/resources.ts'
import { evaluationOf, outlineOf } from '../pipeline/results.ts'
import { endingMessage, type Outcome } from '../store/episode.ts'
import { SOLVED_BY } from '../store/played.ts'
import { find } from './runs.ts'
import { type Context, id, procedure, router, slice } from './trpc.ts'

/** One problem that two arms played. */
export interface PairedOutcome {
  readonly task: string
  readonly seed: number
  readonly kind: 'won' | 'lost' | 'both' | 'neither'
  /** The episodes of the two arms. */
  readonly a: number
  readonly b: number
  /** Why the two episodes ended. */
  readonly whyA: Message
  readonly whyB: Message
}

/** Two arms of a run, which of their problems are listed, and in which order; by default in that of the evaluation. */
const outcomesOf = z.object({
  run: id,
  a: z.string().default('dpo'),
  b: z.string().default('sft'),
  task: z.string().optional(),
  kind: z.enum(['won', 'lost', 'both', 'neither']).optional(),
  sort: z.enum(['task', 'seed', 'a', 'b']).optional(),
  descending: z.boolean().default(false),
})

export const resultsRouter = router({
  /** The runs that were evaluated, the latest first. */
  runs: procedure.query(({ ctx }) => {
    const { runs, stages } = ctx.lab.store
    const evaluated = new Set(stages.done('evaluate').map(({ run }) => run))
    return runs
      .list()
      .flatMap(({ id: run, name, started, command }) =>
        evaluated.has(run) ? [{ run, name, started, command: String(command) }] : [],
      )
  }),

  /**
   * Success by task, category and overall with intervals, DPO against every other arm, the verdict, and the causes of
   * failure.
   */
  get: procedure.input(z.object({ run: id })).query(({ ctx, input }) => {
    const data = load(ctx, input.run)
    const { arms, facts } = data
    const { studies } = ctx.lab.store
    const member = studies.memberOf(input.run)
    return {
      // The study that the run is a training of; null where it is of none.
      study: (member && studies.find(member.study)) ?? null,
      ...outlineOf(ctx.lab.store, input.run),
      ...summarise(data),
      failures: Object.fromEntries(arms.map(({ name, episodes }) => [name, failures(episodes)])),
      faults: Object.fromEntries(arms.map(({ name, episodes }) => [name, faults(episodes)])),
      facts,
    }
  }),

  /** Success by arm during an evaluation. Arms play one after another, and those with most episodes come first. */
  soFar: procedure
    .input(z.object({ run: id, round: z.int().min(0) }))
    .query(({ ctx, input }): Readonly<Record<string, ArmSummary>> => {
      const groups = ctx.lab.store.episodes.groups({ ...input, stage: 'evaluate' })
      const arms = [...Map.groupBy(groups, ({ arm }) => arm)].map(([arm, own]) => {
        const count = (outcome: Outcome) =>
          own.filter((group) => group.outcome === outcome).reduce((sum, group) => sum + group.count, 0)
        return [arm, rate(count('success'), count('failure'), count('fault'))] as const
      })
      return Object.fromEntries(arms.sort(([, one], [, other]) => other.n - one.n))
    }),

  /** The problems that arms `a` and `b` both played, and which of them solved each. */
  outcomes: procedure.input(outcomesOf.extend(slice)).query(({ ctx, input }) => {
    const rows = pairedOutcomes(ctx, input)
    return { rows: rows.slice(input.offset, input.offset + input.limit), total: rows.length }
  }),

  /** Where a problem stands in that list, by the episode of arm `a`; null where it is not in it. */
  outcome: procedure.input(outcomesOf.extend({ episode: id })).query(({ ctx, input }) => {
    const rows = pairedOutcomes(ctx, input)
    const at = rows.findIndex(({ a }) => a === input.episode)
    return at === -1 ? null : { at, problem: rows[at]! }
  }),

  /** A page of all problems of a stage of a run, each with every attempt at it: of every policy, in every round. */
  problems: procedure
    .input(
      z.object({
        run: id,
        stage: z.enum(['collect', 'validate', 'evaluate']).default('evaluate'),
        task: z.string().optional(),
        solvedBy: z.enum(SOLVED_BY).optional(),
        sort: z.union([z.enum(['task', 'seed']), z.object({ round: z.int().min(0), arm: z.string() })]).optional(),
        descending: z.boolean().default(false),
        ...slice,
      }),
    )
    .query(({ ctx, input: { offset, limit, sort, descending, ...filter } }) => {
      const order = sort === undefined ? undefined : { by: sort, descending }
      return ctx.lab.store.played.problems(filter, { offset, limit }, order)
    }),

  /** The success table in Markdown. */
  markdown: procedure
    .input(z.object({ run: id }))
    .query(({ ctx, input }) => markdownTable(summarise(load(ctx, input.run)))),
})

function pairedOutcomes(ctx: Context, input: z.output<typeof outcomesOf>): PairedOutcome[] {
  const { arms } = load(ctx, input.run)
  const played = (arm: string) =>
    (arms.find(({ name }) => name === arm)?.episodes ?? []).filter(({ outcome }) => outcome !== 'fault')
  const other = new Map(played(input.b).map((episode) => [`${episode.task} ${episode.seed}`, episode]))
  const all = played(input.a).flatMap((a): PairedOutcome[] => {
    const b = other.get(`${a.task} ${a.seed}`)
    if (b === undefined || (input.task !== undefined && a.task !== input.task)) return []
    const [won, lost] = [a.outcome === 'success', b.outcome === 'success']
    const kind = won ? (lost ? 'both' : 'won') : lost ? 'lost' : 'neither'
    const { task, seed } = a
    return [{ task, seed, kind, a: a.id, b: b.id, whyA: endingMessage(a), whyB: endingMessage(b) }]
  })
  const rows = all.filter(({ kind }) => input.kind === undefined || kind === input.kind)
  const { sort, descending } = input
  if (sort === undefined) return rows
  const value = SORTED_BY[sort]
  // Equal ones stay in the order of the evaluation.
  return rows.sort((one, two) => (descending ? -1 : 1) * compareValues(value(one), value(two)))
}

const SORTED_BY = {
  task: ({ task }) => task,
  seed: ({ seed }) => seed,
  a: ({ kind }) => Number(kind === 'won' || kind === 'both'),
  b: ({ kind }) => Number(kind === 'lost' || kind === 'both'),
} satisfies Readonly<Record<string, (outcome: PairedOutcome) => string | number>>

function compareValues(one: string | number, two: string | number): number {
  return one < two ? -1 : Number(one > two)
}

function load(ctx: Context, run: number) {
  const { config } = find(ctx, run)
  return evaluationOf(ctx.lab.store, run, configuredTasks(config))
}
