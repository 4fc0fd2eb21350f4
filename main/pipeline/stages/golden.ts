/** Records golden samples: the scripted experts solve each task a few times. */
import { z } from 'zod'
import { formatAction, formatCompletion } from '../../agent/grammar.ts'
import { promptMessages } from '../../agent/prompt.ts'
import type { Attempt } from '../../agent/spectator.ts'
import { EnvironmentFault } from '../../chromium/fault.ts'
import { GOLDEN_SEEDS } from '../../config/config.ts'
import type { Action } from '../../environment/action.ts'
import { decide, type Expert, Stuck } from '../../environment/experts/expert.ts'
import { EXPERTS } from '../../environment/experts/index.ts'
import { triesFor, untilUnbroken } from '../../environment/fault.ts'
import type { Task } from '../../environment/tasks.ts'
import { projectPath, shownPath } from '../../files/paths.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { english } from '../../messages/say.ts'
import { BY_HAND, type GoldenSample } from '../../preferences/golden.ts'
import { addGoldenData, whyFixed } from '../../preferences/golden-file.ts'
import { type Ending, endingMessage } from '../../store/episode.ts'
import type { Stage, StageContext } from '../stage.ts'
import { goldenSet, setGoldenSet } from './golden-set.ts'

/** Number of seeds in a row at which an expert may fail before its task is skipped. */
const PATIENCE = 20

const result = z.object({ samples: z.int(), recorded: z.int(), without: z.array(z.string()) })

/**
 * Records the samples that paths.sft_data lacks, and adds them to it. What is there stays, from experts or from people.
 * Where the file takes no samples, they belong to this run alone.
 */
export const golden: Stage<z.output<typeof result>> = {
  name: 'golden',
  title: message('titleGolden'),
  result,
  async run(context) {
    const { config, resources, signal } = context
    const path = projectPath(config.paths.sft_data)
    const tasks = resources.tasksNamed(config.tasks)
    const samples = await goldenSet(context)
    const before = samples.length
    const without: string[] = []
    for (const [at, task] of tasks.entries()) {
      signal.throwIfAborted()
      context.progress(at, tasks.length, message('unitTasks'))
      const expert = EXPERTS[task.name]
      if (expert !== undefined) {
        const shown = await recordMissing(context, task, expert, samples)
        samples.push(...shown.map((sample) => ({ ...sample, line: null })))
      } else if (!samples.some((sample) => sample.task === task.name)) without.push(task.name)
    }
    resources.audience?.rest()
    const known = new Set(config.tasks)
    if (!samples.some((sample) => sample.task === null || known.has(sample.task))) {
      throw new UserError('noSampleNoExpert', { path: shownPath(path), tasks: without })
    }
    const recorded = samples.slice(before)
    let added = 0
    if (recorded.length > 0) {
      const fixed = whyFixed(path)
      if (fixed === null) added = addGoldenData(path, recorded)
      else context.say('goldenKept', { why: fixed, count: recorded.length })
    }
    setGoldenSet(context, samples)
    if (without.length > 0) context.say('noExpert', { tasks: without })
    context.say('goldenDone', {
      sampleCount: message('countSamples', { count: before + added }),
      path: shownPath(path),
      recorded: added,
    })
    return { samples: samples.length, recorded: recorded.length, without }
  },
  line: ({ samples, recorded }) =>
    message('lineGolden', { golden: message('countGolden', { count: samples }), recorded }),
}

/** Samples for the problems that a task still needs. */
async function recordMissing(
  context: StageContext,
  task: Task,
  expert: Expert,
  known: readonly GoldenSample[],
): Promise<GoldenSample[]> {
  const { samples_per_task, held_out_per_task, seed_start } = context.config.golden
  const shown = known.filter((sample) => sample.task === task.name && sample.source !== BY_HAND)
  const seeds = new Set(shown.map(({ seed }) => seed))
  const wanted = samples_per_task + held_out_per_task
  const recorded: GoldenSample[] = []
  let failures = 0
  for (let seed = seed_start; seeds.size < wanted && seed < seed_start + GOLDEN_SEEDS; seed++) {
    context.signal.throwIfAborted()
    if (seeds.has(seed)) continue
    const samples = await showUnbroken(context, task, seed, expert)
    if (typeof samples !== 'string') {
      recorded.push(...samples)
      seeds.add(seed)
      failures = 0
    } else if (++failures === PATIENCE) {
      throw new Error(
        `The expert of ${task.name} failed at ${PATIENCE} seeds in a row, the last time because: ${samples}`,
      )
    }
  }
  return recorded
}

/**
 * The same as `show`, played again where the browser or the page breaks it. Another seed instead would give other
 * samples.
 * @throws UserError where it breaks in every try.
 */
async function showUnbroken(
  context: StageContext,
  task: Task,
  seed: number,
  expert: Expert,
): Promise<GoldenSample[] | string> {
  const { resources, signal } = context
  const play = () =>
    resources.environment().use(task, (session) => show({ task, seed, attempt: 0, session }, expert, context))
  try {
    return await untilUnbroken(signal, play)
  } catch (error) {
    if (!(error instanceof EnvironmentFault)) throw error
    throw new UserError('goldenBroken', { task: task.name, seed, times: triesFor(error.fault), why: error.fault })
  }
}

/**
 * The samples of one episode that the expert solved, or why it did not solve it.
 * @throws EnvironmentFault where another try may go well.
 */
async function show(attempt: Attempt, expert: Expert, context: StageContext): Promise<GoldenSample[] | string> {
  const { task, seed, session } = attempt
  const { resources, signal, round } = context
  const spectator = resources.audience?.spectator({ stage: golden.name, round, arm: 'expert' })
  const end = (ending: Ending) => spectator?.ended(attempt, ending, signal)
  const samples: GoldenSample[] = []
  const actions: Action[] = []
  const done: string[] = []
  try {
    let observation = await session.reset(task, seed)
    spectator?.began(attempt, observation)
    for (let step = 0; step < task.horizon; step++) {
      const decision = decide(expert, observation, actions)
      const text = formatCompletion(decision, observation)
      samples.push({
        prompt: promptMessages('compact', observation, done),
        completion: text,
        task: task.name,
        seed,
        step,
        source: 'expert',
      })
      const written = formatAction(decision.action, observation)
      actions.push(decision.action)
      done.push(written)
      await spectator?.decided(attempt, { observation, text, written, ...decision, tokens: () => [] }, signal)
      const result = await session.step(decision.action)
      if (result.done) {
        await end(result.ending)
        return result.ending.outcome === 'success' ? samples : english(endingMessage(result.ending))
      }
      observation = result.observation
    }
    await end({ outcome: 'failure', reason: 'steps', reward: 0 })
    return `it took more than ${task.horizon} steps`
  } catch (error) {
    if (error instanceof Stuck) await end({ outcome: 'failure', reason: 'stuck', reward: 0 })
    else if (error instanceof EnvironmentFault) await end({ outcome: 'fault', fault: error.fault, reward: 0 })
    else throw error
    if (error instanceof EnvironmentFault && triesFor(error.fault) > 1) throw error
    return error.message
  }
}
