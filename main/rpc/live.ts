/** The live view's procedures: watch pages, set the speed, play an episode, record one by hand. */
import { z } from 'zod'
import { inputSchema } from '../live/hand.ts'
import { lookSchema } from '../live/look.ts'
import { actionSchema } from '../live/recorder.ts'
import type { Control, LiveState } from '../live/state.ts'
import type { SystemHistory } from '../live/system-metrics.ts'
import { changes } from './changes.ts'
import { procedure, router } from './trpc.ts'

/** Shortest time between two states, in milliseconds. */
const PACE = { atMost: 100 }

const screen = z.string().max(40)
const of = z.enum(['job', 'play'])
/** The seed of a page's random numbers. */
const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
const task = z.string().max(200)

export const liveRouter = router({
  /**
   * What is shown now, and again after every change. `of` is the kind of playback that the subscriber watches, or null.
   * Playback is slowed down only while somebody watches it.
   */
  state: procedure.input(z.object({ of: of.nullable() })).subscription(async function* ({
    ctx,
    input,
    signal,
  }): AsyncGenerator<LiveState> {
    const leave = input.of === null ? undefined : ctx.live.screens.enter(input.of, ctx.readOnly)
    try {
      for await (const _ of changes(ctx.live.screens.changes, signal, PACE)) yield ctx.live.state()
    } finally {
      leave?.()
    }
  }),
  /** How people hold the run back. A subscriber here does not count as watching. */
  pace: procedure.subscription(async function* ({ ctx, signal }): AsyncGenerator<Control> {
    let told: Control | undefined
    for await (const _ of changes(ctx.live.screens.changes, signal, PACE)) {
      const { pace } = ctx.live.screens
      if (pace.paused !== told?.paused || pace.delay !== told.delay) yield pace
      told = pace
    }
  }),
  /** What is seen of these screens, or of all: picture, caption and outcome of each in one message. */
  sights: procedure
    .input(z.object({ screens: z.array(screen).max(64).optional(), look: lookSchema.optional() }))
    .subscription(({ ctx, input: { screens, look }, signal = NEVER }) =>
      (ctx.readOnly ? ctx.live.screens : ctx.live).sights(screens, signal, look),
    ),

  /** What the machine was doing, now and after every sample: over the last minutes, or over the run. */
  system: procedure.input(z.object({ span: z.enum(['recent', 'run']) })).subscription(async function* ({
    ctx,
    input,
    signal,
  }): AsyncGenerator<SystemHistory> {
    const leave = ctx.live.system.view()
    try {
      for await (const _ of changes(ctx.live.system.changes, signal, PACE)) yield ctx.live.system.history(input.span)
    } finally {
      leave()
    }
  }),

  /** Sets the speed of a run or of a played episode. Values that are left out stay. */
  control: procedure
    .input(z.object({ of, delay: z.number().min(0).max(10_000).optional(), paused: z.boolean().optional() }))
    .mutation(({ ctx, input: { of, ...control } }) => ctx.live.screens.control(of, control)),
  /** Lets one paused screen, or all, do one action. */
  next: procedure
    .input(z.object({ of, screen: screen.optional() }))
    .mutation(({ ctx, input }) => ctx.live.screens.next(input.of, input.screen)),

  /** The policies that can play. */
  policies: procedure.query(({ ctx }) => ctx.live.policies()),
  /** Starts an episode with each of the policies, and returns their screens. */
  play: procedure
    .input(
      z.object({
        task,
        seed,
        policies: z.array(z.string().min(1).max(1000)).min(1).max(4),
        temperature: z.number().min(0).max(2).default(0),
      }),
    )
    .mutation(async ({ ctx, input }) => ({ screens: await ctx.live.play(input) })),
  /** Stops the played episodes. */
  stop: procedure.mutation(({ ctx }) => ctx.live.stop()),

  /** Opens a problem for a person to solve. */
  record: procedure
    .input(z.object({ task, seed }))
    .mutation(async ({ ctx, input }) => ({ screen: await ctx.live.recordings.begin(input.task, input.seed) })),
  /** Opens a screen's problem for a person to continue. */
  takeOver: procedure
    .input(z.object({ screen }))
    .mutation(async ({ ctx, input }) => ({ screen: await ctx.live.recordings.takeOver(input.screen) })),
  /** A person's mouse and key events, in order. */
  input: procedure
    .input(z.object({ screen, input: inputSchema }))
    .mutation(({ ctx, input }) => ctx.live.recordings.get(input.screen).input(input.input)),
  /** One of the agent's actions, done by a person. */
  act: procedure
    .input(z.object({ screen, action: actionSchema }))
    .mutation(({ ctx, input }) => ctx.live.recordings.get(input.screen).act(input.action)),
  /** Undoes the last step of a recording. */
  undo: procedure
    .input(z.object({ screen }))
    .mutation(({ ctx, input }) => ctx.live.recordings.get(input.screen).undo()),
  /** Saves the recording to the golden samples. */
  save: procedure
    .input(z.object({ screen, thoughts: z.array(z.string().max(500)).max(100).optional() }))
    .mutation(({ ctx, input }) => ctx.live.recordings.save(input.screen, input.thoughts)),
  /** Closes a recording's page. */
  discard: procedure
    .input(z.object({ screen }))
    .mutation(({ ctx, input }) => ctx.live.recordings.discard(input.screen)),
})

/** The signal of a caller that never disconnects. */
const NEVER = new AbortController().signal
