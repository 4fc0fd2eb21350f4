/** Held-out accuracy: the share of answers in which every token is the model's first choice. */
import type { Engine, Scores } from '../../main/engine/engine.ts'
import type { Tokenizer } from '../../main/engine/tokenizer/tokenizer.ts'
import { makeLessons } from './curriculum.ts'
import { lessonForest } from './lesson-tokens.ts'

/** Lessons from this seed on are in no training. */
const HELD_OUT_SEED = 1_000_000_007
const PAGES = 40

/** Right answers and all answers, by kind of query, and over all as `all`. */
export type Accuracy = ReadonlyMap<string, { readonly right: number; readonly of: number }>

/** Of so many lessons, in batches. */
export async function heldOutAccuracy(engine: Engine, tokenizer: Tokenizer, pages: number): Promise<Accuracy> {
  const tally = new Map<string, { right: number; of: number }>()
  const count = (kind: string, isRight: boolean) => {
    const { right, of } = tally.get(kind) ?? { right: 0, of: 0 }
    tally.set(kind, { right: right + (isRight ? 1 : 0), of: of + 1 })
  }
  for (let first = 0; first < pages; first += PAGES) {
    const lessons = makeLessons(HELD_OUT_SEED + first / PAGES, Math.min(PAGES, pages - first))
    const scores = await engine.logprobs(lessonForest(lessons, tokenizer), null)
    let segment = 0
    for (const { answers } of lessons) {
      segment++
      for (const { kind } of answers) {
        const isRight = allHit(scores, segment++)
        count(kind, isRight)
        count('all', isRight)
      }
    }
  }
  const order = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
    Number(a === 'all') - Number(b === 'all') || (a < b ? -1 : 1)
  return new Map([...tally].sort(order))
}

function allHit({ hits, starts, counts }: Scores, segment: number): boolean {
  const start = starts[segment]!
  return hits.subarray(start, start + counts[segment]!).every((hit) => hit === 1)
}
