/** Procedures for the job: its state, its log, start and stop. */
import { tracked } from '@trpc/server'
import { z } from 'zod'
import { COMMAND_NAMES } from '../commands.ts'
import { controlsOf } from '../evaluation/arms.ts'
import type { JobState } from '../jobs.ts'
import { UserError } from '../messages/error.ts'
import type { LabEvent } from '../pipeline/events.ts'
import { FEW_PAIRS } from '../preferences/pairs.ts'
import type { LoggedEvent } from '../store/events.ts'
import { forecastRun } from '../study/forecast.ts'
import { changes } from './changes.ts'
import { find } from './runs.ts'
import { id, procedure, router } from './trpc.ts'

/** A line of the log. */
export interface LogLine extends Omit<LoggedEvent, 'event'> {
  readonly event: Exclude<LabEvent, { event: 'progress' | 'metrics' }>
}

/** Shortest time between two states, in milliseconds. Nobody could see faster changes. */
const STATE_INTERVAL = 100
/** Milliseconds between two looks at the log without a local change, because a command in a terminal may write it. */
const LOG_INTERVAL = 1000
const LOG_BATCH = 500

const command = z.enum(COMMAND_NAMES)
const overrides = z.record(z.string(), z.unknown()).default({})

export const jobRouter = router({
  /** The state of the job. */
  state: procedure.query(({ ctx }) => ctx.jobs.state),

  /** The state of the job, now and after every change, at most ten times a second. */
  watch: procedure.subscription(async function* ({ ctx, signal }): AsyncGenerator<JobState> {
    let told: JobState | undefined
    for await (const _ of changes(ctx.jobs, signal, { atMost: STATE_INTERVAL })) {
      if (ctx.jobs.state !== told) yield ctx.jobs.state
      told = ctx.jobs.state
    }
  }),

  /**
   * Starts a command with the present configuration. `overrides` are values by dotted key for this run alone.
   * `collection` names what `retrain` trains on, by default the latest.
   */
  start: procedure
    .input(z.object({ command, overrides, collection: z.object({ run: id, round: id }).nullable().default(null) }))
    .mutation(({ ctx, input: { command: name, overrides: values, collection } }) =>
      ctx.jobs.start({ command: name, config: ctx.settings.read(values), resume: null, collection }),
    ),

  /**
   * What a run with the present settings would take: the seconds, null where neither an earlier run nor a measurement tells them,
   * and the disk. `measure` lets the lab measure this machine for some seconds; it does not while a job is at work.
   */
  forecast: procedure
    .input(z.object({ command: z.enum(['pipeline', 'retrain']), measure: z.boolean().default(false) }))
    .query(({ ctx, input: { command: of, measure } }) =>
      forecastRun(ctx.lab.store, ctx.settings.read(), of, {
        measure: measure && ctx.readOnly !== true && ctx.jobs.state.current === null,
      }),
    ),

  /**
   * What training again on a round of pairs would do with the present settings: pairs, steps of each policy, policies that learn,
   * problems, and the time and disk as `forecast`.
   */
  retraining: procedure.input(z.object({ run: id, round: id })).query(async ({ ctx, input }) => {
    const { tasks } = find(ctx, input.run).config
    const config = { ...ctx.settings.read(), tasks }
    const { training, evaluation } = config
    const { pairs, dropped } = ctx.lab.store.pairs.count(input)
    const controls = input.round === 1 ? controlsOf(evaluation).length : 0
    return {
      pairs: pairs - dropped,
      few: pairs - dropped < FEW_PAIRS,
      steps: training.dpo.max_steps,
      trained: 1 + controls,
      problems: (evaluation.tasks ?? tasks).length * evaluation.num_episodes_per_task,
      forecast: await forecastRun(ctx.lab.store, config, 'retrain', { measure: false }),
    }
  }),

  /** Resumes an unfinished run, by default the latest. */
  resume: procedure.input(z.object({ run: id.optional() })).mutation(({ ctx, input }) => {
    const { runs } = ctx.lab.store
    const run = input.run === undefined ? runs.list().find(({ status }) => status !== 'done') : runs.find(input.run)
    if (run === undefined) throw new UserError('nothingToGoOnWith')
    return ctx.jobs.start({ command: command.parse(run.command), config: runs.get(run.id).config, resume: run.id })
  }),

  /** Starts a new run with the settings of an earlier one, on the same collection. */
  again: procedure.input(z.object({ run: id })).mutation(({ ctx, input }) => {
    const { command: name, config, collection } = find(ctx, input.run)
    return ctx.jobs.start({ command: command.parse(name), config, resume: null, collection })
  }),

  /** Stops the job at a point from which it can be resumed without loss. */
  stop: procedure.mutation(({ ctx }) => ctx.jobs.stop()),

  /** Stops the job at once, by closing browser and engine. */
  stopNow: procedure.mutation(({ ctx }) => ctx.jobs.stopNow()),

  /**
   * All log lines after `lastEventId`, then every new line. Ids are those of the lines, so a client that reconnects
   * misses none. Without an id the log starts at the first line of the latest run.
   */
  events: procedure
    .input(z.object({ run: id.optional(), lastEventId: z.coerce.number().int().min(0).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      let last = input.lastEventId ?? ctx.lab.store.events.before(input.run ?? ctx.lab.store.runs.latest()?.id)
      for await (const _ of changes(ctx.lab.changes, signal, { atLeast: LOG_INTERVAL })) {
        for (let more = true; more; ) {
          const lines = ctx.lab.store.events.after(last, LOG_BATCH, input.run)
          for (const line of lines) {
            yield tracked(String(line.id), line as LogLine)
            last = line.id
          }
          more = lines.length === LOG_BATCH
        }
      }
    }),

  /** A page of the log, the newest lines first. `before` is the id of the oldest known line. */
  log: procedure
    .input(
      z.object({
        run: id.optional(),
        search: z.string().max(200).optional(),
        before: id.optional(),
        limit: z.int().min(1).max(1000).default(200),
      }),
    )
    .query(({ ctx, input }) => ctx.lab.store.events.page(input) as LogLine[]),
})
