import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { EnvironmentFault } from '../chromium/fault.ts'
import type { AdapterName, Constraint, GenerateOptions, Sampling } from '../engine/engine.ts'
import type { Action } from '../environment/action.ts'
import { TRIES } from '../environment/fault.ts'
import { type Observation, renderPage } from '../environment/observation.ts'
import type { Session, StepResult } from '../environment/session.ts'
import type { Task } from '../environment/tasks.ts'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import { type Ending, type Episode, endingMessage } from '../store/episode.ts'
import { answerTokens, type Job, type Playground, type Policy, type RolloutOptions, rollout } from './rollout.ts'
import type { Answer, AnswerToken, Attempt, Spectator } from './spectator.ts'
import { Openings } from './transitions.ts'

const TASK: Task = {
  name: 'click-number',
  title: 'Click number',
  group: 'one-step',
  category: 'click',
  horizon: 3,
  source: 'builtin',
  url: 'file:///click-number.html',
  root: 'file:///',
  libraries: [],
}

/** The page asks for button `seed % 3`, twice in a row. Seed 13 breaks at the second click, seed 14 at the start. */
function page(seed: number, clicks: number): Observation {
  const elements = ['zero', 'one', 'two'].map((name, i) => ({ ref: i + 1, role: 'button', name, states: [] }))
  return { instruction: `click ${seed % 3} (${clicks} so far)`, elements, dropped: 0 }
}

class ScriptedSession {
  resets = 0
  steps = 0
  /** Clicks after which the page crashes, once each. */
  readonly crashes: number[] = []
  #clicked = 0
  #seed = 0
  #clicks = 0

  async reset(_task: Task, seed: number): Promise<Observation> {
    await pause(1)
    this.resets++
    this.#seed = seed
    this.#clicks = 0
    if (seed === 14) throw new EnvironmentFault('verbatim', { text: 'the page did not load' })
    return page(seed, 0)
  }

