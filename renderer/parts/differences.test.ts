import { describe, expect, it } from 'vitest'
import { lineDifferences, wordDifferences } from './differences.ts'

const join = (pieces: ReturnType<typeof wordDifferences>, side: 'left' | 'right') =>
  pieces
    .filter((piece) => piece.side === 'both' || piece.side === side)
    .map(({ text }) => text)
    .join('')

describe('differences', () => {
  const [chosen, rejected] = [
    'Thought: click meno\nAction: click meno button 2',
    'Thought: click vomi\nAction: click vomi button 1',
  ]

  it('marks the words that differ and keeps all text of both sides', () => {
    const pieces = wordDifferences(chosen, rejected)
    expect(join(pieces, 'left')).toBe(chosen)
    expect(join(pieces, 'right')).toBe(rejected)
    expect(pieces.filter(({ side }) => side === 'left').map(({ text }) => text)).toEqual(['meno', 'meno', '2'])
  })

  it('keeps lines whole', () => {
    const pieces = lineDifferences('a\nb\nc\n', 'a\nB\nc\n')
    expect(pieces).toEqual([
      { text: 'a\n', side: 'both' },
      { text: 'b\n', side: 'left' },
      { text: 'B\n', side: 'right' },
      { text: 'c\n', side: 'both' },
    ])
  })
})
