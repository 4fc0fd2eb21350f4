import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { curves, HOSTILE, sampleRun, stream } from '../../testing/sample-run.ts'
import { english } from '../messages/say.ts'
import { lineChart, movingMean } from './chart.ts'
import { onSharedProblems } from './evaluate.ts'
import { points } from './figures.ts'
import { escapeHtml, html } from './html.ts'
import { reportPage } from './page.ts'
import { metricsCsv, writeReport } from './report.ts'
import { type Summary, summarise } from './summary.ts'
import { textTable } from './terminal.ts'
import { ticks } from './ticks.ts'
import { findingMessage } from './verdict.ts'
import { wordsFor } from './words.ts'

const sentences = ({ verdict }: Summary) => verdict.map((finding) => english(findingMessage(finding)))

describe('the report of a run', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'report-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('is three whole files', async () => {
    const data = sampleRun()
    writeReport(folder, data)
    expect((await readdir(folder)).sort()).toEqual(['metrics.csv', 'report.html', 'summary.json'])
    const csv = (await readFile(join(folder, 'metrics.csv'), 'utf8')).trimEnd().split('\r\n')
    expect(csv).toHaveLength(data.metrics.length + 1)
  })

  test('holds the promised figures for scripts', async () => {
    const data = sampleRun()
    writeReport(folder, data)
    const summary = JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'))
    for (const arm of ['sft', 'dpo', 'successSft', 'nllChosen', 'replay']) {
      const { success, n, low, high } = summary[arm]
      expect(n).toBeGreaterThan(340)
      expect(low).toBeLessThan(success)
      expect(high).toBeGreaterThan(success)
      expect(summary.tasks['click-tab'][arm].n).toBeGreaterThan(45)
    }
    const arms = ['sft', 'dpo', 'successSft', 'nllChosen', 'replay']
    expect(new Set(arms.map((arm) => summary[arm].n)).size).toBe(1)
    const sft = onSharedProblems(data.arms)[0]!.episodes.filter(({ outcome }) => outcome !== 'fault')
    expect(summary.sft.success).toBe(sft.filter(({ outcome }) => outcome === 'success').length / sft.length)
    expect(summary.mcnemar).toEqual({ won: expect.any(Number), lost: expect.any(Number), p: expect.any(Number) })
    expect(summary.against.successSft.won).toBeGreaterThan(summary.against.successSft.lost)
    expect(summary.verdict[0]).toMatchObject({ kind: 'learned', standing: 'better', arm: 'dpo', against: 'sft' })
    expect(summary.wall).toEqual(data.wall)
  })

  test('names the golden samples that would help most, where problems were never solved', () => {
    const data = sampleRun()
    const text = (run: typeof data) => reportPage(run, summarise(run))
    expect(text(data)).toContain('<th scope="row">click-tab</th><td>19 of 40</td><td>6.8%</td><td>100004</td>')
    expect(text({ ...data, unsolved: [] })).not.toContain('golden sample would help')
  })

  test('shows episodes step by step, with pictures or with the text of the page', () => {
    const data = sampleRun()
    const text = reportPage(data, summarise(data))
    expect(text).toContain('DPO failed')
    expect(text).toContain('click-tab, seed 1000003')
    expect(text).toContain('src="data:image/jpeg;base64,/9j/4A=="')
    expect(text).toContain(`tab ${escapeHtml(HOSTILE)} 1`)
    expect(reportPage({ ...data, examples: [] }, summarise(data))).not.toContain('Example replays')
  })

  test('is in Chinese as a whole', async () => {
    const data = sampleRun()
    const text = reportPage(data, summarise(data), await wordsFor('zh-CN'))
    expect(text).toContain('<html lang="zh-CN">')
    const shown = text
      .replace(/<style>.*?<\/style>|<pre>.*?<\/pre>|<dl>.*?<\/dl>|<title>.*?<\/title>/gs, '')
      .replaceAll(escapeHtml(HOSTILE), '')
      .replace(/<[^>]*>/g, '\n')
    const words = new Set(shown.match(/[A-Za-z][a-z]{3,}(?:[ -][a-z]+)*/g))
    // Names, a command, and what the agent wrote.
    const names = /^(click|choose|enter|use|login|tab|beta|driver|Driver|Wilson|Nemar|second tab)/
    expect([...words].filter((word) => !names.test(word))).toEqual([])
  })

  test('compares SFT and DPO with the base model, where that played', async () => {
    const run = sampleRun()
    const [sft] = run.arms
    const base = {
      name: 'base',
      episodes: sft!.episodes.map((one) => ({ ...one, outcome: 'failure', reason: 'form', reward: 0 }) as const),
    }
    const summary = writeReport(folder, { ...run, arms: [base, ...run.arms] })
    expect(summary.against.base).toMatchObject({ arm: 'dpo', lost: 0 })
    expect(summary.sftAgainst.base).toMatchObject({ arm: 'sft', lost: 0, won: expect.any(Number) })
    expect(textTable(summary)).toMatch(/^SFT against Base model: \+/m)
    expect(JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8')).sftAgainst.base.arm).toBe('sft')
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('SFT against Base model')
    expect(summarise(run).sftAgainst).toEqual({})
  })

  test('says what max_length cut, and how much of it was left out', async () => {
    const truncations = [
      { stage: 'dpo', round: 2, what: 'pairs', of: 40, cut: 3, dropped: 1, max_length: 512 } as const,
    ]
    writeReport(folder, { ...sampleRun(), truncations })
    const summary = JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'))
    expect(summary.truncations).toEqual(truncations)
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain(
      '<th scope="row">dpo, round 2: pairs</th><td>40</td><td>512</td><td>3</td><td>1</td>',
    )
    writeReport(folder, sampleRun())
    expect(JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'))).not.toHaveProperty('truncations')
    expect(await readFile(join(folder, 'report.html'), 'utf8')).not.toContain('too long for training')
  })

  test('takes the curves of a long training: 200,000 values and more', async () => {
    const metrics = curves('dpo', 1, 'dpo', 26_000, stream(3))
    expect(metrics.length).toBeGreaterThan(200_000)
    writeReport(folder, { ...sampleRun(5), metrics })
    const csv = await readFile(join(folder, 'metrics.csv'), 'utf8')
    expect(csv.trimEnd().split('\r\n')).toHaveLength(metrics.length + 1)
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('<path class="line"')
  })

  test('lets nothing in that a page or a model wrote', async () => {
    writeReport(folder, sampleRun())
    // The only pictures are those of the store.
    const page = (await readFile(join(folder, 'report.html'), 'utf8')).replace(
      '<img alt="" src="data:image/jpeg;base64,/9j/4A==">',
      '',
    )
    expect(page).toContain(escapeHtml(HOSTILE))
    expect(page).not.toContain('<script')
    expect(page).not.toContain('<img')
    expect(page.match(/<\/style>/g)).toHaveLength(1)
    expect(page).toContain("default-src 'none'")
    expect(page).not.toMatch(/<[^>]*\s(?:src|href|on\w+)=/)
    expect(page).not.toMatch(/NaN|undefined|\[object/)
  })

  test('stands up to runs with next to nothing in them', async () => {
    const data = sampleRun()
    for (const bare of [
      { ...data, arms: [], metrics: [], pairs: [], wall: {}, facts: {}, settings: undefined },
      { ...data, arms: data.arms.slice(0, 1), metrics: [], pairs: [] },
      {
        ...data,
        arms: data.arms.map((arm) => ({ ...arm, episodes: arm.episodes.slice(0, 1) })),
        metrics: data.metrics.slice(0, 1),
      },
    ]) {
      expect(textTable(writeReport(folder, bare))).not.toMatch(/NaN|undefined/)
      expect(await readFile(join(folder, 'report.html'), 'utf8')).not.toMatch(/NaN|undefined|Infinity/)
    }
  })
})

test('the verdict calls a gain within its interval none, and says which controls DPO does not beat', () => {
  const data = sampleRun()
  const [sft, dpo] = data.arms
  const none = summarise({ ...data, arms: [sft!, { name: 'dpo', episodes: sft!.episodes }] })
  expect(sentences(none)[0]).toMatch(/^No measurable change from SFT to DPO/)
  const worse = summarise({
    ...data,
    arms: [
      { name: 'sft', episodes: dpo!.episodes },
      { name: 'dpo', episodes: sft!.episodes },
    ],
  })
  expect(sentences(worse)[0]).toMatch(/^DPO solves fewer problems than SFT/)
  const equal = summarise({ ...data, arms: [sft!, dpo!, { name: 'success_sft', episodes: dpo!.episodes }] })
  expect(sentences(equal)).toEqual([
    expect.stringMatching(/^DPO solves more/),
    'No measurable difference between DPO and “SFT on own successes”.',
  ])
  const controls = ['success_sft', 'nll_chosen', 'replay'].map((name) => ({ name, episodes: dpo!.episodes }))
  expect(sentences(summarise({ ...data, arms: [sft!, dpo!, ...controls] }))[1]).toBe(
    'No measurable difference between DPO and “Golden replay only”, “SFT on own successes”, and “NLL on chosen”.',
  )
})

test('the verdict says whether training again helped', () => {
  const data = sampleRun()
  const [sft, dpo] = data.arms
  const verdictAfter = (episodes: typeof sft) =>
    sentences(summarise({ ...data, arms: [sft!, { name: 'dpo_before', episodes: episodes!.episodes }, dpo!] }))[1]
  expect(verdictAfter(dpo)).toMatch(/^Training again made no measurable difference \(0\.0 points/)
  expect(verdictAfter(sft)).toMatch(/^Trained again, DPO solves more problems than before: \+/)
})

test('the controls, which had the episodes of one round, are held against the policy of one round', () => {
  const data = sampleRun()
  const [sft, dpo] = data.arms
  const rounds = summarise({
    ...data,
    arms: [
      sft!,
      { name: 'success_sft', episodes: sft!.episodes },
      { name: 'dpo_round_1', episodes: sft!.episodes },
      dpo!,
    ],
  })
  expect(rounds.against.success_sft).toMatchObject({ arm: 'dpo_round_1', difference: 0, won: 0, lost: 0 })
  expect(rounds.against.sft).toMatchObject({ arm: 'dpo' })
  expect(textTable(rounds)).toContain('DPO, round 1 against SFT on own successes: 0.0 points')
  expect(sentences(rounds)[1]).toBe('No measurable difference between DPO, round 1 and “SFT on own successes”.')
})

test('the page names the round that the controls share their episodes with, and gives every DPO its colour', async () => {
  const data = sampleRun()
  const [sft, dpo] = data.arms
  const page = (arms: typeof data.arms) => reportPage({ ...data, arms }, summarise({ ...data, arms }))
  const control = { name: 'success_sft', episodes: sft!.episodes }
  const earlier = { name: 'dpo_round_1', episodes: sft!.episodes }
  const rounds = page([sft!, control, earlier, dpo!])
  expect(rounds).toContain('with the same number of steps, as DPO, round 1.')
  expect(rounds).toContain('title="DPO, round 1 alone: ')
  expect(rounds).toContain('<div class="bar c-dpo_other"><span class="name">DPO, round 1</span>')
  expect(page([sft!, control, dpo!])).toContain('with the same number of steps, as DPO.')
  expect(page([sft!, dpo!])).not.toContain('The controls')
})

test('the text table lines up and ends with the comparisons', () => {
  const lines = textTable(summarise(sampleRun())).split('\n')
  expect(lines[0]).toMatch(/^task +SFT +DPO/)
  const rows = lines.filter((line) => /^(click|enter|login|choose|overall)/.test(line))
  expect(rows).toHaveLength(8)
  expect(new Set(rows.map((row) => row.length)).size).toBe(1)
  expect(
    lines.some((line) => /^DPO against SFT: \+.* points .* won \d+, lost \d+, McNemar p < 0.001$/.test(line)),
  ).toBe(true)
})

test('text is escaped, markup is not', () => {
  const inner = html`<b title="${'"><script>'}">${'a & b'}</b>`
  expect(html`<p>${inner}${['<', 3, false, null]}</p>`.markup).toBe(
    '<p><b title="&#34;&#62;&#60;script&#62;">a &#38; b</b>&#60;3</p>',
  )
  expect(escapeHtml('a\u0000\u001b[31mb\nc')).toBe('a\uFFFD\uFFFD[31mb\nc')
})

test('axis ticks are round and hold the data', () => {
  expect(ticks(0, 1, 4)).toEqual([0, 0.5, 1])
  expect(ticks(-0.58, 0.19, 4)).toHaveLength(5)
  for (const [low, high] of [
    [0, 0],
    [5, 5],
    [-3, -3],
    [1e-9, 2e-9],
    [-1e6, 1e6],
    [0.1, 0.7],
  ] as const) {
    const values = ticks(low, high, 4)
    expect(values[0]).toBeLessThanOrEqual(low + 1e-9)
    expect(values.at(-1)).toBeGreaterThanOrEqual(high - 1e-9)
    expect(values.length).toBeLessThanOrEqual(7)
    expect(values.length).toBeGreaterThan(1)
  }
})

test('a running mean keeps length and level', () => {
  const line = Array.from({ length: 20 }, (_, i): [number, number] => [i, i % 2])
  expect(movingMean(line, 1)).toEqual(line)
  expect(
    movingMean(line, 9)
      .slice(5, 15)
      .every(([, value]) => Math.abs(value - 0.5) < 0.06),
  ).toBe(true)
})

test('a chart without values says so, and one with holes is drawn', () => {
  expect(lineChart([{ label: 'a', tone: 'c-dpo', points: [[1, Number.NaN]] }]).markup).toContain('nothing was recorded')
  const markup = lineChart([
    {
      label: 'a',
      tone: 'c-dpo',
      points: [
        [1, 2],
        [2, Number.NaN],
        [3, 4],
      ],
    },
  ]).markup
  expect(markup).not.toContain('NaN')
  expect(markup).toContain('<path class="line"')
})

test('fields that could break a line of the CSV are quoted', () => {
  const metric = { run: 1, stage: 'dpo', round: 1, arm: 'a,"b', step: 3, name: 'loss', value: null }
  expect(metricsCsv([metric])).toBe('stage,round,arm,step,name,value\r\ndpo,1,"a,""b",3,loss,\r\n')
})

test('points have their sign', () => {
  expect([0.123, -0.05, 0.0001, -0.0001].map(points)).toEqual(['+12.3', '−5.0', '0.0', '0.0'])
})

test('the change of every task and of all has its interval', () => {
  const data = sampleRun()
  const page = reportPage(data, summarise(data))
  const changes = [...page.matchAll(/<td class="change"><span class="\w+">[^<]+<\/span><small>([^<]+)<\/small>/g)]
  expect(changes.length).toBeGreaterThan(2)
  for (const [, interval] of changes) expect(interval).toMatch(/^[+−]?[\d.]+ to [+−]?[\d.]+$/)
})
