/** What an answer may be and what a page does not refuse are the same. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorkbench, type Workbench } from '../../testing/workbench.ts'
import { START, Walker } from '../engine/constraint.ts'
import type { Vocabulary } from '../engine/engine.ts'
import { uniformStream } from '../engine/random.ts'
import type { Action } from '../environment/action.ts'
import { type BrowserHost, chromiumHost } from '../environment/browser.ts'
import { Session } from '../environment/session.ts'
import { pageConstraint } from './constraint.ts'
import { parseCompletion } from './grammar.ts'

const FORM = `<button>Ok</button><button disabled>No</button><button aria-disabled="true">Yes</button>
  <input id="name"><input id="fixed" readonly><input id="off" disabled><textarea id="note" maxlength="3"></textarea>
  <input type="checkbox" id="box"><div contenteditable="true" aria-label="page">x</div>
  <input type="date" id="day"><input type="time" id="clock"><input type="month" id="month"><input type="week" id="week">
  <input type="datetime-local" id="moment"><input type="number" id="count"><input type="color" id="colour">
  <input type="range" id="level" min="0" max="9" step="3">
  <select id="one"><option>a</option><option disabled>b</option></select>
  <select id="many" multiple><option>c</option><option disabled>d</option></select>`

/** One token a byte: the constraint works on bytes. */
const BYTES: Vocabulary = {
  bytes: Uint8Array.from({ length: 256 }, (_, byte) => byte),
  offsets: Int32Array.from({ length: 257 }, (_, at) => at),
}

let host: BrowserHost
let session: Session
let workbench: Workbench
beforeAll(() => {
  host = chromiumHost()
  // Untrusted input is quick, and nothing covers anything for it.
  session = new Session(host, { episodeTimeLimit: 300_000, answerTimeLimit: 60_000, trusted: false, budget: BUDGET })
  workbench = openWorkbench()
})
afterAll(async () => {
  await host.close()
  workbench.remove()
})
const BUDGET = { elements: 100, characters: 6000 }

test('a page does every action that can be written for it', async () => {
  const page = workbench.page(FORM)
  let observation = await session.reset(page, 1)
  const uniform = uniformStream(3)
  const kinds = new Set<string>()
  for (let i = 0; i < 150; i++) {
    const text = drawn(new Walker(pageConstraint(BYTES, observation, 300)), uniform)
    const parsed = parseCompletion(text, observation)
    expect(parsed, text).toHaveProperty('decision')
    const { action } = (parsed as { decision: { action: Action } }).decision
    kinds.add(action.kind)
    const result = await session.step(action)
    expect(result.ending, text).toBeNull()
    observation = result.observation
  }
  expect([...kinds].sort()).toEqual(['click', 'fill', 'press', 'select'])
})

/** A completion whose thought is empty, and whose verb is as likely as any other. */
function drawn(walker: Walker, uniform: () => number): string {
  let bytes = [...Buffer.from('Thought: \nAction: ')]
  let place = bytes.reduce((at, byte) => walker.after(at, byte)!, START)
  for (;;) {
    const allowed = walker.allowed(place, 300, 0)
    if (walker.mayEnd(place) && (allowed.length === 0 || uniform() < 0.4)) return Buffer.from(bytes).toString()
    const byte = allowed[Math.floor(uniform() * allowed.length)]!
    bytes = [...bytes, byte]
    place = walker.after(place, byte)!
  }
}
