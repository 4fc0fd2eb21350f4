/** The ground that all procedures stand on: what they work with, and how their errors reach a person. */
import { initTRPC, TRPCError } from '@trpc/server'
import { z } from 'zod'
import { UserError } from '../config/error.ts'
import type { Settings } from '../config/settings.ts'
import type { Jobs } from '../jobs.ts'
import type { Lab } from '../lab.ts'
import type { Live } from '../live/live.ts'
import type { Archive } from '../store/archive.ts'

/** What every procedure works with: the same for all faces of the lab. */
export interface Context {
  readonly lab: Lab
  readonly jobs: Jobs
  readonly settings: Settings
  readonly live: Live
  readonly archive: Archive
  /** Told of bugs, which are not for the person who clicked. */
  readonly onBug: (error: unknown) => void
}

const t = initTRPC.context<Context>().create({
  // A subscription tells its client now and then that it lives, so that a dead connection is noticed by both.
  sse: { enabled: false },
  errorFormatter({ shape, error }) {
    // No stack and no path of this machine leaves it; the code is enough for a program, the sentence for a person.
    const { code, httpStatus } = shape.data
    return { ...shape, message: sentence(error), data: { code, httpStatus } }
  },
})

export const router = t.router

/** A procedure whose UserErrors arrive as BAD_REQUEST with their sentence, and whose bugs are told to `onBug`. */
export const procedure = t.procedure.use(async ({ next, ctx }) => {
  const result = await next()
  if (result.ok) return result
  const { cause } = result.error
  if (cause instanceof UserError) throw new TRPCError({ code: 'BAD_REQUEST', message: cause.message, cause })
  if (result.error.code === 'INTERNAL_SERVER_ERROR') ctx.onBug(cause ?? result.error)
  return result
})

/** What to show of an error: one sentence. */
function sentence({ cause, message, code }: TRPCError): string {
  if (cause instanceof z.ZodError) {
    const [issue] = cause.issues
    return `The request is not one that the lab knows: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`
  }
  if (code === 'INTERNAL_SERVER_ERROR') return `The lab made a mistake (${message.split('\n')[0]}); its log has more.`
  return message
}

/** The id of a run, an episode or a pair. */
export const id = z.int().min(1)
/** Part of a list. */
export const slice = { offset: z.int().min(0).default(0), limit: z.int().min(1).max(1000).default(100) }
