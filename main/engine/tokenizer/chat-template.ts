/**
 * Renders chat templates. They are programs that come with a model, so they may also be wrong or hostile: each rendering
 * has a limit of time, and what it makes a limit of size.
 */
import { createContext, Script } from 'node:vm'
import { Template } from '@huggingface/jinja'
import { UserError } from '../../messages/error.ts'
import { type Message, message } from '../../messages/message.ts'
import { reasonOf } from '../../messages/reason.ts'

/** A chat message, as chat templates take it. */
export interface ChatMessage {
  readonly role: string
  readonly content: string
}

/** The template's text of these messages. Throws UserError where the template fails, or reaches a limit. */
export type Render = (messages: readonly ChatMessage[], addGenerationPrompt: boolean) => string

/** Most time of one rendering, in milliseconds. The templates of models take less than one. */
const TIME_LIMIT = 2000
/** How often a rendering begins during which the machine stands still. */
const TRIES = 5
/** Most characters that a template adds, and by what it may multiply those of the messages. */
const SIZE_LIMIT = { added: 100_000, times: 10 }
/** Most numbers of `range`, as in the sandbox of Jinja for Python (MAX_RANGE). */
const RANGE_LIMIT = 100_000

/** A renderer for the template of a model's folder. `tokens` are its variables beside the messages. */
export function chatRenderer(folder: string, text: string, tokens: Readonly<Record<string, string>>): Render {
  const refuse = (error: unknown) => new UserError('chatTemplateFailed', { folder, reason: whyOf(error) })
  const limited = <Result>(work: () => Result): Result => {
    try {
      return within(TIME_LIMIT, work)
    } catch (error) {
      throw refuse(error)
    }
  }
  const template = limited(() => new Template(text))
  // The library refuses a second value of a global, so the template itself begins by setting it.
  template.parsed.body.unshift(...LIMITED_RANGE.parsed.body)
  return (messages, addGenerationPrompt) => {
    const given = messages.reduce((sum, { content }) => sum + content.length, 0)
    const values = {
      ...SETTINGS,
      ...tokens,
      limited_range: range,
      messages,
      add_generation_prompt: addGenerationPrompt,
    }
    const rendered = limited(() => template.render(values))
    if (rendered.length > SIZE_LIMIT.added + SIZE_LIMIT.times * given) throw refuse(new LimitError('templateTooLong'))
    return rendered
  }
}

/**
 * Variables of templates that the lab sets. The agent writes its own thought, so Qwen3's thinking is off. Llama 3.1 and later
 * tell the day; a prompt must not depend on when it is made, so it is the one that their templates fall back to.
 */
const SETTINGS = { enable_thinking: false, date_string: '26 Jul 2024' }

class LimitError extends Error {
  readonly told: Message

  constructor(id: 'templateTooLong' | 'templateRange') {
    super(id)
    this.told = message(id)
  }
}

const LIMITED_RANGE = new Template('{% set range = limited_range %}')

/** Jinja's range, with a limit. */
function range(first: number, second?: number | null, step = 1): number[] {
  const [start, stop] = typeof second === 'number' ? [first, second] : [0, first]
  if (step === 0) throw new Error('range() step must not be zero')
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (!(length <= RANGE_LIMIT)) throw new LimitError('templateRange')
  return Array.from({ length }, (_, at) => start + at * step)
}

const watched = createContext({ work: null as (() => unknown) | null })
const CALL = new Script('work()')

/** Calls `work`, and ends it with an error after so many milliseconds, wherever it is. */
function within<Result>(timeout: number, work: () => Result): Result {
  watched.work = work
  try {
    for (let time = 1; ; time++) {
      const before = process.threadCpuUsage()
      try {
        return CALL.runInContext(watched, { timeout }) as Result
      } catch (error) {
        const { user, system } = process.threadCpuUsage(before)
        // The limit is one of the clock. On a machine that slept meanwhile, the work has hardly begun.
        if (!isLate(error) || (user + system) / 1000 > timeout / 20 || time === TRIES) throw error
      }
    }
  } finally {
    watched.work = null
  }
}

function isLate(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}

/** Why a template failed: what it or its language says, but no error of the library's own code. */
function whyOf(error: unknown): Message | string {
  if (error instanceof LimitError) return error.told
  if (isLate(error)) return message('templateTooSlow')
  if (error instanceof RangeError) return message('templateTooLong')
  return error instanceof TypeError ? message('templateBroken') : reasonOf(error)
}
