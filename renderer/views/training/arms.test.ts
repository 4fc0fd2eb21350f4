import i18next from 'i18next'
import { expect, test } from 'vitest'
import { ENGLISH } from '../../../main/messages/en.ts'
import { words } from '../../i18n/en.ts'
import { chosenArms, idOf, latestTraining, NO_ARMS, stageOf, trainingName } from './arms.ts'

const t = await i18next.createInstance().init({ lng: 'en', resources: { en: { translation: words, lab: ENGLISH } } })

const arm = (name: string, round = 1, stage = 'dpo', run = 1) => ({ run, stage, round, arm: name })

test('by default the curves of the latest run that trains are shown', () => {
  const runs = [{ command: 'verify' }, { command: 'dpo' }, { command: 'sft' }]
  expect(latestTraining(runs)).toBe(runs[1])
  expect(latestTraining(runs.slice(0, 1))).toBe(runs[0])
  expect(latestTraining([])).toBeUndefined()
})

test('the address names the stage, else the latest stage is shown', () => {
  expect(stageOf('sft', [arm('dpo')])).toBe('sft')
  expect(stageOf(undefined, [arm('sft', 1, 'sft')])).toBe('sft')
  expect(stageOf(undefined, [arm('sft', 1, 'sft'), arm('dpo')])).toBe('dpo')
  expect(stageOf('golden', [])).toBe('sft')
})

test('by default the main training of the latest round is shown', () => {
  const arms = [arm('dpo', 1), arm('nll_chosen', 2), arm('dpo', 2)]
  expect(chosenArms(undefined, arms, 'dpo')).toEqual([arm('dpo', 2)])
  expect(chosenArms(undefined, [arm('replay'), arm('nll_chosen')], 'dpo')).toEqual([arm('replay')])
})

test('the address chooses trainings, or none', () => {
  const arms = [arm('dpo'), arm('replay')]
  expect(chosenArms(idOf(arm('replay')), arms, 'dpo')).toEqual([arm('replay')])
  expect(chosenArms(arms.map(idOf).join('.'), arms, 'dpo')).toEqual(arms)
  expect(chosenArms(NO_ARMS, arms, 'dpo')).toEqual([])
})

test('a name tells a training from the others', () => {
  expect(trainingName(t, arm('dpo'), [arm('dpo')], false)).toBe('DPO')
  expect(trainingName(t, arm('dpo'), [arm('dpo'), arm('dpo', 2)], false)).toBe('DPO · round 1')
  expect(trainingName(t, arm('dpo', 1, 'dpo', 4), [arm('dpo')], true)).toBe('Run 4 · DPO')
})
