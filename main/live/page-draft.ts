/** A task page that somebody is writing: how a problem of it looks, and whether it makes a good task. */
import { parseCompletion } from '../agent/grammar.ts'
import { EnvironmentFault } from '../chromium/fault.ts'
import { uniformStream } from '../engine/random.ts'
import type { Action } from '../environment/action.ts'
import { decide, Stuck } from '../environment/experts/expert.ts'
import { EXPERTS } from '../environment/experts/index.ts'
import { acceptsOf, type Observation, renderPage } from '../environment/observation.ts'
import type { Session } from '../environment/session.ts'
import type { Task } from '../environment/tasks.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import type { GoldenSample } from '../preferences/golden.ts'
import type { Workshop } from './workshop.ts'

/** A problem of the page, as it looks before the first action. */
export interface Preview {
  /** A JPEG, in base64. */
  readonly picture: string
  readonly instruction: string
  /** What the agent reads of the page. */
  readonly page: string
}

/** A finding about the page. */
export interface PageCheck {
  readonly name: 'repeats' | 'solvable' | 'accident'
  /** null where it is not known yet. */
  readonly ok: boolean | null
  readonly found: Message
}

/** Seeds that are compared, seeds that an expert plays, and problems that random clicks are tried on. */
const SEEDS = [0, 1, 2, 3, 4] as const
const SHOWN = 10
const RANDOM = 20
/** A page of which random clicks solve this share teaches little. */
const BY_ACCIDENT = 0.5
/** Letters of a problem that a finding quotes. */
const QUOTED = 160
/** Milliseconds that all checks of a page may take. Those of most pages take seconds. */
const CHECK_LIMIT = 180_000

/** Throws UserError where the page cannot be played. */
export function previewPage(workshop: Workshop, task: Task, seed: number): Promise<Preview> {
  return onPage(workshop, task, async (session) => {
    const observation = await session.reset(task, seed)
    const { picture } = await session.shot(null)
    return {
      picture: Buffer.from(picture).toString('base64'),
      instruction: observation.instruction,
      page: renderPage(observation),
    }
  })
}

export interface CheckOptions {
  /** Ends the checks, which then throw its reason. */
  readonly signal?: AbortSignal | undefined
  /** In milliseconds. */
  readonly limit?: number
}

/**
 * Whether a seed is a problem, whether the task's expert or its golden samples solve it, and whether random clicks do. Throws UserError
 * where the page cannot be played, or is so slow that the checks take longer than the limit.
 */
export async function checkPage(
  workshop: Workshop,
  task: Task,
  golden: readonly GoldenSample[],
  { signal, limit = CHECK_LIMIT }: CheckOptions = {},
): Promise<readonly PageCheck[]> {
  return onPage(workshop, task, async (page) => {
    const late = AbortSignal.timeout(limit)
    const over = signal === undefined ? late : AbortSignal.any([signal, late])
    const session = playingUntil(over, page)
    try {
      const first = await problemsOf(session, task, SEEDS)
      // On a fresh page, and each after another problem than before.
      await page.close()
      const again = await problemsOf(session, task, SEEDS.toReversed())
      return [repeats(first, again.reverse()), await solvable(session, task, golden), await byAccident(session, task)]
    } catch (error) {
      signal?.throwIfAborted()
      throw over.aborted ? new UserError('pageCheckTooLong', { seconds: limit / 1000 }) : error
    }
  })
}

type Playing = Pick<Session, 'reset' | 'step'>

/** The session, until the signal is aborted: then it closes its page, and every call throws. */
function playingUntil(over: AbortSignal, session: Session): Playing {
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    over.throwIfAborted()
    const close = () => void session.close()
    over.addEventListener('abort', close)
    return work().finally(() => over.removeEventListener('abort', close))
  }
  return {
    reset: (task, seed) => call(() => session.reset(task, seed)),
    step: (action) => call(() => session.step(action)),
  }
}

