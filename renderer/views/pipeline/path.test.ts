import { describe, expect, it } from 'vitest'
import { chosenStop, concerns, STOPS, type StageRecord, stopsOf } from './path.ts'

const record = (stage: string, over: Partial<StageRecord> = {}): StageRecord => ({
  run: 1,
  stage,
  round: 0,
  status: 'done',
  started: 0,
  ended: 1,
  seconds: 2,
  result: null,
  line: null,
  ...over,
})

describe('stopsOf', () => {
  it('counts golden samples to SFT, and shows stages that have not begun as idle', () => {
    const [verify, sft, collect] = stopsOf([
      record('verify'),
      record('golden'),
      record('sft', { status: 'running', seconds: 5 }),
    ])
    expect(verify).toMatchObject({ status: 'done', seconds: 2 })
    expect(sft).toMatchObject({ status: 'running', seconds: 7 })
    expect(collect).toMatchObject({ status: 'idle', seconds: null })
  })

  it('shows the state of the last round', () => {
    const stops = stopsOf([record('collect', { round: 1 }), record('collect', { round: 2, status: 'interrupted' })])
    expect(stops.find(({ stop }) => stop === 'collect')).toMatchObject({ status: 'stopped', seconds: 4 })
  })
})

describe('chosenStop', () => {
  const stops = STOPS.map((stop) => ({ stop, status: stop === 'verify' || stop === 'sft' ? 'done' : 'idle' }) as const)

  it('is the one in the address, else the running one, else the last that has begun', () => {
    expect(chosenStop('dpo', 'collect', stops)).toBe('dpo')
    expect(chosenStop('golden', 'collect', stops)).toBe('collect')
    expect(chosenStop(undefined, undefined, stops)).toBe('sft')
    expect(chosenStop(undefined, undefined, [])).toBe('verify')
  })
})

describe('concerns', () => {
  const stopsWith = (...commands: string[]) => STOPS.filter((stop) => concerns({ key: 'any', commands }, stop))

  it('shows a setting at the stages that read it', () => {
    expect(stopsWith('sft', 'dpo')).toEqual(['sft', 'dpo'])
  })

  it('shows settings of every stage at the first, and settings of the whole pipeline at the last', () => {
    expect(stopsWith()).toEqual(['verify'])
    expect(stopsWith('pipeline')).toEqual(['evaluate'])
  })

  it('shows settings of the experiment at no stage', () => {
    expect(STOPS.filter((stop) => concerns({ key: 'tasks', commands: [] }, stop))).toEqual([])
  })
})
