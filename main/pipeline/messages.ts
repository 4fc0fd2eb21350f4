/**
 * What runs say while they work: one catalogue of sentences, with the values that stand in them. A line of the log keeps
 * both, so that a window can say it in its reader's language.
 */
import { z } from 'zod'
import { PARSE_FAILURES, type ParseFailure } from '../agent/grammar.ts'

/** A sentence in English, and what it was made from. */
export interface Said {
  readonly id: MessageId
  readonly values: Readonly<Record<string, string | number | Said>>
  readonly text: string
}

const text = z.string()
const number = z.number()

/** A kind of message: the values that it takes, and its English. */
function message<Shape extends z.core.$ZodShape>(
  shape: Shape,
  english: (values: z.output<z.ZodObject<Shape>>) => string,
) {
  const schema = z.object(shape)
  return {
    /** The names of the values. */
    names: Object.keys(shape),
    say(values: z.input<typeof schema>) {
      const checked = schema.parse(values)
      return { values: checked, text: english(checked) }
    },
  }
}

/** "1 task", "16 tasks". */
function countedTasks(tasks: number): string {
  return `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`
}

const inner = z.custom<Said>((value) => typeof value === 'object' && value !== null && 'text' in value)

export const MESSAGES = {
  configChanged: message(
    {},
    () => 'The configuration has changed since this run began; it goes on with the one it began with.',
  ),
  download: message(
    { percent: number, gigabytes: text, file: text },
    ({ percent, gigabytes, file }) => `Downloading the model: ${percent}% of ${gigabytes} GB (${file})`,
  ),
  memoryShort: message(
    { needed: text, saving: text, free: text },
    ({ needed, saving, free }) =>
      `Memory will be short: training needs about ${needed}, ${saving} more while a checkpoint is saved, and ${free} can be had.`,
  ),
  memoryShortLater: message(
    { needed: text, free: text },
    ({ needed, free }) =>
      `DPO will need about ${needed} for pairs like these samples, and ${free} can be had: stop, and begin anew with a lower training.dpo.batch_size, for what is resumed keeps its settings.`,
  ),
  smallModelRates: message(
    { parameters: text, keys: text },
    ({ parameters, keys }) =>
      `The model has ${parameters} million parameters, and ${keys} suits models of a few million: config.qwen2-7b.yaml has what suits 7B.`,
  ),

  check: message({ name: text, found: inner }, ({ name, found }) => `ok   ${name.padEnd(8)} ${found.text}`),
  foundNode: message({ version: text }, ({ version }) => version),
  foundFree: message({ size: text }, ({ size }) => `${size} free`),
  foundDisk: message({ size: text, needed: text }, ({ size, needed }) => `${size} free, ${needed} needed`),
  foundDiskForDownload: message(
    { size: text, needed: text, download: text },
    ({ size, needed, download }) =>
      `${size} free, ${needed} needed, ${download} of it for the download of the model, which is not here yet`,
  ),
  foundCard: message({ card: text, memory: text }, ({ card, memory }) => `${card} with ${memory}`),
  foundNoCard: message({}, () => 'nvidia-smi names none: tfjs-node-gpu computes on the processor'),
  foundNoUseForCard: message({ engine: text }, ({ engine }) => `none looked for: ${engine} computes on the processor`),
  foundMemory: message({ size: text, needed: text }, ({ size, needed }) => `${size} free, ${needed} needed at most`),
  foundLeastMemory: message(
    { size: text, needed: text },
    ({ size, needed }) => `${size} free, ${needed} needed at least: weights, adapter and optimiser in fp32`,
  ),
  foundShortMemory: message(
    { size: text, least: text, most: text },
    ({ size, least, most }) =>
      `${size} free, ${least} needed at least, and up to ${most} where pages are as long as environment.max_chars allows: ` +
      'lower batch_size of training.sft and training.dpo now, and raise grad_accumulation_steps as much',
  ),
  foundModel: message(
    { name: text, layers: number, hidden: number, vocabulary: number },
    ({ name, layers, hidden, vocabulary }) => `${name}: ${layers} layers of ${hidden}, vocabulary ${vocabulary}`,
  ),
  foundModelAndRates: message({ model: inner, rates: inner }, ({ model, rates }) => `${model.text}. ${rates.text}`),
  foundEngine: message({ engine: text }, ({ engine }) => engine),
  foundSlowEngine: message(
    { engine: text },
    ({ engine }) => `${engine}; the native engine would be many times faster: npm run build:native`,
  ),
  foundTasks: message({ tasks: number }, ({ tasks }) => countedTasks(tasks)),
  foundOwnTasks: message(
    { tasks: number, own: number },
    ({ tasks, own }) => `${countedTasks(tasks)}, ${own} of them the lab's own pages: MiniWoB++ is not installed`,
  ),
  foundPages: message(
    { tasks: number, milliseconds: number },
    ({ tasks, milliseconds }) => `every page of ${countedTasks(tasks)} answers, ${milliseconds} ms`,
  ),

  noExpert: message({ tasks: text }, ({ tasks }) => `No expert and no sample for ${tasks}: SFT does not see them.`),
  goldenDone: message(
    { samples: number, path: text, recorded: number },
    ({ samples, path, recorded }) => `${samples} samples in ${path}, ${recorded} of them new`,
  ),

  sftData: message(
    { samples: number, heldOut: number, engine: text },
    ({ samples, heldOut, engine }) => `${samples} samples, ${heldOut} held out; ${engine}`,
  ),
  sftDone: message(
    { steps: number, step: number, path: text },
    ({ steps, step, path }) => `${steps} steps, kept step ${step}; adapter in ${path}`,
  ),
  sftStopped: message(
    { steps: number, step: number, path: text },
    ({ steps, step, path }) =>
      `${steps} steps, the held-out loss stopped falling after step ${step}; adapter in ${path}`,
  ),

  collected: message(
    { attempts: number, solved: text, broken: number },
    ({ attempts, solved, broken }) => `${attempts} attempts, ${solved}% solved, ${broken} broken by the environment`,
  ),
  pairsIn: message({ pairs: number, path: text }, ({ pairs, path }) => `${pairs} pairs in ${path}`),

  pairsByHand: message(
    { path: text },
    ({ path }) => `${path} was written or changed by hand: the pairs are taken as they stand there.`,
  ),
  reviewed: message(
    { reviewed: number, pairs: number, dropped: number, swapped: number, edited: number },
    ({ reviewed, pairs, dropped, swapped, edited }) =>
      `${reviewed} of ${pairs} pairs were reviewed by hand: ${dropped} dropped, ${swapped} swapped, ${edited} edited`,
  ),
  dpoData: message(
    { pairs: number, golden: number, reference: text },
    ({ pairs, golden, reference }) => `${pairs} pairs, ${golden} golden samples; reference ${reference}`,
  ),
  noSuccesses: message({}, () => 'The store holds no success of a collection, so the control success_sft is left out.'),
  dpoDone: message(
    { path: text, arms: text, controls: number },
    ({ path, arms }) => `adapter in ${path}; trained: ${arms}`,
  ),

  validated: message(
    { solved: text, episodes: number },
    ({ solved, episodes }) => `${solved}% of ${episodes} episodes`,
  ),
  sftAlone: message({ why: text }, ({ why }) => `${why} DPO is left out.`),
  results: message({ table: text, sft: text, dpo: text }, ({ table }) => table),
  resultsOfSft: message({ table: text, sft: text }, ({ table }) => table),
  report: message({ path: text }, ({ path }) => `Report: ${path}`),

  recordMoved: message({}, () => 'The page is not as it was before, so go on from here.'),
  recordUndone: message(
    {},
    () => 'The last step is undone: the page began anew, and the steps before it were done once more.',
  ),
  recordBroken: message({ why: text }, ({ why }) => `The page is broken (${why}): record again.`),
  recordImpossible: message({ why: text }, ({ why }) => `That cannot be done: ${why}.`),
  recordWrong: message(
    { reward: number },
    ({ reward }) => `The page says that this is wrong (reward ${reward}): undo the last step, or record again.`,
  ),
  recordAgain: message({}, () => 'Solved. Playing it once more, to see that these steps are all it takes ...'),
  recordDone: message({}, () => 'Solved, and solved once more by these steps alone.'),
  recordNotEnough: message(
    { why: inner },
    ({ why }) => `Solved, but not by these steps alone: played once more, ${why.text}.`,
  ),
  againMissing: message(
    { element: text, step: number },
    ({ element, step }) => `there is no ${element} at step ${step}`,
  ),
  againUnwritten: message(
    { step: number, reason: z.enum(Object.keys(PARSE_FAILURES) as ParseFailure[]) },
    ({ step, reason }) => `step ${step} cannot be written down (${PARSE_FAILURES[reason]})`,
  ),
  againImpossible: message({ step: number, why: text }, ({ step, why }) => `step ${step} cannot be done (${why})`),
  againWrong: message({ step: number }, ({ step }) => `the page ends without full reward at step ${step}`),
  againEndless: message({}, () => 'the episode does not end'),
  againBroken: message({ why: text }, ({ why }) => `the page breaks (${why})`),

  trackingAway: message(
    { place: text, why: text },
    ({ place, why }) =>
      `MLflow at ${place} cannot be written (${why}); nothing else is affected, and what is missing there is sent when it answers again.`,
  ),
  trackingFiles: message(
    { place: text, why: text },
    ({ place, why }) => `MLflow at ${place} takes no reports and cards (${why}); params and metrics are recorded.`,
  ),
}

export type MessageId = keyof typeof MESSAGES
/** What a message takes. */
export type Values<Id extends MessageId> = Parameters<(typeof MESSAGES)[Id]['say']>[0]
/** Says a message to whoever listens. */
export type Say = <Id extends MessageId>(id: Id, values: Values<Id>) => void

/** A message with its values checked. Throws zod's error where they are others. */
export function said<Id extends MessageId>(id: Id, values: Values<Id>): Said {
  const kind: { say(values: Values<Id>): Pick<Said, 'values' | 'text'> } = MESSAGES[id]
  return { id, ...kind.say(values) }
}