async function onPage<T>(workshop: Workshop, task: Task, work: (session: Session) => Promise<T>): Promise<T> {
  return workshop.use(async (resources) => {
    try {
      return await resources.environment().use(task, work)
    } catch (error) {
      if (error instanceof EnvironmentFault) throw new UserError('draftFailed', { why: error.fault })
      throw error
    }
  })
}

async function problemsOf(session: Playing, task: Task, seeds: readonly number[]): Promise<string[]> {
  const problems: string[] = []
  for (const seed of seeds) problems.push(problemOf(await session.reset(task, seed)))
  return problems
}

function problemOf(observation: Observation): string {
  return `${observation.instruction}\n${renderPage(observation)}`
}

function repeats(first: readonly string[], again: readonly string[]): PageCheck {
  const seed = first.findIndex((problem, at) => problem !== again[at])
  const range = { first: SEEDS[0], last: SEEDS.at(-1)! }
  if (seed >= 0) {
    const [one, other] = [first[seed]!, again[seed]!].map((text) => text.slice(0, QUOTED))
    return { name: 'repeats', ok: false, found: message('pageRepeatsNot', { seed, one: one!, other: other! }) }
  }
  const isSame = new Set(first).size === 1
  return { name: 'repeats', ok: true, found: message(isSame ? 'pageAlwaysSame' : 'pageRepeats', range) }
}

async function solvable(session: Playing, task: Task, golden: readonly GoldenSample[]): Promise<PageCheck> {
  const expert = EXPERTS[task.name]
  if (expert !== undefined) {
    const solved = await count(SHOWN, (seed) =>
      solves(session, task, seed, (observation, done) => {
        try {
          return decide(expert, observation, done).action
        } catch (error) {
          if (error instanceof Stuck) return null
          throw error
        }
      }),
    )
    const found = message('pageSolvedByExpert', { solved, played: SHOWN })
    return { name: 'solvable', ok: solved === SHOWN, found }
  }
  const recordings = [...Map.groupBy(golden, ({ seed, source }) => `${seed} ${source}`).values()]
  if (recordings.length === 0) return { name: 'solvable', ok: null, found: message('pageNotYetSolved') }
  const solved = await count(recordings.length, (at) => {
    const samples = recordings[at]!
    return solves(session, task, samples[0]!.seed ?? 0, (observation, done) => {
      const parsed = parseCompletion(samples[done.length]?.completion ?? '', observation)
      return 'decision' in parsed ? parsed.decision.action : null
    })
  })
  const found = message('pageSolvedByHand', { solved, played: recordings.length })
  return { name: 'solvable', ok: solved === recordings.length, found }
}

async function byAccident(session: Playing, task: Task): Promise<PageCheck> {
  const solved = await count(RANDOM, (seed) => {
    const random = uniformStream(seed)
    return solves(session, task, seed, ({ elements }) => {
      const targets = elements.filter((element) => acceptsOf(element).click)
      const element = targets[Math.floor(random() * targets.length)]
      return element === undefined ? null : { kind: 'click', ref: element.ref }
    })
  })
  const values = { solved, played: RANDOM }
  return solved / RANDOM >= BY_ACCIDENT
    ? { name: 'accident', ok: false, found: message('pageByAccident', values) }
    : { name: 'accident', ok: true, found: message('pageNotByAccident', values) }
}

/** How many of the first numbers from 0 hold. */
async function count(most: number, holds: (at: number) => Promise<boolean>): Promise<number> {
  let found = 0
  for (let at = 0; at < most; at++) if (await holds(at)) found++
  return found
}

type Player = (observation: Observation, done: readonly Action[]) => Action | null

/** Whether these actions solve a problem. null gives up. */
async function solves(session: Playing, task: Task, seed: number, player: Player): Promise<boolean> {
  let observation = await session.reset(task, seed)
  const done: Action[] = []
  while (done.length < task.horizon) {
    const action = player(observation, done)
    if (action === null) return false
    const result = await session.step(action)
    if (result.done) return result.ending.outcome === 'success'
    done.push(action)
    observation = result.observation
  }
  return false
}
