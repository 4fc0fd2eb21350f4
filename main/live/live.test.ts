/** The live view with real pages and the shipped model. */
import { mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openWorkbench } from '../../testing/workbench.ts'
import { rollout } from '../agent/rollout.ts'
import { configSchema } from '../config/schema.ts'
import { initLora, saveAdapter } from '../engine/adapter/adapter.ts'
import { architectureOf } from '../engine/architecture.ts'
import { chromiumHost } from '../environment/browser.ts'
import { Session } from '../environment/session.ts'
import { listTasks } from '../environment/tasks.ts'
import { message } from '../messages/message.ts'
import { openResources } from '../pipeline/resources.ts'
import { greedy, jobsOf } from '../pipeline/stages/play.ts'
import { readGoldenData } from '../preferences/golden-file.ts'
import { changes } from '../rpc/changes.ts'
import { Live } from './live.ts'
import type { LiveScreen, LiveState, Played, Sight } from './state.ts'

const folder = mkdtempSync(join(tmpdir(), 'live-'))
const workbench = openWorkbench()
const golden = join(folder, 'golden.jsonl')
const config = configSchema.parse({
  paths: { sft_data: golden, sft_adapter_path: join(folder, 'sft'), dpo_adapter_path: join(folder, 'dpo') },
  environment: { pages: 2, tasks_dir: workbench.dir },
})

// Shared by all tests, because a model and a browser are slow to start.
let settings = config
const live = new Live({ config: () => settings, grace: 0 })
afterAll(async () => {
  await live.close()
  workbench.remove()
})

let leaving: AbortController
beforeEach(() => {
  leaving = new AbortController()
})
afterEach(async () => {
  leaving.abort()
  const audience = live.screens.audience()
  const spectator = audience.spectator({ stage: '', round: 0, arm: '' })
  await vi.waitFor(() => expect(spectator.listens).toBe(false))
  audience.leave()
  await live.stop()
  for (const { id, kind } of live.state().screens) if (kind === 'record') live.recordings.discard(id)
  live.screens.control('job', { paused: false, delay: 0 })
  live.screens.control('play', { paused: false, delay: 0 })
  settings = config
})

/** Collects the states as they come, the latest last. With `at` it counts as a viewer of that kind of playback. */
function look(at: Played | null = null, signal = leaving.signal): LiveState[] {
  const states: LiveState[] = []
  void (async () => {
    const leave = at === null ? undefined : live.screens.enter(at)
    for await (const _ of changes(live.screens.changes, signal, { atMost: 100 })) states.push(live.state())
    leave?.()
  })()
  return states
}

function lookAtPictures(ids?: readonly string[]): Sight[] {
  const sights: Sight[] = []
  void (async () => {
    for await (const sight of live.sights(ids, leaving.signal)) if (sight.jpeg !== null) sights.push(sight)
  })()
  return sights
}

const screen = (id: string): LiveScreen => live.state().screens.find((one) => one.id === id)!

test('a played episode shows pictures, answers with tokens, and the elements they act on', async () => {
  const states = look('play')
  const frames = lookAtPictures()
  live.screens.control('play', { delay: 150 })
  const [id] = await live.play({ task: 'click-button', seed: 3, policies: ['base'], temperature: 0 })
  await vi.waitFor(() => expect(screen(id!).status).toMatch(/success|failure/), 20_000)
  const { answer, instruction, ending } = screen(id!)
  expect(instruction).toMatch(/^Click on the/)
  expect(ending).not.toBeNull()
  expect(answer!.tokens.map(({ text }) => text).join('')).toBe(answer!.text)
  for (const { logprob } of answer!.tokens) expect(logprob).toBeLessThanOrEqual(0)
  expect(answer!.box).toMatchObject({ width: expect.any(Number), x: expect.any(Number) })
  const shown = states.flatMap(({ screens }) => screens)
  expect(shown.some(({ status }) => status === 'held')).toBe(true)
  expect(screen(id!).drawn).toEqual([])
  await vi.waitFor(() => expect(frames.length).toBeGreaterThan(0), 5000)
  expect([...Buffer.from(frames[0]!.jpeg!, 'base64').subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff])
})

