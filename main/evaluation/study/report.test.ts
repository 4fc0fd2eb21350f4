import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sampleStudy } from '../../../testing/sample-study.ts'
import { wordsFor } from '../words.ts'
import type { StudyMetrics } from './page.ts'
import { STUDY_FILES, studyFile, writeStudyReport } from './report.ts'
import { studyText } from './terminal.ts'

const HOSTILE = '</style><script>alert(1)</script>'
const data = sampleStudy({ seeds: [1, 2, 3], variants: { 'as it is': 0.6, [HOSTILE]: 0.8 } })
const metrics: StudyMetrics[] = data.runs.map(({ variant, seed, run }) => ({
  variant,
  seed,
  metrics: [1, 2, 3].map((step) => ({
    run,
    stage: 'dpo',
    round: 1,
    arm: 'dpo',
    step,
    name: 'rewards/margins',
    value: step * seed,
  })),
}))
const folder = mkdtempSync(join(tmpdir(), 'study-report-'))
const summary = writeStudyReport(folder, data, metrics, { name: 'beta' })
const [page, json, csv, markdown] = STUDY_FILES.map((name) => readFileSync(join(folder, name), 'utf8'))

test('the page has every seed, means with intervals, differences, tasks and curves, and no script', () => {
  for (const heading of ['Success of every policy', 'Differences', 'Task by task', 'Training', 'The study']) {
    expect(page).toContain(`<h2>${heading}</h2>`)
  }
  expect(page).not.toContain('<script')
  expect(page).toContain('&#60;/style&#62;')
  // Six arms (four shared, two DPO) of three seeds, overall and in two tasks.
  expect(page?.match(/<circle class="seed"/g)).toHaveLength(6 * 3 * 3)
  expect(page?.match(/class="band"/g)).toHaveLength(2)
  // The band reaches from the lowest to the highest seed.
  expect(page).toContain('Reward margin')
})

test('the seeds and the means stand on the same axis', () => {
  const charts = [...page!.matchAll(/<figure[^>]*><div class="chart">.*?<\/figure>/gs)].map(([chart]) => chart)
  const [seeds, means] = charts.map((chart) => chart.match(/<text class="tick"[^>]*>[^<]*/g))
  expect(seeds).not.toBeNull()
  expect(means).toEqual(seeds)
})

test('study.json is the summary', () => {
  expect(JSON.parse(json!)).toEqual(JSON.parse(JSON.stringify(summary)))
  expect(Object.keys(JSON.parse(json!))).toEqual(expect.arrayContaining(['arms', 'comparisons', 'seeds', 'problems']))
})

test('study.csv has a line an episode, from which any test can be made', () => {
  const lines = csv!.trim().split('\r\n')
  expect(lines[0]).toBe('variant,policy,training_seed,run,task,problem_seed,outcome')
  expect(lines).toHaveLength(1 + 3 * 2 * 5 * 60)
  expect(lines[1]).toBe('as it is,sft,1,10,click-tab,0,failure')
})

test('study.md has a table of arms and one of tasks', () => {
  expect(markdown).toContain('| policy | mean | seed 1 | seed 2 | seed 3 |')
  expect(markdown).toMatch(/\| click-tab \| \d+\.\d \(\d+\.\d-\d+\.\d\) \|/)
  expect(markdown).not.toContain('<script>')
})

test('the terminal shows every arm with its seeds, every comparison, and the verdict', () => {
  const lines = studyText(summary).split('\n')
  expect(lines[0]).toMatch(/^policy +mean {2}95% interval {3}seeds 1, 2, 3$/)
  expect(lines.filter((line) => /^SFT {2}|^DPO \(as it is\) {2}/.test(line))).toHaveLength(2)
  expect(studyText(summary)).toMatch(
    /DPO \(as it is\) against SFT: \S+ points \(.*\), mixed-effects p .* exact p .* of 4 tested together p /,
  )
})

test('the page comes in Chinese, without a sentence of English', async () => {
  const chinese = studyFile('study.html', data, metrics, {}, await wordsFor('zh-CN'))
  expect(chinese).toContain('<html lang="zh-CN">')
  for (const heading of ['各策略的成功率', '差异', '逐个任务', '训练', '这项研究']) {
    expect(chinese).toContain(`<h2>${heading}</h2>`)
  }
  const text = chinese.replace(/<style>.*?<\/style>|<pre>.*?<\/pre>|<[^>]*>/gs, ' ').replaceAll('as it is', '')
  // Names, authors and abbreviations stay; three English words in a row are a sentence that nobody translated.
  expect(text.match(/[A-Za-z]+ [a-z]+ [a-z]+/g)).toBeNull()
})
