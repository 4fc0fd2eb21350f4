/** Prints an episode as it is played: for people, or as JSON for scripts. */
import type { Spectator } from '../main/agent/spectator.ts'
import type { Action } from '../main/environment/action.ts'
import { type Observation, renderPage } from '../main/environment/observation.ts'
import { english } from '../main/messages/say.ts'
import { visible } from '../main/messages/visible.ts'
import { type Ending, endingMessage } from '../main/store/episode.ts'
import { duration, type Screen } from './terminal.ts'

/** What happens in an episode. A problem that the browser or its page broke may begin again. */
export type EpisodeEvent =
  | {
      readonly event: 'problem'
      readonly task: string
      readonly seed: number
      /** base, sft, dpo, or an adapter's folder. */
      readonly policy: string
      readonly instruction: string
    }
  | {
      readonly event: 'step'
      /** Counted from 1. */
      readonly step: number
      /** The page before the action. */
      readonly observation: Observation
      /** The earlier actions, as the agent wrote them. */
      readonly done: readonly string[]
      readonly thought: string
      /** null where the answer is no possible action. */
      readonly action: Action | null
      /** The action as the agent writes it; '' where there is none. */
      readonly text: string
      /** The raw answer. */
      readonly completion: string
    }
  | {
      readonly event: 'end'
      readonly outcome: Ending['outcome']
      /** The page's raw reward. */
      readonly reward: number
      /** Why it ended. */
      readonly reason: string
      readonly steps: number
      readonly seconds: number
    }

/** A spectator that tells of one episode in events. */
export function episodeEvents(policy: string, emit: (event: EpisodeEvent) => void): Spectator {
  const done: string[] = []
  let since = 0
  return {
    listens: false,
    began({ task, seed }, { instruction }) {
      done.length = 0
      since = performance.now()
      emit({ event: 'problem', task: task.name, seed, policy, instruction })
    },
    generated() {},
    drawn() {},
    decided(_, { observation, thought, action, written, text }) {
      const step = done.length + 1
      emit({ event: 'step', step, observation, done: [...done], thought, action, text: written, completion: text })
      done.push(written)
      return undefined
    },
    ended(_, ending) {
      const seconds = since === 0 ? 0 : (performance.now() - since) / 1000
      const { outcome, reward } = ending
      emit({ event: 'end', outcome, reward, reason: english(endingMessage(ending)), steps: done.length, seconds })
      return undefined
    },
  }
}

/** Prints events for scripts, one JSON object per line. */
export function jsonEpisode(screen: Screen): (event: EpisodeEvent) => void {
  return (event) => screen.write(`${JSON.stringify(event)}\n`)
}

/** Prints events for people. */
export function textEpisode(screen: Screen): (event: EpisodeEvent) => void {
  const write = (text: string, indent = '') => screen.write(`${visible(text).replace(/^/gm, indent)}\n`)
  return (event) => {
    switch (event.event) {
      case 'problem':
        write(`${event.task}, seed ${event.seed}, played by ${event.policy}`)
        return write(`Task: ${event.instruction}`)
      case 'step':
        write(`\nStep ${event.step}`)
        write(renderPage(event.observation), '  ')
        return tellAnswer(event, write)
      case 'end': {
        const length = `${event.steps} ${event.steps === 1 ? 'step' : 'steps'}, ${duration(event.seconds)}`
        const what = { success: 'Solved', failure: 'Not solved', fault: 'Broken' }[event.outcome]
        return write(`\n${what}: ${event.reason} (${length})`)
      }
    }
  }
}

/** Writes thought and action, or the raw answer where it is no action. */
export function tellAnswer(
  { thought, text, completion }: { readonly thought: string; readonly text: string; readonly completion: string },
  write: (line: string) => void,
): void {
  if (text === '') write(`Answer: ${JSON.stringify(completion)}`)
  else {
    write(`Thought: ${thought}`)
    write(`Action: ${text}`)
  }
}
