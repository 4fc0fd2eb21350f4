import { expect, test } from 'vitest'
import { filteredTasks, presetsOf } from './filter.ts'

const task = (name: string, group: 'one-step' | 'pointer', expert: boolean) => ({
  ...{ name, title: name.replace('-', ' '), group, category: 'click', expert },
})
const TASKS = [
  task('click-tab', 'one-step', true),
  task('drag-box', 'pointer', true),
  task('click-link', 'one-step', false),
]
const found = (query: Record<string, string>) => filteredTasks(TASKS, query).map(({ name }) => name)

test('tasks are found by words, group and expert', () => {
  expect(found({ search: 'click', expert: 'no' })).toEqual(['click-link'])
  expect(found({ search: 'BOX', group: 'pointer' })).toEqual(['drag-box'])
  expect(found({ group: 'odd', expert: 'odd' })).toHaveLength(3)
})

test('presets have tasks with an expert, and what is in reach has no pointer', () => {
  expect(presetsOf(TASKS).map(({ id, tasks }) => [id, tasks.map(({ name }) => name)])).toEqual([
    ['one-step', ['click-tab']],
    ['pointer', ['drag-box']],
    ['reach', ['click-tab']],
  ])
})