test('a paused episode goes on step by step, and stops on request', async () => {
  look('play')
  live.screens.control('play', { paused: true })
  const [id] = await live.play({ task: 'login-user', seed: 3, policies: ['base'], temperature: 0 })
  await vi.waitFor(() => expect(screen(id!).status).toBe('held'), 20_000)
  expect(screen(id!).step).toBe(1)
  live.screens.next('play', id)
  await vi.waitFor(() => expect(screen(id!)).toMatchObject({ step: 2, status: 'held' }), 5000)
  expect(screen(id!).done).toHaveLength(1)
  await live.stop()
  expect(live.state().screens).toEqual([])
})

test('what cannot be played is reported with a message', async () => {
  const asked = { task: 'click-button', seed: 1, policies: ['dpo'], temperature: 0 }
  await expect(live.play(asked)).rejects.toThrow(/no adapter here; run the stage dpo first/)
  await expect(live.play({ ...asked, task: 'click-buton' })).rejects.toThrow(/nearest names are click-button/)
  expect(live.state().screens).toEqual([])
})

test('an adapter that names another base model is told on its screen', async () => {
  const shape = architectureOf(config.model.base_model_name)
  const adapter = join(folder, 'foreign')
  const lora = { r: 1, lora_alpha: 1, lora_dropout: 0, target_modules: ['q_proj'] as const }
  await saveAdapter(adapter, lora, initLora(shape, lora, 1), 'Qwen/Qwen2-7B-Instruct')
  const [id] = await live.play({ task: 'click-button', seed: 1, policies: [adapter], temperature: 0 })
  expect(screen(id!).note).toMatchObject({ id: 'adapterOtherName', values: { trained: 'Qwen/Qwen2-7B-Instruct' } })
})

test('a run’s pages are shown while it goes on, at full speed while nobody watches', async () => {
  live.screens.control('job', { paused: true })
  const resources = openResources(config, { audience: live.screens.audience() })
  const model = await resources.model()
  const jobs = jobsOf(resources.tasksNamed(['click-button', 'click-dialog']), 0, 3)
  const play = () =>
    rollout(model, resources.environment(), jobs, {
      adapter: null,
      sampling: greedy(config),
      spectator: resources.audience?.spectator({ stage: 'collect', round: 1, arm: '' }),
    })
  expect(await play()).toHaveLength(6)
  look('job')
  const watched = play()
  await vi.waitFor(() => {
    const { screens } = live.state()
    expect(screens.map(({ kind, stage, status }) => [kind, stage, status])).toEqual([
      ['job', 'collect', 'held'],
      ['job', 'collect', 'held'],
    ])
  }, 10_000)
  live.screens.control('job', { paused: false })
  expect(await watched).toHaveLength(6)
  await resources.close()
  expect(live.state().screens).toEqual([])
})

test('a run that is looked at closely plays the same episodes', async () => {
  const resources = openResources(config, { audience: live.screens.audience() })
  const model = await resources.model()
  const jobs = jobsOf(resources.tasksNamed(['click-button', 'login-user']), 0, 4)
  const play = async () => {
    const episodes = await rollout(model, resources.environment(), jobs, {
      adapter: null,
      sampling: greedy(config),
      spectator: resources.audience?.spectator({ stage: 'collect', round: 1, arm: '' }),
    })
    return episodes.map(({ duration: _, ...played }) => played)
  }
  const alone = await play()
  look('job')
  const frames: Sight[] = []
  void (async () => {
    const sights = live.sights(undefined, leaving.signal, { extent: 'task', density: 3 })
    for await (const sight of sights) if (sight.jpeg !== null) frames.push(sight)
  })()
  expect(await play()).toEqual(alone)
  expect(frames.length).toBeGreaterThan(0)
  await resources.close()
})

