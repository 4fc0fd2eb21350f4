/** Procedures for the job: its state, its log, start and stop. */
import { tracked } from '@trpc/server'
import { z } from 'zod'
import { COMMAND_NAMES } from '../commands.ts'
import type { JobState } from '../jobs.ts'
import { UserError } from '../messages/error.ts'
import type { LabEvent } from '../pipeline/events.ts'
import type { LoggedEvent } from '../store/events.ts'
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
