import { expect, test } from 'vitest'
import { message } from '../main/messages/message.ts'
import type { LabEvent } from '../main/pipeline/events.ts'
import { duration, jsonView, terminalView } from './terminal.ts'

const progress = (done: number): LabEvent => ({
  event: 'progress',
  stage: 'collect',
  round: 1,
  done,
  total: 200,
  unit: 'episodes',
  counted: message('unitEpisodes'),
  rate: 12.4,
  eta: 90,
})

function screen(isTTY: boolean) {
  let text = ''
  return { isTTY, columns: 80, write: (more: string) => (text += more), text: () => text }
}

test('a terminal shows a bar that is redrawn, and cleared before the next line', () => {
  const shown = screen(true)
  let now = 0
  const emit = terminalView(shown, () => now)
  for (now = 1000; now <= 1200; now += 50) emit(progress(100))
  emit({
    event: 'message',
    stage: 'collect',
    round: 1,
    id: 'verbatim',
    values: { text: 'two\nlines' },
    text: 'two\nlines',
  })
  const bar = '\r\x1b[K  [############............] 100/200 episodes, 12/s, 1:30 min to go'
  expect(shown.text()).toBe(`${bar}${bar}${bar}\r\x1b[K  two\n  lines\n`)
})

test('a warning begins with that word, and in a terminal has a colour of its own', () => {
  const values = { tasks: ['click-tab'] }
  const event = {
    event: 'message',
    stage: 'sft',
    round: 0,
    id: 'noExpert',
    values,
    text: 'There is no expert',
  } as const
  const [plain, terminal] = [screen(false), screen(true)]
  for (const shown of [plain, terminal]) terminalView(shown)(event)
  expect(plain.text()).toBe('  Warning: There is no expert\n')
  expect(terminal.text()).toBe('\x1b[33m  Warning: There is no expert\x1b[39m\n')
})

test('without a terminal a line is printed every ten seconds', () => {
  const shown = screen(false)
  let now = 0
  const emit = terminalView(shown, () => now)
  emit({
    event: 'stage',
    stage: 'collect',
    title: 'tries tasks',
    round: 1,
    status: 'running',
    seconds: 0,
    result: null,
  })
  for (now = 1000; now <= 25_000; now += 1000) emit(progress(now / 1000))
  expect(shown.text()).toBe(
    'collect, round 1: tries tasks\n  10/200 episodes, 12/s, 1:30 min to go\n  20/200 episodes, 12/s, 1:30 min to go\n',
  )
})

test('what a model or a page writes is no command to the terminal', () => {
  const shown = screen(true)
  const values = { text: '' }
  terminalView(shown, () => 0)({ event: 'message', stage: 'x', round: 0, id: 'verbatim', values, text: 'a\x1b[2Jb\rc' })
  expect(shown.text()).toBe('  a\uFFFD[2Jb\uFFFDc\n')
})

test('scripts get each event as a line of JSON', () => {
  const shown = screen(false)
  const emit = jsonView(shown)
  emit(progress(1))
  emit(progress(2))
  expect(
    shown
      .text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([progress(1), progress(2)])
})

test.each([
  [8.24, '8.2 s'],
  [245, '4:05 min'],
  [59.99, '60.0 s'],
  [3723, '1:02:03 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})
