/** Procedures for training curves: whole curves in as many points as a screen shows, and new steps as they come. */
import { tracked } from '@trpc/server'
import { z } from 'zod'
import { says } from '../config/demand.ts'
import type { ArmKey } from '../store/keys.ts'
import { changes } from './changes.ts'
import { id, procedure, router } from './trpc.ts'

const key = z.object({ run: id, stage: z.string(), round: z.int().min(0), arm: z.string() })

/** The metrics of one optimiser step. */
export interface MetricStep {
  readonly step: number
  readonly metrics: Readonly<Record<string, number | null>>
}

/** Part of SFT's result: the step with the smallest held-out loss, whose weights were kept. */
const keptStep = z.object({ step: z.int() })

/**
 * Milliseconds between two looks for new metrics: at least, and at most, because a command in a terminal may write
 * them.
 */
const PACE = { atMost: 250, atLeast: 1000 }

/** The most points that one answer has. */
const MOST_POINTS = 10_000_000

export const metricsRouter = router({
  /**
   * The trainings of a run, by default of the latest: arms with the names of their metrics, and the kept step where the
   * stage chose one.
   */
  arms: procedure.input(z.object({ run: id.optional() })).query(({ ctx, input }) => {
    const run = input.run ?? ctx.lab.store.runs.latest()?.id
    if (run === undefined) return []
    const stages = ctx.lab.store.stages.of(run)
    return ctx.lab.store.metrics.arms(run).map((arm) => {
      const { data } = keptStep.safeParse(
        stages.find((one) => one.stage === arm.stage && one.round === arm.round)?.result,
      )
      return { ...arm, kept: data?.step ?? null }
    })
  }),

  /** Metrics of some arms between two steps (both included), each curve in about `points` points. */
  curves: procedure
    .input(
      z
        .object({
          // A comparison has as many as 200 runs, and a run several trainings.
          arms: z.array(key).min(1).max(1000),
          names: z.array(z.string()).min(1).max(64),
          from: z.int().min(0).default(0),
          to: z.int().min(0).default(Number.MAX_SAFE_INTEGER),
          points: z.int().min(2).max(5000).default(600),
        })
        .refine(({ arms, names, points }) => arms.length * names.length * points <= MOST_POINTS, says('mustBeFewer')),
    )
    .query(({ ctx, input: { arms, names, from, to, points } }) =>
      arms.flatMap((arm) => names.map((name) => ctx.lab.store.metrics.curve(arm, name, { from, to, points }))),
    ),

  /** All metrics of an arm after the step `lastEventId`, then each new step. Ids are steps. */
  follow: procedure
    .input(key.extend({ lastEventId: z.coerce.number().int().min(0).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const { lastEventId, ...arm } = input
      let last = lastEventId ?? 0
      for await (const _ of changes(ctx.lab.changes, signal, PACE)) {
        for (const step of ctx.lab.store.metrics.after(arm satisfies ArmKey, last)) {
          yield tracked(String(step.step), step)
          last = step.step
        }
      }
    }),
})
