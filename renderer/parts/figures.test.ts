import i18next from 'i18next'
import { describe, expect, it } from 'vitest'
import { bytes, clock, decimal, duration, metric, moment, percent } from './figures.ts'

describe('figures', () => {
  it('writes shares in percent, and numbers with a real minus sign', () => {
    expect(percent(0.6838)).toBe('68.4')
    expect([-3.841, -0.001, 2].map((value) => decimal(value))).toEqual(['−3.84', '0.00', '2.00'])
  })

  it('writes times as clocks', () => {
    expect([0, 0.0436, 8.24, 42, 245, 3723].map(duration)).toEqual([
      '0 ms',
      '44 ms',
      '8.2 s',
      '42 s',
      '4 min 05 s',
      '1 h 02 min',
    ])
  })

  it('writes times in the language of the window', async () => {
    await i18next.init({ lng: 'zh-CN' })
    expect([0.0436, 42, 245, 3723].map(duration)).toEqual(['44 毫秒', '42 秒', '4 分 05 秒', '1 小时 02 分'])
    await i18next.changeLanguage('en')
    expect(duration(245)).toBe('4 min 05 s')
  })

  it('writes bytes in decimal units', () => {
    expect([0, 900, 1000, 1536, 8e9, 15.23e9].map(bytes)).toEqual([
      '0 B',
      '900 B',
      '1.0 kB',
      '1.5 kB',
      '8.0 GB',
      '15 GB',
    ])
  })

  it('writes moments and times of day in the reader’s language', () => {
    const at = new Date(2026, 2, 4, 0, 5, 9).getTime()
    expect(clock(at, 'en')).toBe('00:05:09')
    expect(moment(at, 'en-GB')).toBe('4 Mar 2026, 00:05')
    expect(moment(at, 'zh-CN')).toBe('2026年3月4日 00:05')
  })

  it('keeps four digits of a metric, whatever its size', () => {
    expect([0, 0.70314, 12.5, -3, 0.0000123, 123456].map(metric)).toEqual([
      '0',
      '0.7031',
      '12.5',
      '−3',
      '1.2e-5',
      '123,456',
    ])
  })
})
