/** Episodes of the usual size, without playing: three steps with a page and a prompt of a thousand characters each. */
import type { Episode } from '../main/store/episode.ts'
import type { Problem } from '../main/workers/protocol.ts'

const PAGE = 'Save button 12\n'.repeat(70)

export function sampleEpisodes({ task, seed, attempts }: Problem): Episode[] {
  return attempts.map((attempt) => {
    const completion = `Thought: press it\nAction: click Save button ${seed}`
    const tokens = Array.from({ length: 24 }, (_, at) => at + attempt)
    const step = { page: PAGE, prompt: `Page:\n${PAGE}`, completion, tokens, logprob: -1.5, thought: 'press it' }
    const steps = Array.from({ length: 3 }, (_, at) => ({ ...step, action: `click Save button ${at}` }))
    return { task, seed, attempt, instruction: 'Save it.', steps, duration: 100, outcome: 'success', reward: 1 }
  })
}
