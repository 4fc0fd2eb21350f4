import { describe, expect, it } from 'vitest'
import { type StageRecord, stopsOf } from './path.ts'

const record = (stage: string, over: Partial<StageRecord> = {}): StageRecord => ({
  run: 1,
  stage,
  round: 0,
  status: 'done',
  started: 0,
  ended: 1,
  seconds: 2,
  result: null,
  line: '',
  ...over,
})

describe('stopsOf', () => {
  it('counts golden samples to SFT and leaves what was not begun idle', () => {
    const [verify, sft, collect] = stopsOf([
      record('verify'),
      record('golden'),
      record('sft', { status: 'running', seconds: 5 }),
    ])
    expect(verify).toMatchObject({ status: 'done', seconds: 2 })
    expect(sft).toMatchObject({ status: 'running', seconds: 7 })
    expect(collect).toMatchObject({ status: 'idle', seconds: null })
  })

  it('shows how the last round stands', () => {
    const stops = stopsOf([record('collect', { round: 1 }), record('collect', { round: 2, status: 'interrupted' })])
    expect(stops.find(({ stop }) => stop === 'collect')).toMatchObject({ status: 'stopped', seconds: 4 })
  })
})