  async step(action: Action): Promise<StepResult> {
    await pause(1)
    this.steps++
    if (this.#seed === 13 && this.#clicks === 1) throw new EnvironmentFault('pageCrashed')
    if (this.crashes.includes(++this.#clicked)) throw new EnvironmentFault('pageCrashed')
    if (action.kind !== 'click') return this.#end({ outcome: 'failure', reason: 'noFocus', reward: 0 })
    if (action.ref !== (this.#seed % 3) + 1) return this.#end({ outcome: 'failure', reason: 'wrong', reward: -1 })
    if (++this.#clicks === 2) return this.#end({ outcome: 'success', reward: 1 })
    return { observation: page(this.#seed, 1), done: false, ending: null }
  }

  #end(ending: Ending): StepResult {
    return { observation: page(this.#seed, this.#clicks), done: true, ending }
  }
}

function playground(pages: number): Playground & { readonly sessions: ScriptedSession[] } {
  const sessions: ScriptedSession[] = []
  const idle: ScriptedSession[] = []
  const waiting: ((session: ScriptedSession) => void)[] = []
  for (let i = 0; i < pages; i++) idle.push(new ScriptedSession())
  sessions.push(...idle)
  return {
    pages,
    sessions,
    async use(_task, play) {
      const session = idle.pop() ?? (await new Promise<ScriptedSession>((take) => waiting.push(take)))
      try {
        return await play(session as unknown as Session)
      } finally {
        const next = waiting.shift()
        if (next === undefined) idle.push(session)
        else next(session)
      }
    },
  }
}

/** Stands for the constraint of a page; the scripted policies do not look at it. */
const CONSTRAINT: Constraint = {
  vocabulary: { bytes: new Uint8Array(), offsets: new Int32Array(1) },
  bytes: new Uint8Array(1),
  children: Int32Array.of(-1),
  siblings: Int32Array.of(-1),
  texts: Int32Array.of(-1),
  ends: Uint8Array.of(1),
  reserve: 0,
}

/** Each character is a token. `answer` decides from the prompt's text and the completion's own seed. */
function policy(answer: (prompt: string, seed: number) => string, batches: string[][] = []): Policy {
  const toTokens = (text: string) => Int32Array.from(text, (letter) => letter.codePointAt(0)!)
  const toText = (tokens: Int32Array) => String.fromCodePoint(...tokens)
  return {
    promptTokens: (observation, done) =>
      toTokens([renderPage(observation), observation.instruction, ...done].join('\n')),
    completionText: toText,
    constraint: () => CONSTRAINT,
    async generate(
      prompts: readonly Int32Array[],
      { seeds }: Omit<Sampling, 'stop_token_ids'>,
      _adapter: AdapterName,
      { onToken }: GenerateOptions = {},
    ) {
      await pause(3)
      batches.push(prompts.map(toText))
      return prompts.map((prompt, i) => {
        const tokens = toTokens(answer(toText(prompt), seeds[i]!))
        for (const token of tokens) onToken?.({ prompt: i, token, logprob: -0.5 })
        return { tokens, logprobs: new Float32Array(tokens.length).fill(-0.5), stopped: tokens.length < 80 }
      })
    },
  }
}

const click = (name: string, ref: number) => `Thought: so\nAction: click ${name} button ${ref}`
const NAMES = ['zero', 'one', 'two']
const right = (prompt: string) => {
  const wanted = Number(/click (\d)/.exec(prompt)![1])
  return click(NAMES[wanted]!, wanted + 1)
}
const guess = (_: string, seed: number) => click(NAMES[seed % 3]!, (seed % 3) + 1)

const OPTIONS: RolloutOptions = {
  adapter: null,
  sampling: { temperature: 1, top_p: 1, max_new_tokens: 80, seed: 1, constrained: false },
}
const jobs = (seeds: readonly number[], attempts = 1): Job[] =>
  seeds.flatMap((seed) => Array.from({ length: attempts }, (_, attempt) => ({ task: TASK, seed, attempt })))

const timeless = (episodes: Episode[]) => episodes.map(({ duration, ...episode }) => episode)
/** Resets and steps of all pages. */
const work = ({ sessions }: ReturnType<typeof playground>) => [
  sessions.reduce((sum, { resets }) => sum + resets, 0),
  sessions.reduce((sum, { steps }) => sum + steps, 0),
]

test('a page that is too long for the model ends everything, with its problem and step', async () => {
  const short = policy(right)
  const refusing: Policy = {
    ...short,
    async generate(prompts, ...rest) {
      if (prompts.some((prompt) => prompt.length > 75)) {
        throw new UserError('promptTooLong', { tokens: prompts[0]!.length, max_new_tokens: 80, limit: 170 })
      }
      return short.generate(prompts, ...rest)
    },
  }
  // Only the second page, which also names the action before it, is that long.
  const error = await rollout(refusing, playground(1), jobs([4]), OPTIONS).then(null, (thrown) => thrown)
  expect(error).toBeInstanceOf(UserError)
  expect(error.message).toMatch(
    /^click-number, seed 4, step 2: the page is too long for the model\. The prompt has \d+ tokens .* at most 170 .*environment\.max_chars/,
  )
})

test('an episode records what was read, written and done', async () => {
  const [episode] = await rollout(policy(right), playground(1), jobs([4]), OPTIONS)
  expect(episode).toMatchObject({
    task: 'click-number',
    seed: 4,
    attempt: 0,
    instruction: 'click 1 (0 so far)',
    outcome: 'success',
    reward: 1,
  })
  const [first, second] = episode!.steps
  expect(episode!.steps).toHaveLength(2)
  expect(first).toMatchObject({
    page: ' zero button 1\n one button 2\n two button 3',
    prompt: 'Page:\n zero button 1\n one button 2\n two button 3\nTask: click 1 (0 so far)',
    completion: click('one', 2),
    thought: 'so',
    action: 'click one button 2',
  })
  expect(first!.logprob).toBeCloseTo(-0.5 * first!.tokens.length, 6)
  expect(second!.prompt).toContain('Done: click one button 2')
})

test('answers are held to the page where that is asked for, those ahead too', async () => {
  const pages: string[] = []
  const held: number[] = []
  const base = policy(right)
  const holding: Policy = {
    ...base,
    constraint(observation, limit) {
      pages.push(`${renderPage(observation)} ${observation.instruction} ${limit}`)
      return CONSTRAINT
    },
    generate(prompts, sampling, ...rest) {
      held.push((sampling.constraints ?? []).filter((one) => one === CONSTRAINT).length)
      return base.generate(prompts, sampling, ...rest)
    },
  }
  const sampling = { ...OPTIONS.sampling, constrained: true }
  await rollout(holding, playground(1), jobs([4], 3), { ...OPTIONS, sampling })
  // The three first answers together, then each second one.
  expect(held).toEqual([3, 1, 1, 1])
  expect(new Set(pages).size).toBe(2)
  held.length = 0
  await rollout(holding, playground(1), jobs([4]), OPTIONS)
  expect(held).toEqual([0, 0])
})

test('a branch repeats the answers of an earlier attempt, takes another action than that one, and goes on by itself', async () => {
  const asked: { readonly barred: readonly string[]; readonly prompts: number; readonly temperature: number }[] = []
  /** What the samples say that a branch chooses from: the barred action, and another that is likelier in the later samples. */
  let samples = [click('one', 2), click('zero', 1), click('two', 3)]
  const base = policy(right)
  let barred: readonly string[] = []
  const branching: Policy = {
    ...base,
    constraint(_observation, _limit, given = []) {
      barred = given
      return CONSTRAINT
    },
    async generate(prompts, sampling, ...rest) {
      asked.push({ barred, prompts: prompts.length, temperature: sampling.temperature })
      barred = []
      if (prompts.length === 1 && sampling.temperature > 0) return base.generate(prompts, sampling, ...rest)
      return prompts.map((_, at) => {
        const text = sampling.temperature === 0 ? click('zero', 1) : samples[at % samples.length]!
        const tokens = Int32Array.from(text, (letter) => letter.codePointAt(0)!)
        return {
          tokens,
          logprobs: new Float32Array(tokens.length).fill(-1 / (1 + (at % samples.length))),
          stopped: true,
        }
      })
    },
  }
  const [success] = await rollout(policy(right), playground(1), jobs([4]), OPTIONS)
  const { tokens, completion } = success!.steps[0]!
  const answer = { tokens: Int32Array.from(tokens), logprobs: new Float32Array(tokens.length), stopped: true }
  const branch = (answers: readonly (typeof answer)[], attempt: number): Job[] => [
    { task: TASK, seed: 4, attempt, branch: { answers, barred: ['click one button 2'] } },
  ]
  const openings = new Openings()
  const [later] = await rollout(branching, playground(1), branch([answer], 8), { ...OPTIONS, openings })
  expect(later).toMatchObject({ attempt: 8, outcome: 'failure', reason: 'wrong' })
  expect(later!.steps.map((step) => step.completion)).toEqual([completion, click('two', 3)])
  expect(asked).toEqual([{ barred: [], prompts: 16, temperature: 1 }])
  // Where every sample is barred, the answer is held to the other actions, and is the likeliest.
  asked.length = 0
  samples = [click('one', 2)]
  const [first] = await rollout(branching, playground(1), branch([], 9), { ...OPTIONS, openings })
  expect(first!.steps.map((step) => step.completion)).toEqual([click('zero', 1)])
  expect(asked.map((one) => [one.barred.length, one.prompts, one.temperature])).toEqual([
    [0, 16, 1],
    [1, 1, 0],
  ])
})

test.each([
  ['Action: click one button 2', 'form'],
  ['Thought: so\nAction: dance now', 'verb'],
  ['Thought: so\nAction: click two button 2', 'mismatch'],
  ['Thought: so\nAction: press Enter', 'noFocus'],
  [`Thought: ${'so '.repeat(40)}`, 'length'],
])('%j ends the attempt as the failure of the agent', async (completion, reason) => {
  const [episode] = await rollout(
    policy(() => completion),
    playground(1),
    jobs([4]),
    OPTIONS,
  )
  expect(episode).toMatchObject({ outcome: 'failure', reason })
  expect(episode!.steps).toHaveLength(1)
  expect(episode!.steps[0]!.completion).toBe(completion)
})

test('running out of steps is a failure', async () => {
  const [episode] = await rollout(policy(right), playground(1), jobs([4]), { ...OPTIONS, maxSteps: 1 })
  expect(episode).toMatchObject({ outcome: 'failure', reason: 'steps' })
})

test('a breakdown of the environment is a fault, before or within an episode', async () => {
  const episodes = await rollout(policy(right), playground(2), jobs([13, 14, 4], 2), OPTIONS)
  const shown = episodes.map((episode) => [
    episode.outcome,
    episode.outcome === 'fault' ? episode.fault : null,
    episode.steps.length,
  ])
  const unloaded = message('verbatim', { text: 'the page did not load' })
  expect(shown).toEqual([
    ['fault', message('pageCrashed'), 2],
    ['fault', message('pageCrashed'), 2],
    ['fault', unloaded, 0],
    ['fault', unloaded, 0],
    ['success', null, 2],
    ['success', null, 2],
  ])
})

test('what the environment breaks is played again, and gives what it would have given', async () => {
  const seeds = Array.from({ length: 12 }, (_, i) => i)
  const whole = timeless(await rollout(policy(guess), playground(3), jobs(seeds, 4), OPTIONS))
  const field = playground(3)
  for (const [at, session] of field.sessions.entries()) session.crashes.push(1 + at, 4, 5, 9 - at, 17)
  const seen: Episode[] = []
  const broken = await rollout(policy(guess), field, jobs(seeds, 4), {
    ...OPTIONS,
    onEpisode: (episode) => seen.push(episode),
  })
  expect(timeless(broken)).toEqual(whole)
  expect(seen).toHaveLength(whole.length)
})

test('an episode that breaks in every try is a fault, and one that the page itself prevents is not tried again', async () => {
  const counts = async (fault: EnvironmentFault) => {
    const resets: number[] = []
    const session = {
      async reset(_task: Task, seed: number) {
        resets.push(seed)
        throw fault
      },
    }
    const field: Playground = { pages: 2, use: (_task, play) => play(session as unknown as Session) }
    const [episode] = await rollout(policy(right), field, jobs([3]), { ...OPTIONS, ahead: false })
    expect(episode).toMatchObject({ outcome: 'fault', fault: fault.fault })
    return resets.length
  }
  expect(await counts(new EnvironmentFault('pageCrashed'))).toBe(TRIES.broken)
  expect(await counts(new EnvironmentFault('episodeOverAtOnce'))).toBe(1)
})

test('episodes do not depend on the pages, nor on the other episodes', async () => {
  const seeds = Array.from({ length: 12 }, (_, i) => i)
  const all = timeless(await rollout(policy(guess), playground(4), jobs(seeds, 3), OPTIONS))
  expect(timeless(await rollout(policy(guess), playground(1), jobs(seeds, 3), OPTIONS))).toEqual(all)
  const alone = await rollout(policy(guess), playground(2), jobs([5], 3), OPTIONS)
  expect(timeless(alone)).toEqual(all.filter(({ seed }) => seed === 5))
  expect(new Set(all.map(({ outcome }) => outcome))).toEqual(new Set(['success', 'failure']))
  const other = { ...OPTIONS, sampling: { ...OPTIONS.sampling, seed: 2 } }
  expect(timeless(await rollout(policy(guess), playground(4), jobs(seeds, 3), other))).not.toEqual(all)
})

test('the attempts at one problem start in one batch', async () => {
  const batches: string[][] = []
  await rollout(policy(guess, batches), playground(2), jobs([0, 1, 2], 6), OPTIONS)
  const openings = batches.filter((batch) => batch.length > 1)
  expect(openings.map((batch) => [batch.length, new Set(batch).size])).toEqual([
    [6, 1],
    [6, 1],
    [6, 1],
  ])
})

test('what an attempt has done on a page is not done again, and every episode is what it is alone', async () => {
  const field = playground(3)
  const together = jobs([0, 1, 2, 3], 12)
  const episodes = timeless(await rollout(policy(guess), field, together, OPTIONS))
  const alone = await Promise.all(together.map((job) => rollout(policy(guess), playground(1), [job], OPTIONS)))
  expect(episodes).toEqual(timeless(alone.flat()))
  // A problem has three actions on its first page, and three after the right one.
  const [resets, steps] = work(field)
  expect(resets).toBeLessThanOrEqual(4 * (1 + 6))
  expect(steps).toBeLessThanOrEqual(4 * (6 + 3))
})

test('a policy uses what another has seen, and other problems or tasks do not', async () => {
  const openings = new Openings()
  const first = await rollout(policy(right), playground(2), jobs([0, 1]), { ...OPTIONS, openings })
  const field = playground(2)
  expect(timeless(await rollout(policy(right), field, jobs([0, 1]), { ...OPTIONS, openings }))).toEqual(timeless(first))
  expect(work(field)).toEqual([0, 0])
  await rollout(policy(right), field, jobs([2]), { ...OPTIONS, openings })
  expect(work(field)).toEqual([2, 2])
  const elsewhere = { ...TASK, url: 'file:///other.html' }
  await rollout(policy(right), field, [{ task: elsewhere, seed: 0, attempt: 0 }], { ...OPTIONS, openings })
  expect(work(field)).toEqual([4, 4])
})

test('an attempt goes on by itself where a page is another each time', async () => {
  /** After the first click the page says how often it was reset; the episode ends after the second. */
  class Unsteady extends ScriptedSession {
    override async step(action: Action): Promise<StepResult> {
      const result = await super.step(action)
      if (result.done) return result
      return { ...result, observation: { ...result.observation, instruction: `click 1 (${this.resets} resets)` } }
    }
  }
  const session = new Unsteady()
  const field: Playground = { pages: 1, use: async (_task, play) => play(session as unknown as Session) }
  const episodes = await rollout(policy(right), field, jobs([4], 3), OPTIONS)
  expect(episodes.map(({ outcome }) => outcome)).toEqual(['success', 'success', 'success'])
  for (const { steps } of episodes) {
    expect(steps).toHaveLength(2)
    expect(steps[1]!.prompt).toMatch(/Task: click 1 \(\d resets\)\nDone: click one button 2$/)
  }
})

test('whoever waits for an action does it where the attempt that was to do it breaks', async () => {
  const field = playground(2)
  for (const session of field.sessions) session.crashes.push(1)
  const episodes = await rollout(policy(right), field, jobs([4], 4), OPTIONS)
  expect(episodes.map(({ outcome }) => outcome)).toEqual(['success', 'success', 'success', 'success'])
})

test('watched attempts, and those whose pictures are kept, are all on pages', async () => {
  const field = playground(2)
  const spectator = new Witness()
  await rollout(policy(right), field, jobs([4], 3), { ...OPTIONS, spectator })
  expect(work(field)).toEqual([4, 6])
  spectator.listens = false
  await rollout(policy(right), field, jobs([4], 3), { ...OPTIONS, spectator })
  expect(work(field)).toEqual([6, 8])
})

test('each episode is reported as it ends', async () => {
  const seen: Episode[] = []
  const episodes = await rollout(policy(right), playground(2), jobs([0, 1, 2, 3]), {
    ...OPTIONS,
    onEpisode: (episode) => seen.push(episode),
  })
  expect(seen).toHaveLength(4)
  expect(new Set(seen)).toEqual(new Set(episodes))
})

test('cancelling throws its reason and leaves nothing running', async () => {
  const controller = new AbortController()
  const field = playground(2)
  let ended = 0
  const run = rollout(policy(right), field, jobs(Array.from({ length: 200 }, (_, i) => i % 12)), {
    ...OPTIONS,
    signal: controller.signal,
    onEpisode: () => ++ended === 5 && controller.abort(new Error('stopped by the user')),
  })
  await expect(run).rejects.toThrow('stopped by the user')
  const before = work(field)
  await pause(30)
  expect(work(field)).toEqual(before)
  expect(ended).toBeLessThan(200)
})

test('a failing engine fails the rollout', async () => {
  const broken: Policy = {
    ...policy(right),
    generate: async () => {
      throw new Error('the engine is gone')
    },
  }
  await expect(rollout(broken, playground(2), jobs([0, 1, 2]), OPTIONS)).rejects.toThrow('the engine is gone')
})

/** Records what it is told; decisions wait for `hold`. */
class Witness implements Spectator {
  listens = true
  readonly told: string[] = []
  readonly answers: Answer[] = []
  /** The answer that is being generated, after each of its tokens. */
  readonly drafts: string[] = []
  /** How many tokens the model has generated. */
  tokens = 0
  readonly #hold: (signal: AbortSignal) => Promise<void> | undefined

  constructor(hold: (signal: AbortSignal) => Promise<void> | undefined = () => undefined) {
    this.#hold = hold
  }

  began(attempt: Attempt, observation: Observation) {
    this.told.push(`${attempt.seed} begins: ${observation.instruction}`)
  }

  generated(tokens: number) {
    this.tokens += tokens
  }

  drawn(_attempt: Attempt, soFar: () => AnswerToken[]) {
    this.drafts.push(
      soFar()
        .map(({ text }) => text)
        .join(''),
    )
  }

  decided(attempt: Attempt, answer: Answer, signal: AbortSignal) {
    this.told.push(`${attempt.seed}: ${answer.written || answer.text}`)
    this.answers.push(answer)
    return this.#hold(signal)
  }

  ended(attempt: Attempt, ending: Ending) {
    this.told.push(`${attempt.seed} ends: ${ending.outcome}, ${english(endingMessage(ending))}`)
    return undefined
  }
}

test('a spectator is told of attempts, answers and ends, and changes none of them', async () => {
  const witness = new Witness(() => pause(30))
  const alone = await rollout(policy(right), playground(1), jobs([4, 14]), OPTIONS)
  const watched = await rollout(policy(right), playground(1), jobs([4, 14]), { ...OPTIONS, spectator: witness })
  expect(timeless(watched)).toEqual(timeless(alone))
  expect(witness.told.filter((line) => line.startsWith('4'))).toEqual([
    '4 begins: click 1 (0 so far)',
    '4: click one button 2',
    '4: click one button 2',
    '4 ends: success, the page gave the full reward',
  ])
  expect(witness.told).toContain('14 ends: fault, the page did not load')
  expect(witness.tokens).toBe(2 * witness.answers[0]!.tokens().length)
  const { tokens, text } = witness.answers[0]!
  expect(
    tokens()
      .map((token) => token.text)
      .join(''),
  ).toBe(text)
})

test('tokens are reported as they come if the spectator listens; the first answer’s too, unless it was generated ahead', async () => {
  const answer = click('one', 2)
  const drafts = Array.from(answer, (_, i) => answer.slice(0, i + 1))
  for (const [listens, ahead, told] of [
    [true, true, drafts],
    [true, false, [...drafts, ...drafts]],
    [false, false, []],
  ] as const) {
    const spectator = new Witness()
    spectator.listens = listens
    await rollout(policy(right), playground(1), jobs([4]), { ...OPTIONS, spectator, ahead })
    expect(spectator.drafts).toEqual(told)
  }
})

test('the time that a spectator delays an attempt does not count as the attempt’s', async () => {
  const spectator = new Witness(() => pause(300))
  const [episode] = await rollout(policy(right), playground(1), jobs([4]), { ...OPTIONS, spectator })
  expect(episode!.duration).toBeLessThan(300)
})

test('a delayed attempt can be cancelled', async () => {
  const controller = new AbortController()
  const spectator = new Witness((signal) => {
    controller.abort(new Error('stopped'))
    return new Promise((_, reject) => reject(signal.reason))
  })
  const played = rollout(policy(right), playground(1), jobs([4]), { ...OPTIONS, spectator, signal: controller.signal })
  await expect(played).rejects.toThrow('stopped')
})

test('the texts of an answer’s tokens add up to its text; part of a character waits for the rest', () => {
  const bytes = [Buffer.from('a'), Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1), Buffer.alloc(0)]
  const textOf = (tokens: Int32Array) => Buffer.concat([...tokens].map((token) => bytes[token]!)).toString()
  const completion = {
    tokens: Int32Array.of(0, 1, 2, 3),
    logprobs: Float32Array.of(-1, -2, -0.5, 0),
    stopped: true,
  }
  expect(answerTokens(completion, textOf)).toEqual([
    { text: 'a', logprob: -1 },
    { text: '', logprob: -2 },
    { text: 'é', logprob: -0.5 },
    { text: '', logprob: 0 },
  ])
})
