/** The live view's procedures: look at what is played, set its speed, try out an episode, record one by hand. */
import { z } from 'zod'
import { inputSchema } from '../live/hand.ts'
import { actionSchema } from '../live/recorder.ts'
import type { LiveState } from '../live/state.ts'
import { changes } from './changes.ts'
import { procedure, router } from './trpc.ts'

/** Milliseconds between two states at least. */
const PACE = { atMost: 100 }

const screen = z.string().max(40)
const of = z.enum(['job', 'play'])
/** A page seeds its random numbers with it. */
const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
const task = z.string().max(200)

export const liveRouter = router({
  /**
   * What is shown now, and again whenever it changes. Whoever subscribes looks at what is played `of` a kind, or at
   * neither: only then is it held back.
   */
  state: procedure.input(z.object({ of: of.nullable() })).subscription(async function* ({
    ctx,
    input,
    signal,
  }): AsyncGenerator<LiveState> {
    const leave = input.of === null ? undefined : ctx.live.screens.enter(input.of)
    try {
      for await (const _ of changes(ctx.live.screens.changes, signal, PACE)) yield ctx.live.state()
    } finally {
      leave?.()
    }
  }),
  /** Whether somebody holds the run where it is. Whoever subscribes does not count as looking. */
  paused: procedure.subscription(async function* ({ ctx, signal }): AsyncGenerator<boolean> {
    let told: boolean | undefined
    for await (const _ of changes(ctx.live.screens.changes, signal, PACE)) {
      const { pauses } = ctx.live.screens
      if (pauses !== told) yield pauses
      told = pauses
    }
  }),
  /** Pictures of these screens, or of all. */
  frames: procedure
    .input(z.object({ screens: z.array(screen).max(64).optional() }))
    .subscription(({ ctx, input, signal }) => ctx.live.frames(input.screens, signal ?? NEVER)),

  /** How fast a run or what is tried out goes; what is left out stays. */
  control: procedure
    .input(z.object({ of, delay: z.number().min(0).max(10_000).optional(), paused: z.boolean().optional() }))
    .mutation(({ ctx, input: { of, ...control } }) => ctx.live.screens.control(of, control)),
  /** Lets what is held go on by one action: one screen, or all. */
  next: procedure
    .input(z.object({ of, screen: screen.optional() }))
    .mutation(({ ctx, input }) => ctx.live.screens.next(input.of, input.screen)),

  /** The policies that can be asked to play. */
  policies: procedure.query(({ ctx }) => ctx.live.policies()),
  /** Begins an episode with each of the policies and returns their screens. */
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
  /** Ends what is tried out. */
  stop: procedure.mutation(({ ctx }) => ctx.live.stop()),

  /** Opens a problem for a person to solve. */
  record: procedure
    .input(z.object({ task, seed }))
    .mutation(async ({ ctx, input }) => ({ screen: await ctx.live.recordings.begin(input.task, input.seed) })),
  /** Opens a screen's problem for a person to go on with. */
  takeOver: procedure
    .input(z.object({ screen }))
    .mutation(async ({ ctx, input }) => ({ screen: await ctx.live.recordings.takeOver(input.screen) })),
  /** Mouse and keys of a person, in the order in which they are sent. */
  input: procedure
    .input(z.object({ screen, input: inputSchema }))
    .mutation(({ ctx, input }) => ctx.live.recordings.get(input.screen).input(input.input)),
  /** One of the agent's actions, done by a person. */
  act: procedure
    .input(z.object({ screen, action: actionSchema }))
    .mutation(({ ctx, input }) => ctx.live.recordings.get(input.screen).act(input.action)),
  /** Takes the last step of a recording back. */
  undo: procedure
    .input(z.object({ screen }))
    .mutation(({ ctx, input }) => ctx.live.recordings.get(input.screen).undo()),
  /** Adds what was recorded to the golden samples. */
  save: procedure
    .input(z.object({ screen, thoughts: z.array(z.string().max(500)).max(100).optional() }))
    .mutation(({ ctx, input }) => ctx.live.recordings.save(input.screen, input.thoughts)),
  /** Closes a recording's page. */
  discard: procedure
    .input(z.object({ screen }))
    .mutation(({ ctx, input }) => ctx.live.recordings.discard(input.screen)),
})

/** Of a caller that cannot go away. */
const NEVER = new AbortController().signal
