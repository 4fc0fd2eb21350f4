/**
 * Calls in both directions over a port. A call has arguments, perhaps news while it goes on, and a result or an error.
 * zod checks what comes from the other side.
 */
import { z } from 'zod'
import { UserError } from '../../messages/error.ts'
import { messageSchema } from '../../messages/schema.ts'
import { pack, unpack } from './packet.ts'
import type { Port } from './port.ts'

/** A call's form. */
export interface Form {
  readonly args: z.ZodType
  readonly result: z.ZodType
  /** What a call tells before its result. */
  readonly news?: z.ZodType
}
export type Forms = Readonly<Record<string, Form>>

type Args<F extends Form> = z.output<F['args']>
type Result<F extends Form> = z.output<F['result']>
type News<F extends Form> = F['news'] extends z.ZodType ? z.output<F['news']> : never

/** The functions that answer calls. The signal is aborted when the caller cancels. */
export type Answers<T extends Forms> = {
  readonly [Name in keyof T]: (
    args: Args<T[Name]>,
    call: { readonly signal: AbortSignal; readonly tell: (news: News<T[Name]>) => void },
  ) => Result<T[Name]> | Promise<Result<T[Name]>>
}

export interface CallOptions<F extends Form> {
  /** Asks the other side to end the call. It then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** An error that it throws ends the call. */
  readonly onNews?: ((news: News<F>) => void) | undefined
}

const errorSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), messages: z.array(messageSchema).min(1) }),
  z.object({ kind: z.literal('cancelled') }),
  z.object({ kind: z.literal('bug'), name: z.string(), message: z.string(), stack: z.string() }),
])
type SentError = z.output<typeof errorSchema>

const id = z.int().min(0)
const packetSchema = z.union([
  z.strictObject({ id, call: z.string(), args: z.unknown().optional() }),
  z.strictObject({ cancel: id }),
  z.strictObject({ news: id, of: z.unknown().optional() }),
  z.strictObject({ answer: id, error: errorSchema }),
  z.strictObject({ answer: id, result: z.unknown().optional() }),
])

interface Pending {
  readonly form: Form
  readonly settle: { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void }
  readonly onNews: ((news: never) => void) | undefined
  readonly cancel: (reason: unknown) => void
  /** Why it was cancelled. */
  cancelled: { readonly reason: unknown } | null
}

/** One end of a line: it may make the calls `Theirs`, and answers the calls `Mine`. */
export class Line<Theirs extends Forms, Mine extends Forms> {
  readonly #port: Port
  readonly #theirs: Theirs
  readonly #mine: Mine
  readonly #answers: Answers<Mine>
  readonly #inWords: (error: unknown) => unknown
  readonly #pending = new Map<number, Pending>()
  /** What ends the calls that this side answers. */
  readonly #answering = new Map<number, AbortController>()
  #calls = 0
  #ended: { readonly error: unknown } | null = null
  readonly #end = Promise.withResolvers<void>()
  /** Resolves when the line has ended: by `end`, or because the other side sent what is no packet. */
  readonly ended: Promise<void> = this.#end.promise

