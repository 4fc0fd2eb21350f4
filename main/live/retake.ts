/** Takes pictures of an episode that was played without any, by repeating its actions on the same problem. */
import { parseCompletion } from '../agent/grammar.ts'
import { renderPage } from '../environment/observation.ts'
import type { Session } from '../environment/session.ts'
import type { Task } from '../environment/tasks.ts'
import type { Shot, Step } from '../store/episode.ts'

/** The parts of an episode that are needed to replay it. */
export interface Replayable {
  readonly seed: number
  readonly steps: readonly Pick<Step, 'page' | 'completion'>[]
}

/**
 * Pictures of the pages before each step, up to the first step whose page differs from the one that the agent read: a
 * few pages are random beyond their seed. Throws EnvironmentFault where the page fails.
 */
export async function retake(session: Session, task: Task, { seed, steps }: Replayable): Promise<Shot[]> {
  const shots: Shot[] = []
  let observation = await session.reset(task, seed)
  for (const { page, completion } of steps) {
    if (renderPage(observation) !== page) break
    const parsed = parseCompletion(completion, observation)
    const action = 'decision' in parsed ? parsed.decision.action : null
    shots.push(await session.shot(action))
    if (action === null) break
    const result = await session.step(action)
    if (result.done) break
    observation = result.observation
  }
  return shots
}
