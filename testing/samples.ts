/** Samples for a store: an attempt and a pair, as a run stores them. */
import type { Episode } from '../main/store/episode.ts'
import type { NewPair } from '../main/store/pairs.ts'
import { ENDINGS } from './endings.ts'

/** An attempt of one step that succeeded. */
export function sampleEpisode(task: string, seed: number, attempt = 0): Episode {
  return {
    task,
    seed,
    attempt,
    instruction: 'Click "ok".',
    ...ENDINGS.success,
    duration: 12.5,
    steps: [
      {
        page: ' ok button 1',
        prompt: 'Page:\n ok button 1\nTask: Click "ok".',
        completion: 'Thought: ok\nAction: click ok button 1',
        tokens: [3, 70_000, 5],
        logprob: -0.25,
        thought: 'ok',
        action: 'click ok button 1',
      },
    ],
  }
}

export function samplePair(seed: number): NewPair {
  return {
    task: 'click-tab',
    seed,
    step: 0,
    chosenAttempt: 0,
    rejectedAttempt: 1,
    margin: seed,
    prompt: `prompt ${seed}`,
    chosen: 'answer 0',
    rejected: 'answer 1',
  }
}