  /** `inWords` may put another error in the place of one that an answer throws. */
  constructor(port: Port, theirs: Theirs, mine: Mine, answers: Answers<Mine>, inWords = (error: unknown) => error) {
    this.#inWords = inWords
    this.#port = port
    this.#theirs = theirs
    this.#mine = mine
    this.#answers = answers
    port.listen((text, buffers) => this.#heard(text, buffers))
  }

  /** Rejects with the error of the other side's function, and with that of `end`. */
  async call<Name extends keyof Theirs & string>(
    name: Name,
    args: Args<Theirs[Name]>,
    { signal, onNews }: CallOptions<Theirs[Name]> = {},
  ): Promise<Result<Theirs[Name]>> {
    signal?.throwIfAborted()
    if (this.#ended !== null) throw this.#ended.error
    const id = this.#calls++
    const { promise, ...settle } = Promise.withResolvers<unknown>()
    const cancel = (reason: unknown) => {
      const pending = this.#pending.get(id)
      if (pending === undefined || pending.cancelled !== null) return
      pending.cancelled = { reason }
      this.#send({ cancel: id })
    }
    const form = this.#theirs[name]!
    this.#pending.set(id, { form, settle, onNews, cancel, cancelled: null })
    const abort = () => cancel(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    this.#send({ id, call: name, args })
    try {
      return (await promise) as Result<Theirs[Name]>
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Ends the line: calls under way and later ones reject with the error, and what is being answered is cancelled. */
  end(error: unknown): void {
    if (this.#ended !== null) return
    this.#ended = { error }
    this.#end.resolve()
    for (const { settle, cancelled } of this.#pending.values())
      settle.reject(cancelled === null ? error : cancelled.reason)
    this.#pending.clear()
    for (const controller of this.#answering.values()) controller.abort(error)
  }

  #send(value: unknown): Promise<void> {
    // Where the port is closed, somebody calls `end`.
    return this.#port.send(pack(value)).catch(() => {})
  }

  #heard(text: string, buffers: readonly ArrayBuffer[]): void {
    try {
      const packet = packetSchema.parse(unpack(text, buffers))
      if ('call' in packet) void this.#answer(packet.id, packet.call, packet.args)
      else if ('cancel' in packet) this.#answering.get(packet.cancel)?.abort()
      else if ('news' in packet) this.#newsOf(packet.news, packet.of)
      else this.#settle(packet)
    } catch (error) {
      this.end(error)
    }
  }

  async #answer(id: number, name: string, args: unknown): Promise<void> {
    const controller = new AbortController()
    this.#answering.set(id, controller)
    const { signal } = controller
    try {
      const form = this.#mine[name]
      if (form === undefined) throw new Error(`There is no call ${name}.`)
      const tell = (news: unknown) => void this.#send({ news: id, of: news })
      const result = await this.#answers[name]!(form.args.parse(args) as never, { signal, tell: tell as never })
      await this.#send({ answer: id, result })
    } catch (error) {
      await this.#send({ answer: id, error: sent(this.#inWords(error), signal) })
    } finally {
      this.#answering.delete(id)
    }
  }

  #newsOf(id: number, news: unknown): void {
    const pending = this.#pending.get(id)
    if (pending?.form.news === undefined || pending.cancelled !== null) return
    const told = pending.form.news.parse(news)
    try {
      pending.onNews?.(told as never)
    } catch (error) {
      pending.cancel(error)
    }
  }

  #settle(packet: { answer: number; result?: unknown; error?: SentError }): void {
    const pending = this.#pending.get(packet.answer)
    if (pending === undefined) return
    this.#pending.delete(packet.answer)
    const { settle, cancelled, form } = pending
    if (cancelled !== null) settle.reject(cancelled.reason)
    else if (packet.error !== undefined) settle.reject(received(packet.error))
    else {
      const parsed = form.result.safeParse(packet.result)
      if (parsed.success) settle.resolve(parsed.data)
      else settle.reject(parsed.error)
    }
  }
}

function sent(error: unknown, signal: AbortSignal): SentError {
  if (signal.aborted) return { kind: 'cancelled' }
  if (error instanceof UserError) return { kind: 'user', messages: [...error.messages] }
  if (!(error instanceof Error)) return { kind: 'bug', name: 'Error', message: String(error), stack: '' }
  return { kind: 'bug', name: error.name, message: error.message, stack: error.stack ?? '' }
}

/** Errors whose class says what the caller did wrong. */
const CLASSES: Readonly<Record<string, typeof Error>> = { RangeError, TypeError }

function received(sent: SentError): Error {
  switch (sent.kind) {
    case 'user':
      return new UserError(sent.messages)
    case 'cancelled':
      return new Error('The call was cancelled.')
    case 'bug': {
      const Class = CLASSES[sent.name] ?? Error
      const error = new Class(sent.message)
      error.stack = `${error.stack}\nIn the host: ${sent.stack}`
      return error
    }
  }
}
