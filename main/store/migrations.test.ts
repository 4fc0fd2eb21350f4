import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { message } from '../messages/message.ts'
import { MIGRATIONS } from './migrations.ts'
import { Store } from './store.ts'

test('a store of the first version keeps its pairs, gets their margins from the episodes, and summarises its curves', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'migrations-')), 'old.sqlite')
  const old = new DatabaseSync(path)
  old.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1`)
  old.exec(
    `INSERT INTO runs (id, name, command, config, status, started) VALUES (1, 'old', '"collect"', '{}', 'done', 1)`,
  )
  const pair = old.prepare(
    `INSERT INTO pairs (run, round, task, seed, step, chosen_attempt, rejected_attempt, prompt, chosen, rejected, keep)
     VALUES (1, 1, 'a', ?, 0, 0, 1, 'p', 'c', 'r', ?)`,
  )
  pair.run(5, 1)
  pair.run(6, 0)
  for (const [attempt, text, logprob] of [
    [0, 'c', -1],
    [1, 'r', -3],
  ] as const) {
    old.exec(
      `INSERT INTO episodes VALUES (${attempt + 1}, 1, 'collect', 1, '', 'a', 5, ${attempt}, 'i', 'success', '', 1, 1);
       INSERT INTO steps VALUES (${attempt + 1}, 0, 'page', 'p', '${text}', x'', ${logprob}, '', '', NULL)`,
    )
  }
  old.exec(`INSERT INTO metrics VALUES (1, 'sft', 0, '', 31, 'loss', 4), (1, 'sft', 0, '', 32, 'loss', 2)`)
  old.close()
  const upgraded = new Store(path)
  const loss = { run: 1, stage: 'sft', round: 0, arm: '' }
  expect(upgraded.metrics.arms(1)).toEqual([{ ...loss, names: ['loss'], lastStep: 32 }])
  expect(upgraded.pairs.of({ run: 1, round: 1 })).toMatchObject([
    { seed: 5, keep: true, margin: 2, chosenAttempt: 0, swapped: false, reviewed: false, note: '' },
    { seed: 6, keep: false, margin: null },
  ])
  expect(upgraded.runs.ids()).toEqual([1])
  upgraded.close()
})

test('the endings of old episodes, once texts, become reasons and faults', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'migrations-')), 'texts.sqlite')
  const before = 8
  const old = new DatabaseSync(path)
  for (const migration of MIGRATIONS.slice(0, before)) old.exec(migration)
  old.exec(`PRAGMA user_version = ${before};
    INSERT INTO runs (id, name, command, config, status, started) VALUES (1, 'old', '"collect"', '{}', 'done', 1)`)
  const add = old.prepare(`INSERT INTO episodes VALUES (?, 1, 'collect', 1, '', 'a', ?, 0, 'i', ?, ?, 0.5, 1)`)
  const step = old.prepare(`INSERT INTO steps VALUES (?, 0, 'page', 'p', 'c', x'', -1, '', '', NULL, 'null')`)
  for (const [seed, [outcome, text]] of [
    ['success', 'reward'],
    ['failure', 'wrong'],
    ['failure', 'mismatch'],
    ['failure', 'impossible: something else covers the element'],
    ['failure', 'impossible: there is no such option'],
    ['fault', 'the action took longer than 10000 ms'],
    ['fault', `it's "odd"`],
  ].entries()) {
    add.run(seed + 1, seed, outcome!, text!)
    step.run(seed + 1)
  }
  old.close()
  const upgraded = new Store(path)
  const reward = 0.5
  const broken = (text: string) => ({ outcome: 'fault', reward, fault: message('verbatim', { text }) })
  const episodes = upgraded.episodes.of({ run: 1, stage: 'collect', round: 1, arm: '' })
  expect(episodes.map(({ id, task, seed, attempt, instruction, duration, steps, ...ending }) => ending)).toEqual([
    { outcome: 'success', reward },
    { outcome: 'failure', reward, reason: 'wrong' },
    { outcome: 'failure', reward, reason: 'mismatch' },
    { outcome: 'failure', reward, reason: 'covered' },
    { outcome: 'failure', reward, reason: 'noSuchOption' },
    broken('the action took longer than 10000 ms'),
    broken(`it's "odd"`),
  ])
  expect(episodes.map(({ steps }) => steps.length)).toEqual([1, 1, 1, 1, 1, 1, 1])
  const { rows } = upgraded.episodes.list({}, { by: 'steps', descending: true }, { offset: 0, limit: 1 })
  expect(rows).toMatchObject([{ steps: 1 }])
  upgraded.close()
})