test('an answer is shown while it is generated, and only to viewers', async () => {
  const audience = live.screens.audience()
  const spectator = audience.spectator({ stage: 'collect', round: 1, arm: '' })
  expect(spectator.listens).toBe(false)
  look('job')
  expect(spectator.listens).toBe(true)
  const [task] = listTasks({})
  const attempt = { task: task!, seed: 1, attempt: 0, session: new Session(chromiumHost()) }
  const observation = { instruction: 'Do it.', elements: [], dropped: 0 }
  spectator.began(attempt, observation)
  const tokens = [{ text: 'Thought', logprob: -0.5 }]
  spectator.drawn(attempt, () => tokens)
  expect(live.state().screens).toMatchObject([{ drawn: tokens, answer: null, step: 0 }])
  const answer = { observation, text: 'Thought', thought: '', written: '', action: null, tokens: () => tokens }
  await spectator.decided(attempt, answer, leaving.signal)
  expect(live.state().screens).toMatchObject([{ drawn: [], answer: { text: 'Thought', tokens }, step: 1 }])
  audience.leave()
})

test('only viewers of a run delay it, and a pause ends when they leave', async () => {
  const audience = live.screens.audience()
  const spectator = audience.spectator({ stage: 'collect', round: 1, arm: '' })
  const [task] = listTasks({})
  const attempt = { task: task!, seed: 1, attempt: 0, session: new Session(chromiumHost()) }
  const observation = { instruction: 'Do it.', elements: [], dropped: 0 }
  spectator.began(attempt, observation)
  const answer = { observation, text: '', thought: '', written: '', action: null, tokens: () => [] }
  const watching = new AbortController()
  const { screens } = live
  const pauses = [screens.pace.paused]
  const leave = screens.changes.subscribe(() => {
    if (screens.pace.paused !== pauses.at(-1)) pauses.push(screens.pace.paused)
  })
  look('job', watching.signal)
  live.screens.control('job', { paused: true })
  const held = spectator.decided(attempt, answer, leaving.signal)
  await vi.waitFor(() => expect(live.state().screens).toMatchObject([{ status: 'held' }]))
  await vi.waitFor(() => expect(pauses).toEqual([false, true]))
  watching.abort()
  await held
  await vi.waitFor(() => expect(pauses).toEqual([false, true, false]))
  leave()
  look()
  look('play')
  expect(spectator.listens).toBe(false)
  look('job')
  expect(spectator.listens).toBe(true)
  await spectator.decided(attempt, answer, leaving.signal)
  audience.leave()
})

test('a run says when nobody plays, and how it is held back', () => {
  const audience = live.screens.audience()
  look('job')
  live.screens.control('job', { delay: 500 })
  expect([live.state().jobPlays, live.screens.pace.delay]).toEqual([false, 0])
  audience.spectator({ stage: 'collect', round: 1, arm: '' })
  expect([live.state().jobPlays, live.screens.pace.delay]).toEqual([true, 500])
  audience.rest()
  expect([live.state().jobPlays, live.screens.pace.delay]).toEqual([false, 0])
  audience.spectator({ stage: 'evaluate', round: 1, arm: 'sft' })
  audience.leave()
  expect(live.state().jobPlays).toBe(false)
})

test('viewers are told how long a page shows a problem: a second for each page that is looked at', async () => {
  const audience = live.screens.audience()
  const spectator = audience.spectator({ stage: 'collect', round: 1, arm: '' })
  for (const seed of [1, 2]) {
    const attempt = { task: listTasks({})[0]!, seed, attempt: 0, session: new Session(chromiumHost()) }
    spectator.began(attempt, { instruction: 'Do it.', elements: [], dropped: 0 })
  }
  expect(live.state().turn).toBe(0)
  look('job')
  lookAtPictures()
  await vi.waitFor(() => expect(live.state().turn).toBe(2000))
  live.screens.control('job', { delay: 500 })
  expect(live.state().turn).toBe(0)
  audience.leave()
})

