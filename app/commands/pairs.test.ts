import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { configSchema } from '../../main/config/schema.ts'
import { preferenceText } from '../../main/preferences/dataset.ts'
import { exportPreferences } from '../../main/preferences/file.ts'
import { undoCorrection } from '../../main/preferences/review.ts'
import type { NewPair } from '../../main/store/pairs.ts'
import { Store } from '../../main/store/store.ts'
import { dpoDriver } from '../cli.ts'

let folder: string
let preferences: string
let config: string

const pair = (seed: number): NewPair => ({
  task: 'click-tab',
  seed,
  step: 0,
  chosenAttempt: 0,
  rejectedAttempt: 1,
  margin: 1,
  prompt: `prompt ${seed}`,
  chosen: 'Thought: A\nAction: press Enter',
  rejected: 'Thought: B\nAction: press Tab',
})

/** A lab with two collections. The first is at the path of the configuration. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pairs-'))
  preferences = join(folder, 'preferences.jsonl')
  config = join(folder, 'my.yaml')
  writeFileSync(config, `paths: {store: ${join(folder, 'lab.sqlite')}, preference_data: ${preferences}}\n`)
  withStore((store) => {
    for (const run of [1, 2]) {
      store.runs.create('trial', 'collect', configSchema.parse({}))
      store.pairs.replace({ run, round: 1 }, [pair(1), pair(2), pair(3)])
    }
    exportPreferences(store, preferences, { run: 1, round: 1 })
  })
})

function withStore<T>(work: (store: Store) => T): T {
  const store = new Store(join(folder, 'lab.sqlite'))
  try {
    return work(store)
  } finally {
    store.close()
  }
}

/** Runs `pairs import`. Returns its output and its exit code. */
async function bringIn(...args: string[]) {
  const written = { stdout: '', stderr: '' }
  const into = (key: keyof typeof written) => ({ write: (text: string) => (written[key] += text) })
  const command = ['pairs', 'import', ...args, '--config_path', config]
  const status = await dpoDriver(command, { out: into('stdout'), err: into('stderr') })
  return { status, lines: written.stdout.trimEnd().split('\n'), error: written.stderr.trim() }
}

const kept = (run: number) => withStore((store) => store.pairs.kept({ run, round: 1 }).map(({ seed }) => seed))

test('an edited file goes into the round it was exported from; each change is printed once, and can be undone', async () => {
  const [one = '', two = ''] = readFileSync(preferences, 'utf8').split('\n')
  writeFileSync(preferences, `${one.replace('Thought: A', 'Thought: C')}\n${two}\n\n${preferenceText([pair(9)])}`)
  const { status, lines } = await bringIn(preferences, '--replace')
  expect({ status, lines }).toEqual({
    status: 0,
    lines: [
      `${preferences}:1: changed chosen of pair 1 (click-tab, seed 1, step 0)`,
      `${preferences}:4: added pair 7 (click-tab, seed 9, step 0)`,
      `${preferences} has no line for pair 3 (click-tab, seed 3, step 0): dropped`,
      `${preferences}: 1 added, 1 changed, 1 dropped, 1 as they were, in round 1 of run 1.`,
    ],
  })
  expect([kept(1), kept(2)]).toEqual([
    [1, 2, 9],
    [1, 2, 3],
  ])
  expect(await bringIn(preferences, '--replace')).toMatchObject({
    status: 0,
    lines: [`${preferences} changes nothing: round 1 of run 1 has these pairs already.`],
  })
  withStore((store) => {
    expect(store.pairs.edits({ run: 1, round: 1 }, 10).map(({ kind }) => kind)).toEqual(['import'])
    undoCorrection(store, { run: 1, round: 1 })
    expect(store.pairs.kept({ run: 1, round: 1 })).toMatchObject([1, 2, 3].map((seed) => pair(seed)))
  })
})

test('other files go into the latest round, or into the named one; a long list is cut short', async () => {
  const other = join(folder, 'other.jsonl')
  writeFileSync(other, preferenceText(Array.from({ length: 30 }, (_, at) => pair(100 + at))))
  const { lines } = await bringIn(other)
  expect(lines).toHaveLength(22)
  expect(lines.slice(-2)).toEqual([
    'and 10 more.',
    `${other}: 30 added, 0 changed, 0 dropped, 0 as they were, in round 1 of run 2.`,
  ])
  expect((await bringIn(other, '--run', '1')).lines.at(-1)).toMatch(/30 added, .* in round 1 of run 1\.$/)
  expect(kept(1)).toHaveLength(33)
})

test('a file that cannot be imported is refused with a message, and nothing changes', async () => {
  const broken = join(folder, 'broken.jsonl')
  writeFileSync(broken, `${preferenceText([pair(9)])}{"prompt": 1}\n{`)
  expect(await bringIn(broken)).toEqual({
    status: 2,
    lines: [''],
    error: [
      `${broken}:2: prompt must be a text or a list of messages; correct or delete the line.`,
      `${broken}:3: this line is not complete JSON; correct or delete it.`,
    ].join('\n'),
  })
  expect(await bringIn('none.jsonl')).toMatchObject({
    status: 2,
    error: expect.stringMatching(/^none\.jsonl does not/),
  })
  expect(await bringIn(preferences, '--round', '7')).toMatchObject({
    status: 2,
    error: expect.stringMatching(/^--round 7: there are no such pairs to import into/),
  })
  expect([kept(1), kept(2)]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ])
})