test('corrections of pairs that an old store no longer has are deleted, and their ids are not used again', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'migrations-')), 'ids.sqlite')
  const before = 11
  const old = new DatabaseSync(path)
  for (const migration of MIGRATIONS.slice(0, before)) old.exec(migration)
  old.exec(`PRAGMA user_version = ${before}`)
  const add = old.prepare(
    `INSERT INTO runs (id, name, command, config, status, started) VALUES (?, 'old', '"collect"', '{}', 'done', 1)`,
  )
  const pair = old.prepare(
    `INSERT INTO pairs (id, run, round, task, seed, step, prompt, chosen, rejected, note, policy_margin)
     VALUES (?, ?, 1, 'a', 0, 0, 'p', 'c', 'r', 'n', 2.5)`,
  )
  for (const run of [1, 2]) {
    add.run(run)
    pair.run(run, run)
  }
  const edit = old.prepare(
    `INSERT INTO pair_edits (run, round, time, kind, reverts, changes) VALUES (1, 1, 1, ?, ?, ?)`,
  )
  // Pair 2 is of another run, and pair 7 is gone.
  for (const [kind, reverts, named] of [
    ['drop', null, [1]],
    ['drop', null, [1, 2]],
    ['undo', 2, [1, 2]],
    ['keep', null, [7]],
  ] as const) {
    edit.run(kind, reverts, JSON.stringify(named.map((id) => ({ pair: id }))))
  }
  old.close()
  const upgraded = new Store(path)
  const round = { run: 1, round: 1 }
  expect(upgraded.pairs.editKinds(round)).toEqual([{ id: 1, kind: 'drop', reverts: null, author: null }])
  const [first] = upgraded.pairs.of(round)
  expect(first).toMatchObject({ id: 1, task: 'a', note: 'n', margin: null, policyMargin: 2.5, keep: true })
  expect(upgraded.pairs.add(round, first!)).toBe(8)
  upgraded.close()
})

test('a run of before there was a choice of prompts goes on with the one that it had', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'migrations-')), 'prompts.sqlite')
  const before = MIGRATIONS.findIndex((migration) => migration.includes('ADD COLUMN prompt'))
  const old = new DatabaseSync(path)
  for (const migration of MIGRATIONS.slice(0, before)) old.exec(migration)
  old.exec(`PRAGMA user_version = ${before}`)
  const { model, ...rest } = configSchema.parse({ project: { seed: 7 } })
  const { prompt: _, ...others } = model
  old
    .prepare(
      `INSERT INTO runs (id, name, command, config, status, started) VALUES (1, 'old', '"dpo"', ?, 'stopped', 1)`,
    )
    .run(JSON.stringify({ ...rest, model: others }))
  old.close()
  const upgraded = new Store(path)
  expect(upgraded.runs.get(1).config).toMatchObject({ model: { ...others, prompt: 'compact' }, project: { seed: 7 } })
  expect(upgraded.runs.prompt(1)).toBeUndefined()
  upgraded.close()
})

test('episodes of before there was a table of their texts are found by them', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'migrations-')), 'texts-once.sqlite')
  const before = MIGRATIONS.findIndex((migration) => migration.includes('CREATE TABLE episode_texts'))
  const old = new DatabaseSync(path)
  for (const migration of MIGRATIONS.slice(0, before)) old.exec(migration)
  old.exec(`PRAGMA user_version = ${before};
    INSERT INTO runs (id, name, command, config, status, started) VALUES (1, 'old', '"collect"', '{}', 'done', 1)`)
  for (const id of [1, 2]) {
    old.exec(`INSERT INTO episodes (id, run, stage, round, arm, task, seed, attempt, instruction, outcome, reward, duration, steps)
      VALUES (${id}, 1, 'collect', 1, '', 'a', ${id}, 0, 'press', 'success', 1, 1, 1);
      INSERT INTO steps (episode, position, page, prompt, completion, tokens, logprob, thought, action)
      VALUES (${id}, 0, '', '', '${id === 1 ? 'press' : 'pull'}', x'', 0, '', '')`)
  }
  old.close()
  const upgraded = new Store(path)
  const found = (search: string) =>
    upgraded.episodes
      .list({ search }, { by: 'id', descending: false }, { offset: 0, limit: 9 })
      .rows.map(({ id }) => id)
  expect([found('press'), found('ULL'), found('push')]).toEqual([[1, 2], [2], []])
  upgraded.close()
})