test('a pause ends with the run that was paused', () => {
  const audience = live.screens.audience()
  const spectator = audience.spectator({ stage: 'collect', round: 1, arm: '' })
  const attempt = { task: listTasks({})[0]!, seed: 1, attempt: 0, session: new Session(chromiumHost()) }
  look('job')
  spectator.began(attempt, { instruction: 'Do it.', elements: [], dropped: 0 })
  live.screens.control('job', { paused: true, delay: 250 })
  audience.leave()
  expect(live.state().controls.job).toEqual({ paused: false, delay: 250 })
})

/** Presses and releases keys. */
async function type(id: string, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await live.recordings.get(id).input({ type: 'keydown', key })
    await live.recordings.get(id).input({ type: 'keyup', key })
  }
}

test('a page that a person works becomes golden samples once it is solved', async () => {
  look()
  const frames = lookAtPictures()
  const id = await live.recordings.begin('login-user', 5)
  const { instruction, recording } = screen(id)
  const [, user = '', password = ''] = /username "(\w+)".*password "(\w+)"/.exec(instruction) ?? []
  expect(recording!.elements.filter(({ role }) => role === 'textbox')).toHaveLength(2)
  await expect(live.recordings.save(id)).rejects.toThrow(/Solve the task first/)
  await vi.waitFor(() => expect(frames.length).toBeGreaterThan(0), 5000)

  // Tab reaches the first field, and keys fill it; the agent's own action fills the second.
  const isReached = () =>
    screen(id)
      .recording!.elements.find(({ role }) => role === 'textbox')!
      .states.includes('focused')
  for (let tabs = 0; tabs < 10 && !isReached(); tabs++) await type(id, ['Tab'])
  await type(id, [...user])
  const field = screen(id).recording!.elements.filter(({ role }) => role === 'textbox')[1]!
  await live.recordings.get(id).act({ kind: 'fill', ref: field.ref, text: password })
  const button = screen(id).recording!.elements.find(({ role }) => role === 'button')!
  await live.recordings.get(id).act({ kind: 'click', ref: button.ref })
  await vi.waitFor(() => expect(screen(id)).toMatchObject({ status: 'success', recording: { ready: true } }), 5000)
  expect(screen(id).recording!.steps.map(({ action }) => action.split(' ')[0])).toEqual(['fill', 'fill', 'click'])

  expect(await live.recordings.save(id, ['the user first'])).toMatchObject({ samples: 3 })
  expect(await live.recordings.save(id, ['the user first'])).toMatchObject({ samples: 3 })
  const samples = await readGoldenData(golden)
  expect(samples).toHaveLength(3)
  expect(samples[0]).toMatchObject({ task: 'login-user', seed: 5, step: 0, source: 'hand' })
  expect(samples[0]!.completion).toMatch(new RegExp(`^Thought: the user first\nAction: fill .* = ${user}$`))
  live.recordings.discard(id)
  await vi.waitFor(() => expect(live.state().screens).toEqual([]))
})

/** Clicks at a point of the picture. */
async function clickAt(id: string, x: number, y: number): Promise<void> {
  await live.recordings.get(id).input({ type: 'move', x, y })
  await live.recordings.get(id).input({ type: 'down', x, y })
  await live.recordings.get(id).input({ type: 'up', x, y })
}

const at = (top: number) => `style="position: fixed; left: 10px; top: ${top}px; width: 120px; height: 20px"`
const written = (id: string) => screen(id).recording!.steps.map(({ action }) => action)

