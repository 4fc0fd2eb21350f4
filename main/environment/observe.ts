/** Puts the lab's functions into task pages, and checks the pages' answers. */
import type { Page } from 'puppeteer-core'
import { z } from 'zod'
import { EnvironmentFault } from '../chromium/fault.ts'
import { demand, says } from '../config/demand.ts'
import type { Box } from '../store/episode.ts'
import { KEYS, LONGEST_TEXT } from './action.ts'
import { type Observation, STATES, TEXT_FORMS } from './observation.ts'
import { setClock } from './page/clock.ts'
import { keepEpisode } from './page/episode.ts'
import { hearPage } from './page/hear.ts'
import type { Budget, PageState } from './page/lab.ts'
import { labelFields } from './page/labels.ts'
import { writeLines } from './page/lines.ts'
import { lookAtPage } from './page/look.ts'
import { hideMachine } from './page/machine.ts'
import { nameElements } from './page/names.ts'
import { observePage } from './page/observe.ts'
import { reachIntoPage } from './page/reach.ts'
import { readStates } from './page/states.ts'
import { cleanTexts } from './page/text.ts'
import { collectTexts } from './page/texts.ts'
import { watchPage } from './page/watch.ts'

/**
 * The functions that run in each new page, in this order: watchPage creates the lab, and hearPage extends the `forget`
 * of observePage.
 */
const PARTS = [
  watchPage,
  setClock,
  cleanTexts,
  lookAtPage,
  collectTexts,
  labelFields,
  nameElements,
  readStates,
  writeLines,
  observePage,
  reachIntoPage,
  hearPage,
  keepEpisode,
]

/**
 * Most elements and characters shown of a page. Interactive elements come before text, and the top of the page before
 * its end.
 */
export const BUDGET: Budget = { elements: 100, characters: 6000 }

/** Most values of a slider that the page lists. */
const MOST_VALUES = 1001

const line = z
  .string()
  .max(1200)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, says('mustBeOneLine'))

const accepts = z.strictObject({
  click: z.boolean(),
  fill: z
    .union([
      z.strictObject({ form: z.enum(TEXT_FORMS), most: z.int().nonnegative().exactOptional() }),
      z.strictObject({ values: z.array(line).max(MOST_VALUES) }),
    ])
    .nullable(),
  select: z.array(line),
})

const seen = {
  elements: z
    .array(
      z.strictObject({
        ref: z.int().positive(),
        role: z.string().regex(/^[a-z][a-z0-9-]*$/, says('mustBeRole')),
        name: line,
        states: z.array(z.enum(STATES)),
        value: line.exactOptional(),
        options: z.array(line).exactOptional(),
        accepts: accepts.exactOptional(),
      }),
    )
    .max(10_000),
  dropped: z.int().nonnegative(),
}

const pageState = z.strictObject({ done: z.boolean(), reward: z.number(), instruction: line, ...seen })

/** An observation as JSON. The instruction may be missing, and so may what was left out. */
export const observationSchema = z.object({
  instruction: line.default(''),
  elements: seen.elements,
  dropped: seen.dropped.default(0),
})

/** Puts the lab's functions into every document that the page will load. Frames in the page get only hideMachine. */
export async function installLab(page: Page): Promise<void> {
  const source = PARTS.map((install) => `(${install.toString()})();`)
  const everywhere = `(${hideMachine.toString()})();`
  await page.evaluateOnNewDocument(`${everywhere} if (window === window.top) { ${source.join('\n')} }`)
}

/** The page's answer to `observe`. Throws EnvironmentFault where its form is wrong. */
export function readSeen(answer: unknown): Observation {
  return readAnswer(observationSchema, answer, 'elements')
}

/** The page's answer to `start` or `state`. Throws EnvironmentFault where its form is wrong. */
export function readState(answer: unknown): PageState {
  const read = pageState.safeParse(answer)
  if (read.success) return read.data
  throw wrongAnswer(read.error.issues[0]?.path.join('.') ?? '', read.error)
}

const pageBox = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).nullable()

/** The page's answer to `box`. Throws EnvironmentFault where its form is wrong. */
export function readBox(answer: unknown): Box | null {
  return readAnswer(pageBox, answer, 'box')
}

const ref = z.int().positive()
const pageHeard = z
  .array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('click'), ref, field: z.boolean() }),
      z.strictObject({ kind: z.literal('fill'), ref, text: z.string().max(LONGEST_TEXT) }),
      z.strictObject({ kind: z.literal('select'), ref, option: line }),
      z.strictObject({ kind: z.literal('press'), key: z.enum(KEYS) }),
      z.strictObject({ kind: z.literal('ask'), ref }),
    ]),
  )
  .max(1000)

/** What a person did, with only those keys that an action can name. */
export type HeardAction = z.output<typeof pageHeard>[number]

/** The page's answer to `hear`. Throws EnvironmentFault where its form is wrong. */
export function readHeard(answer: unknown): HeardAction[] {
  return readAnswer(pageHeard, answer, 'action')
}

function readAnswer<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const read = schema.safeParse(answer)
  if (read.success) return read.data
  throw wrongAnswer(what, read.error)
}

function wrongAnswer(part: string, { issues }: z.ZodError): EnvironmentFault {
  return new EnvironmentFault('pageAnswerWrong', { part, detail: demand(issues[0]!) })
}

/** The part of the state that the agent sees. */
export function observationOf({ instruction, elements, dropped }: PageState): Observation {
  return { instruction, elements, dropped }
}
