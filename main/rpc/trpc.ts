/** The base of all procedures: their context, and the form of their errors. */
import { initTRPC, type TRPCError } from '@trpc/server'
import { z } from 'zod'
import type { Merges } from '../adapters/merges.ts'
import { demand, dotted } from '../config/demand.ts'
import type { Settings } from '../config/settings.ts'
import type { Jobs } from '../jobs.ts'
import type { Lab } from '../lab.ts'
import type { Live } from '../live/live.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import { english } from '../messages/say.ts'

/** The desktop app around the window. */
export interface Desktop {
  /** Lets the user choose a folder or a file; null where the user cancels. */
  choose(what: 'folder' | 'file', title: string): Promise<string | null>
}

/** The context of every procedure. It is the same for the browser and the desktop app. */
export interface Context {
  readonly lab: Lab
  readonly jobs: Jobs
  readonly merges: Merges
  readonly settings: Settings
  readonly live: Live
  /** What the desktop app can do for its window; undefined for a browser. */
  readonly desktop?: Desktop | undefined
  /** Whether the caller may only look. */
  readonly readOnly?: boolean | undefined
}

const t = initTRPC.context<Context>().create({
  sse: { enabled: false },
  errorFormatter({ shape, error }) {
    // Neither stacks nor paths of this machine are sent: programs need only the code, people only the messages.
    const { cause } = error
    if (cause instanceof UserError) {
      const data = { code: 'BAD_REQUEST' as const, httpStatus: 400, messages: cause.messages }
      return { code: BAD_REQUEST, message: cause.message, data }
    }
    const { code, httpStatus } = shape.data
    const told = messageOf(error)
    return { ...shape, message: english(told), data: { code, httpStatus, messages: [told] } }
  },
})

/** JSON-RPC's code for an invalid request. */
const BAD_REQUEST = -32600

export const router = t.router
/** Every procedure. Whoever may only look gets no mutation. */
export const procedure = t.procedure.use(({ ctx, type, next }) => {
  if (type === 'mutation') demandChanges(ctx)
  return next()
})
/** A procedure that changes nothing but keeps the machine busy: it loads a model, opens pages or measures. */
export const working = procedure.use(({ ctx, next }) => {
  demandChanges(ctx)
  return next()
})
/** A procedure that changes stored runs. Every window is told to fetch them again. */
export const changing = procedure.use(async ({ ctx, next }) => {
  const result = await next()
  if (result.ok) ctx.lab.tellEdited()
  return result
})

/** Throws UserError where the caller may only look. */
function demandChanges({ readOnly = false }: Context): void {
  if (readOnly) throw new UserError('readOnlyAddress')
}

/** Whether an error is a bug of the lab. */
export function isBug({ code, cause }: TRPCError): boolean {
  return code === 'INTERNAL_SERVER_ERROR' && !(cause instanceof UserError)
}

/** The message for an error that the user cannot fix. */
function messageOf({ cause, message: text, code }: TRPCError): Message {
  if (cause instanceof z.ZodError) {
    const issue = cause.issues[0]!
    return message('requestNotUnderstood', { key: dotted(issue.path), problem: demand(issue) })
  }
  if (code === 'INTERNAL_SERVER_ERROR') return message('labMistakeIn', { what: text.split('\n')[0] ?? '' })
  return message('verbatim', { text })
}

/** The id of a run, an episode or a pair. */
export const id = z.int().min(1)
/** Part of a list. */
export const slice = { offset: z.int().min(0).default(0), limit: z.int().min(1).max(1000).default(100) }
