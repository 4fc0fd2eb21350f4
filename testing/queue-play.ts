/** For tests of the queue: problems of a made-up task, which need neither model nor browser, and a lab that hands them out. */
import { setTimeout as pause } from 'node:timers/promises'
import { message } from '../main/messages/message.ts'
import { english } from '../main/messages/say.ts'
import type { Episode } from '../main/store/episode.ts'
import type { Machine } from '../main/store/episodes.ts'
import type { Patience } from '../main/workers/consumer.ts'
import { type DistributeOptions, distribute, playId } from '../main/workers/distribute.ts'
import type { Play, Problem, Requirements } from '../main/workers/protocol.ts'
import type { Server } from '../main/workers/server.ts'
import type { WorkerOptions } from '../main/workers/worker.ts'

/** So that tests need not wait half a minute for a consumer that is gone. */
export const QUICK: Patience = { lock: 1_500, look: 500 }

const HASH = '0'.repeat(64)
export const REQUIREMENTS: Requirements = {
  version: '1',
  code: HASH,
  prompt: 'compact 1',
  base: { name: 'base', fingerprint: 'f' },
}
/** Tokens of the made-up model. */
export const VOCABULARY = 100

export const HERE: Machine = { name: 'here', engine: message('threads', { count: 1 }), kind: 'native' }

export function playOf(more: Partial<Play> = {}): Omit<Play, 'share'> {
  return {
    id: playId('test', JSON.stringify(more)),
    ...{ lab: 'here', run: 1, stage: 'collect', round: 1, arm: '' },
    requirements: REQUIREMENTS,
    policy: null,
    kind: null,
    sampling: { temperature: 1, top_p: 1, max_new_tokens: 9, seed: 1, constrained: false },
    environment: {
      episodeTimeLimit: 1000,
      trusted: true,
      budget: { elements: 10, characters: 100 },
      pictures: false,
    },
    pages: { press: HASH },
    ...more,
  }
}

/** Two attempts at each seed. */
export function problemsTo(count: number): Problem[] {
  return Array.from({ length: count }, (_, seed) => ({ task: 'press', seed, attempts: [0, 1] }))
}

export function episodesOf({ seed, attempts }: Problem): Episode[] {
  const step = { page: 'p', prompt: 'q', completion: 'c', tokens: [1, 2], logprob: -1, thought: 't', action: 'a' }
  return attempts.map((attempt) => ({
    ...{ task: 'press', seed, attempt, instruction: `press ${seed}`, steps: [step], duration: 1 },
    ...{ outcome: 'success', reward: 1 },
  }))
}

/** A worker named `there` that plays at once. */
export const THERE: Omit<WorkerOptions, 'server' | 'signal' | 'hear'> = {
  machine: { ...HERE, name: 'there' },
  requirements: REQUIREMENTS,
  pagesOf: () => new Map([['press', HASH]]),
  pages: 1,
  slots: 4,
  open: async () => ({ play: async (problem) => episodesOf(problem), close: async () => {} }),
  patience: QUICK,
}

/** What a lab got: each episode by seed and attempt, with the machine; and how often it got any. */
export interface Handed {
  readonly by: ReadonlyMap<string, string>
  readonly episodes: ReadonlyMap<string, Episode>
  readonly times: number
  readonly said: readonly string[]
}

/** Hands problems out. This machine is slow, so that workers have to play. */
export async function hand(server: Server, count: number, options: Partial<DistributeOptions> = {}): Promise<Handed> {
  const by = new Map<string, string>()
  const episodes = new Map<string, Episode>()
  const said: string[] = []
  let times = 0
  await distribute({
    server,
    play: playOf(),
    adapter: null,
    problems: problemsTo(count),
    machine: HERE,
    pages: 1,
    slots: 1,
    vocabulary: VOCABULARY,
    async playHere(problem, signal, onEpisode) {
      await pause(400, undefined, { signal })
      for (const episode of episodesOf(problem)) onEpisode(episode)
    },
    signal: new AbortController().signal,
    patience: QUICK,
    ...options,
    onEpisode(episode, machine) {
      times++
      by.set(`${episode.seed} ${episode.attempt}`, machine.name)
      episodes.set(`${episode.seed} ${episode.attempt}`, episode)
      options.onEpisode?.(episode, machine)
    },
    say(id, ...given) {
      said.push(english(message(id, ...given)))
      options.say?.(id, ...given)
    },
  })
  return { by, episodes, times, said }
}
