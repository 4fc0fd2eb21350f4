import { expect, test } from 'vitest'
import { sampleRun } from '../../testing/sample-run.ts'
import { english } from '../messages/say.ts'
import { markdownTable } from './markdown.ts'
import { summarise } from './summary.ts'
import { findingMessage } from './verdict.ts'

test('the table has a line a task, a column an arm, and the verdict below', () => {
  const summary = summarise(sampleRun())
  const lines = markdownTable(summary).split('\n')
  const { tasks, arms } = summary.table
  expect(lines.slice(0, 2)).toEqual([
    expect.stringMatching(/^\| task \| SFT \|/),
    `| --- |${' ---: |'.repeat(arms.length)}`,
  ])
  expect(lines.slice(2, 2 + tasks.length).map((line) => line.split(' ')[1])).toEqual(tasks.map(({ name }) => name))
  expect(lines[2 + tasks.length]).toMatch(/^\| \*\*overall\*\* \| \d+\.\d \(\d+\.\d-\d+\.\d\) \|/)
  expect(lines[0]).toContain('| SFT on own successes | NLL on chosen | Golden replay only |')
  expect(lines.join('\n')).toContain('- DPO against Golden replay only: ')
  expect(lines).toEqual(expect.arrayContaining([...summary.verdict.map((finding) => english(findingMessage(finding)))]))
})

test('what a task is called is no markup', () => {
  const run = sampleRun()
  const [first] = run.arms
  const written = (task: string) => {
    const episodes = first!.episodes.map((episode) => ({ ...episode, task }))
    return markdownTable(summarise({ ...run, arms: [{ name: 'sft', episodes }] })).split('\n')[2]
  }
  expect(written('a|b')).toContain('| a\\|b |')
  expect(written('click-tab-2')).toContain('| click-tab-2 |')
  expect(written('<img src=x>\n# *a* [b](http://c) `d` @e \x1b[2J')).toContain(
    '| \\<img src\\=x\\> \\# \\*a\\* \\[b\\]\\(http\\:\\/\\/c\\) \\`d\\` \\@e \uFFFD\\[2J |',
  )
})
