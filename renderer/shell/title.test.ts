import i18next from 'i18next'
import { expect, test } from 'vitest'
import type { CurrentJob } from '../../main/jobs.ts'
import { message } from '../../main/messages/message.ts'
import { words } from '../i18n/en.ts'
import { titleOf } from './title.ts'

const t = await i18next.createInstance().init({ lng: 'en', resources: { en: { translation: words } } })

const job: CurrentJob = { command: 'pipeline', run: 3, study: null, since: 0, stage: null, progress: null }
const counted = message('unitTasks')

function title(shown: Partial<Parameters<typeof titleOf>[1]>): string {
  return titleOf(t, { lost: false, view: 'live', current: null, unseen: null, ...shown })
}

test('the title is the stage with its progress while a run is at work', () => {
  const stage = { name: 'dpo', title: '', round: 0 }
  const progress = { done: 429, total: 1000, counted, rate: 1, eta: null }
  expect(title({ current: { ...job, stage, progress } })).toBe('42% DPO - DPO-Driver Lab')
  expect(title({ current: { ...job, stage } })).toBe('DPO - DPO-Driver Lab')
  expect(title({ current: job, unseen: { run: 2, status: 'done' } })).toBe('Whole pipeline - DPO-Driver Lab')
})

test('an end stays in the title until it was seen; otherwise the view has it', () => {
  expect(title({ unseen: { run: 3, status: 'done' } })).toBe('Done: run 3 - DPO-Driver Lab')
  expect(title({ unseen: { run: 3, status: 'failed' } })).toBe('Failed: run 3 - DPO-Driver Lab')
  expect(title({ unseen: { run: 3, status: 'stopped' } })).toBe('Stopped: run 3 - DPO-Driver Lab')
  expect(title({})).toBe('Live - DPO-Driver Lab')
})

test('a lab that does not answer is in the title, and nothing that may have passed', () => {
  expect(title({ lost: true, current: job, unseen: { run: 2, status: 'done' } })).toBe('No answer - DPO-Driver Lab')
})