test('mouse and keys are recorded as the agent’s actions', async () => {
  const task = workbench.page(
    `<input id="name" aria-label="Name" ${at(60)}><label ${at(90)}><input type="checkbox" id="box">Sure</label>
     <select id="one" aria-label="One" ${at(120)}><option>a</option><option>b</option></select>
     <button id="go" ${at(150)}><span>Go</span></button><p ${at(180)}>Nothing to click</p>`,
    `$('go').onclick = () => core.judge($('name').value === 'Aé' && $('box').checked && $('one').value === 'b')`,
  )
  look()
  const id = await live.recordings.begin(task.name, 1)
  await clickAt(id, 20, 70)
  await type(id, ['x', 'Backspace', 'A', 'é'])
  expect(written(id)).toEqual(['click Name textbox 1', 'fill Name textbox 1 = Aé'])
  expect(screen(id).step).toBe(2)
  await clickAt(id, 60, 100)
  await live.recordings.get(id).input({ type: 'down', x: 20, y: 130 })
  await live.recordings.get(id).input({ type: 'down', x: 20, y: 130 })
  await live.recordings.get(id).input({ type: 'up', x: 20, y: 130 })
  const { ask } = screen(id).recording!
  expect(ask).toMatchObject({ name: 'One', options: ['a', 'b'] })
  await live.recordings.get(id).act({ kind: 'select', ref: ask!.ref, option: 'b' })
  expect(screen(id).recording!.ask).toBeNull()
  await clickAt(id, 20, 160)
  await vi.waitFor(() => expect(screen(id).recording!.ready).toBe(true), 5000)
  // The click that only moves the focus is not needed, and is left out.
  expect(written(id)).toEqual([
    'fill Name textbox 1 = Aé',
    expect.stringMatching(/^click Sure checkbox \d$/),
    'select One combobox 3 = b',
    'click Go button 4',
  ])
  expect(screen(id).recording!.steps.map((step) => step.id)).toEqual([2, 3, 4, 5])
})

test('arrow keys that choose a field’s suggestion are recorded', async () => {
  const task = workbench.page(
    `<input id="name" aria-label="Name" ${at(60)}><textarea id="more" ${at(90)}></textarea><button id="go" ${at(150)}>Go</button>`,
    `$('name').onkeydown = ({ key }) => { if (key === 'ArrowDown') $('name').value = 'Ada' }
     $('go').onclick = () => core.judge($('name').value === 'Ada')`,
  )
  look()
  const id = await live.recordings.begin(task.name, 1)
  await clickAt(id, 20, 100)
  await type(id, ['ArrowDown'])
  await clickAt(id, 20, 70)
  await type(id, ['A', 'ArrowLeft', 'ArrowDown'])
  await clickAt(id, 20, 160)
  await vi.waitFor(() => expect(screen(id).recording!.ready).toBe(true), 5000)
  expect(written(id)).toEqual(['fill Name textbox 1 = A', 'press ArrowDown', 'click Go button 3'])
})

test('a click that only moves the focus is kept where the task needs it', async () => {
  const task = workbench.page(
    `<input id="when" aria-label="When" ${at(60)}><button id="now" ${at(90)} hidden>Now</button>`,
    `$('when').onfocus = () => { $('now').hidden = false }; $('now').onclick = () => core.judge(true)`,
  )
  look()
  const id = await live.recordings.begin(task.name, 1)
  await clickAt(id, 20, 70)
  await clickAt(id, 20, 100)
  await vi.waitFor(() => expect(screen(id).recording!.ready).toBe(true), 5000)
  expect(written(id)).toEqual(['click When textbox 1', 'click Now button 2'])
})

