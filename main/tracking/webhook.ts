/**
 * Tells an address that a run has ended: one POST with a small JSON. Another try follows where it failed. The run never fails with it.
 */
import { setTimeout } from 'node:timers/promises'
import type { Config } from '../config/schema.ts'
import { messageOf, UserError } from '../messages/error.ts'
import { type Message, message, type Say, type Value } from '../messages/message.ts'
import { reasonOf } from '../messages/reason.ts'
import { english } from '../messages/say.ts'
import { proxiedFetch, reasonOfFetch, throughProxy } from '../network/proxy.ts'

/** Takes precedence over `tracking.webhook`: services such as Slack put a secret into the address, and settings are kept with runs. */
const VARIABLE = 'DPO_DRIVER_WEBHOOK'

/** Milliseconds of a try, and between two. */
const PATIENCE = { answer: 5000, rest: 1000 }
const TRIES = 2

export interface EndedRun {
  readonly run: number
  readonly name: string
  readonly command: string
  readonly status: 'done' | 'stopped' | 'failed'
  /** Time of all its stages. */
  readonly seconds: number
}

/** How a run ended, in a sentence without a full stop. */
export function endedMessage({ run, command, status }: Pick<EndedRun, 'run' | 'command' | 'status'>): Message {
  const ids = { done: 'runEndedDone', stopped: 'runEndedStopped', failed: 'runEndedFailed' } as const
  return message(ids[status], { run, command })
}

export interface WebhookOptions {
  readonly config: Pick<Config, 'tracking'>
  readonly ended: EndedRun
  /** Called once where the address could not be told. */
  readonly say: Say
  /** Aborted to give up at once. */
  readonly signal?: AbortSignal | undefined
  readonly patience?: typeof PATIENCE
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/** Tells the address, if there is one. It gets no text of an error, because that can hold paths and addresses. Throws nothing. */
export async function tellWebhook(options: WebhookOptions): Promise<void> {
  const { config, ended, say, signal = NEVER, patience = PATIENCE, variables = process.env } = options
  const variable = variables[VARIABLE]?.trim()
  const address = variable ? variable : config.tracking.webhook
  if (address === null) return
  const url = webhookUrl(address)
  if (url === null) return warn(say, VARIABLE, message('mustBeWebhook'))
  try {
    const text = english(endedMessage(ended))
    // `text` is what Slack and Mattermost show of a message, and `content` what Discord does.
    const body = JSON.stringify({ event: 'run_ended', ...ended, ended: new Date().toISOString(), text, content: text })
    for (let tried = 1; ; tried++) {
      const problem = await post(url, body, AbortSignal.any([signal, AbortSignal.timeout(patience.answer)]))
      if (problem === null || signal.aborted) return
      // The rest of the address can be a secret.
      if (tried === TRIES) return warn(say, url.host, problem)
      await setTimeout(patience.rest, undefined, { signal })
    }
  } catch (error) {
    if (!signal.aborted) warn(say, url.host, messageOf(error))
  }
}

function warn(say: Say, place: string, why: Value): void {
  try {
    say('webhookAway', { place, why })
  } catch {
    // The log is in the store. If that fails, the run itself will say so.
  }
}

const NEVER = new AbortController().signal

/** The address as a URL; null where it is none of http or https, or has a user or a password in it. */
export function webhookUrl(address: string): URL | null {
  const url = URL.parse(address)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return null
  return url.username === '' && url.password === '' ? url : null
}

/** Sends the body. Returns why that failed; null where it did not. */
async function post(url: URL, body: string, signal: AbortSignal): Promise<Value | null> {
  try {
    // An answer that leads elsewhere is a refusal: the other address was not configured.
    const answer = await proxiedFetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
      signal,
      redirect: 'manual',
    })
    await answer.body?.cancel()
    return answer.ok ? null : message('trackingStatus', { status: answer.status })
  } catch (error) {
    if (signal.aborted) return message('trackingSilent')
    if (error instanceof UserError) return messageOf(error)
    return throughProxy(url.href, error instanceof TypeError ? reasonOfFetch(error) : reasonOf(error))
  }
}
