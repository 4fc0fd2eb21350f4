import { describe, expect, it } from 'vitest'
import { firstDifference } from './first-difference.ts'

describe('firstDifference', () => {
  it('shows the words from where the actions differ', () => {
    const chosen = 'Thought: click meno\nAction: click meno button 2'
    const rejected = 'Thought: click meno\nAction: click vomi button 1'
    expect(firstDifference(chosen, rejected)).toEqual({
      before: '',
      chosen: 'meno button 2',
      rejected: 'vomi button 1',
    })
  })

  it('compares the thoughts where the actions agree', () => {
    expect(firstDifference('Thought: a\nAction: press Tab', 'Thought: b\nAction: press Tab')).toEqual({
      before: '',
      chosen: 'a Action: press Tab',
      rejected: 'b Action: press Tab',
    })
  })

  it('begins at the word before where a single word would say nothing', () => {
    const difference = firstDifference('Action: click Ok button 5', 'Action: click Ok button 2')
    expect(difference).toEqual({ before: 'button', chosen: '5', rejected: '2' })
  })

  it('shows no earlier word at the start of the text', () => {
    expect(firstDifference('one', 'two')).toEqual({ before: '', chosen: 'one', rejected: 'two' })
  })

  it('marks a side that has nothing more', () => {
    expect(firstDifference('Action: click a 1', 'Action: click a 1 2')).toEqual({
      before: '1',
      chosen: '∅',
      rejected: '2',
    })
  })
})