test('undo restarts the problem and repeats the earlier steps, which keep their ids and thoughts', async () => {
  const task = workbench.page(
    `<input id="name" aria-label="Name" ${at(60)}><button id="go" ${at(90)}>Go</button><button id="no" ${at(120)}>No</button>`,
    `$('go').onclick = () => core.judge($('name').value === 'Ada'); $('no').onclick = () => core.judge(false)`,
  )
  look()
  const id = await live.recordings.begin(task.name, 1)
  await live.recordings.get(id).undo()
  expect(screen(id).recording).toMatchObject({ steps: [], said: null })
  await clickAt(id, 20, 70)
  await type(id, ['A', 'd', 'a'])
  await clickAt(id, 20, 130)
  expect(screen(id)).toMatchObject({ status: 'failure', step: 3 })
  const before = screen(id).recording!.steps
  await live.recordings.get(id).undo()
  expect(screen(id)).toMatchObject({ status: 'playing', ending: null, recording: { said: { id: 'recordUndone' } } })
  expect(screen(id).recording!.steps).toEqual(before.slice(0, 2))
  await clickAt(id, 20, 100)
  await vi.waitFor(() => expect(screen(id).recording!.ready).toBe(true), 5000)
  expect(written(id)).toEqual(['fill Name textbox 1 = Ada', 'click Go button 2'])
  // A thought that was written for an undone step does not appear at another one.
  expect(screen(id).recording!.steps.map((step) => step.id)).toEqual([2, 4])
  await live.recordings.get(id).undo()
  expect(screen(id)).toMatchObject({ status: 'playing', recording: { ready: false } })
  await expect(live.recordings.save(id)).rejects.toThrow()
})

test('where the earlier steps cannot be repeated, undo says so and stops there', async () => {
  const task = workbench.page(
    `<button id="only" ${at(60)} hidden>Only</button><button id="next" ${at(90)}>Next</button>`,
    `window.begun = (window.begun ?? 0) + 1
     $('only').hidden = window.begun > 1`,
  )
  look()
  const id = await live.recordings.begin(task.name, 1)
  for (const y of [70, 100, 100]) await clickAt(id, 20, y)
  expect(written(id)).toHaveLength(3)
  await live.recordings.get(id).undo()
  expect(screen(id).recording).toMatchObject({ steps: [], said: { id: 'recordMoved' } })
  await clickAt(id, 20, 100)
  expect(written(id)).toHaveLength(1)
})

test('unsolved recordings, and those that the agent could not repeat, are not saved', async () => {
  const wrong = workbench.page(`<button id="go" ${at(60)}>Go</button>`, `$('go').onclick = () => core.judge(false)`)
  const drag = workbench.page(
    `<div id="thing" ${at(60)}>Drag me</div>`,
    `let x; addEventListener('mousedown', (event) => { x = event.clientX }); addEventListener('mouseup', (event) => event.clientX > x + 30 && core.judge(true))`,
  )
  look()
  const lost = await live.recordings.begin(wrong.name, 1)
  await clickAt(lost, 20, 70)
  expect(screen(lost)).toMatchObject({ status: 'failure', recording: { ready: false } })
  await expect(live.recordings.save(lost)).rejects.toThrow(/says that this is wrong/)
  const dragged = await live.recordings.begin(drag.name, 1)
  await live.recordings.get(dragged).input({ type: 'down', x: 20, y: 70 })
  await live.recordings.get(dragged).input({ type: 'move', x: 90, y: 70 })
  await live.recordings.get(dragged).input({ type: 'up', x: 90, y: 70 })
  expect(screen(dragged).status).toBe('success')
  await expect(live.recordings.save(dragged)).rejects.toThrow('in the replay, the episode does not end.')
})

test('a recording whose replay does not solve the task says why', async () => {
  const shaken = workbench.page(
    `<button id="go" ${at(60)}>Go</button>`,
    `let shaken = false
     addEventListener('mousemove', ({ buttons }) => { shaken ||= buttons === 1 })
     $('go').onclick = () => core.judge(shaken)`,
  )
  look()
  const id = await live.recordings.begin(shaken.name, 1)
  await live.recordings.get(id).input({ type: 'down', x: 20, y: 70 })
  await live.recordings.get(id).input({ type: 'move', x: 40, y: 70 })
  await live.recordings.get(id).input({ type: 'up', x: 40, y: 70 })
  expect(screen(id).recording!.said).toEqual(message('recordNotEnough', { why: message('againWrong', { step: 1 }) }))
})

test('a recording with an action that cannot be written is not saved', async () => {
  const task = workbench.page(
    `<textarea id="t" ${at(60)}></textarea><button id="go" ${at(150)}>Go</button>`,
    `$('go').onclick = () => core.judge($('t').value.includes('\\n'))`,
  )
  look()
  const id = await live.recordings.begin(task.name, 1)
  await clickAt(id, 20, 70)
  await type(id, ['a', 'Enter'])
  await clickAt(id, 20, 160)
  expect(screen(id).status).toBe('success')
  await expect(live.recordings.save(id)).rejects.toThrow(/step [12] cannot be written as an action/)
})

test('a problem of validation or evaluation can neither be recorded nor saved', async () => {
  const task = workbench.page(`<button id="go" ${at(60)}>Go</button>`, `$('go').onclick = () => core.judge(true)`)
  look()
  await expect(live.recordings.begin(task.name, 1_000_000)).rejects.toThrow(/evaluation problems/)
  const id = await live.recordings.begin(task.name, 1)
  await clickAt(id, 20, 70)
  await vi.waitFor(() => expect(screen(id).recording!.ready).toBe(true), 5000)
  settings = { ...config, validation: { ...config.validation, seed_start: 0 } }
  await expect(live.recordings.save(id)).rejects.toThrow(/validation problems/)
})

test('a person takes over the paused agent’s problem, before its next action, on a page of their own', async () => {
  look('play')
  live.screens.control('play', { paused: true })
  const [played] = await live.play({ task: 'login-user', seed: 3, policies: ['base'], temperature: 0 })
  await vi.waitFor(() => expect(screen(played!).status).toBe('held'), 20_000)
  const before = await live.recordings.takeOver(played!)
  expect(screen(before)).toMatchObject({ kind: 'record', task: 'login-user', seed: 3, recording: { steps: [] } })
  const first = screen(played!).answer!.action
  live.screens.next('play', played)
  await vi.waitFor(() => expect(screen(played!)).toMatchObject({ step: 2, status: 'held' }), 5000)
  expect(written(await live.recordings.takeOver(played!))).toEqual([first])
  expect(screen(played!)).toMatchObject({ status: 'held', step: 2 })
})

test('a recording ends when its window has stayed away', async () => {
  const task = workbench.page('<button>Go</button>', '')
  const other = new Live({ config: () => config, away: 200 })
  const ids = () => other.state().screens.map(({ id }) => id)
  try {
    const kept = await other.recordings.begin(task.name, 1)
    void (async () => {
      for await (const _ of other.sights([kept], leaving.signal));
    })()
    const left = await other.recordings.begin(task.name, 1)
    await vi.waitFor(() => expect(ids()).toEqual([kept]), 3000)
    leaving.abort()
    await vi.waitFor(() => expect(ids()).toEqual([]), 3000)
    // Its window is told when it returns. A recording that was closed by hand is not reported.
    const discarded = await other.recordings.begin(task.name, 2)
    other.recordings.discard(discarded)
    await vi.waitFor(() => expect(ids()).toEqual([]), 3000)
    const closed = { task: task.name, seed: 1, why: 'away', minutes: 200 / 60_000 }
    expect(other.state().closed).toEqual([
      { ...closed, screen: left },
      { ...closed, screen: kept },
    ])
  } finally {
    await other.close()
  }
})

test('where no page is left for a recording, one whose window is away is closed', async () => {
  const task = workbench.page('<button>Go</button>', '')
  const record = () => live.recordings.begin(task.name, 1)
  const [first, second, third, fourth] = [await record(), await record(), await record(), await record()]
  lookAtPictures([first, third, fourth])
  const fifth = await record()
  await vi.waitFor(() => expect(live.state().screens.map(({ id }) => id)).toEqual([first, third, fourth, fifth]))
  expect(live.state().closed).toMatchObject([{ screen: second, why: 'room' }])
  lookAtPictures([fifth])
  await expect(record()).rejects.toThrow(/You have 4 pages open already/)
})

test('picture, caption and outcome are of one problem in every message', async () => {
  // Red problems succeed and blue ones fail, so that each part says by itself which problem it belongs to.
  const task = workbench.page(
    '<button>Go</button>',
    `const red = core.sample([true, false])
     core.ask(red ? 'red' : 'blue')
     document.documentElement.style.background = document.body.style.background = red ? '#f00' : '#00f'
     document.querySelector('#area button').onclick = () => core.judge(red)`,
  )
  const host = chromiumHost()
  const session = new Session(host)
  const audience = live.screens.audience()
  const sights = lookAtPictures()
  const spectator = audience.spectator({ stage: 'collect', round: 1, arm: '' })
  look('job')
  for (let seed = 0; seed < 40; seed++) {
    // Viewers see some of the first, and every one of the others.
    if (seed === 10) live.screens.control('job', { delay: 1 })
    // As a rollout does it that opens problems before their attempts have pages.
    if (seed % 4 === 0) await session.reset(task, seed + 1000)
    const attempt = { task, seed, attempt: 0, session }
    const observation = await session.reset(task, seed)
    spectator.began(attempt, observation)
    await new Promise((resolve) => setTimeout(resolve, (seed * 37) % 150))
    const { ending } = await session.step({ kind: 'click', ref: 1 })
    await spectator.ended(attempt, ending!, leaving.signal)
    await new Promise((resolve) => setTimeout(resolve, (seed * 23) % 60))
  }
  audience.leave()
  leaving.abort()
  const canvas = await host.open()
  const colours = await canvas.evaluate(
    coloursOf,
    sights.map(({ jpeg }) => jpeg!),
  )
  await host.close()
  const outcomes = { red: 'success', blue: 'failure' }
  expect(sights.length).toBeGreaterThan(20)
  expect(new Set(colours)).toEqual(new Set(['red', 'blue']))
  const wrong = sights.flatMap(({ screen: { seed, instruction, status } }, i) => {
    const colour = colours[i]!
    return instruction === colour && ['playing', outcomes[colour]].includes(status)
      ? []
      : [{ seed, instruction, status, colour }]
  })
  expect(wrong).toEqual([])
})

/** In a page: what stands in the lower right corner of each picture. */
async function coloursOf(jpegs: readonly string[]): Promise<('red' | 'blue')[]> {
  const colours: ('red' | 'blue')[] = []
  for (const jpeg of jpegs) {
    const image = new Image()
    image.src = `data:image/jpeg;base64,${jpeg}`
    await image.decode()
    const context = Object.assign(document.createElement('canvas'), {
      width: image.width,
      height: image.height,
    }).getContext('2d')!
    context.drawImage(image, 0, 0)
    const [red = 0, , blue = 0] = context.getImageData(image.width - 5, image.height - 5, 1, 1).data
    colours.push(red > blue ? 'red' : 'blue')
  }
  return colours
}

test('a task’s page is pictured once, and again where it has changed; one that fails is tried again', async () => {
  const { name, url } = workbench.page('<button>Blue</button>', '')
  expect(await live.pictures.taken(name)).toBeUndefined()
  const first = await live.pictures.of(name)
  expect(await live.pictures.taken(name)).toBe(first)
  expect([...first.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff])
  expect(await live.pictures.of(name)).toBe(first)
  const file = fileURLToPath(url)
  const page = readFileSync(file, 'utf8')
  writeFileSync(file, page.replace('Blue', 'Quite another text'))
  utimesSync(file, new Date(), new Date(Date.now() + 5000))
  expect(await live.pictures.of(name)).not.toEqual(first)
  writeFileSync(file, 'no task')
  utimesSync(file, new Date(), new Date(Date.now() + 10_000))
  await expect(live.pictures.of(name)).rejects.toThrow(`The page of ${name} failed`)
  writeFileSync(file, page)
  expect((await live.pictures.of(name)).length).toBeGreaterThan(500)
  await expect(live.pictures.taken('no-such-task')).rejects.toThrow('There is no task no-such-task')
  await expect(live.pictures.of('no-such-task')).rejects.toThrow('There is no task no-such-task')
})
