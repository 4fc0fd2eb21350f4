/** Example replays: how a policy solved one problem and failed at another, step by step. */
import type { Ending } from '../store/episode.ts'
import { endingMessage } from '../store/episode.ts'
import { armName } from './arms.ts'
import { type Html, html } from './html.ts'
import { section } from './section.ts'
import { tone } from './style.ts'
import type { Words } from './words.ts'

export interface ExampleStep {
  /** The page as the agent read it. */
  readonly page: string
  readonly thought: string
  /** The action, or the raw answer where it is none. */
  readonly action: string
  /** JPEG of the page; null where none is stored. */
  readonly picture: Uint8Array | null
}

export interface ExampleEpisode {
  readonly arm: string
  readonly task: string
  readonly seed: number
  readonly ending: Ending
  readonly steps: readonly ExampleStep[]
}

/** Most steps that are shown of an episode, and most lines of a page. */
const MOST_STEPS = 6
const MOST_LINES = 14

/** The section; empty without examples. */
export function examplesSection(examples: readonly ExampleEpisode[], words: Words): Html {
  if (examples.length === 0) return html``
  const { t } = words
  return section(
    t('report.examples'),
    t('report.examplesLead'),
    html`<div class="replays">${examples.map((example) => replay(example, words))}</div>`,
  )
}

function replay({ arm, task, seed, ending, steps }: ExampleEpisode, { t, say }: Words): Html {
  const outcome = t(ending.outcome === 'success' ? 'report.solved' : 'report.failed', { arm: armName(arm) })
  const left = steps.length - MOST_STEPS
  return html`<article class="replay ${tone(arm)}"><h3><i class="key"></i>${outcome}</h3>
<p class="lead">${t('report.problem', { task, seed })}${ending.outcome !== 'success' && html` · ${say(endingMessage(ending))}`}</p>
<ol>${steps.slice(0, MOST_STEPS).map(step)}</ol>${left > 0 && html`<p class="lead">${t('report.moreSteps', { count: left })}</p>`}</article>`
}

function step({ page, thought, action, picture }: ExampleStep): Html {
  const shown =
    picture === null
      ? html`<pre>${linesOf(page)}</pre>`
      : html`<img alt="" src="data:image/jpeg;base64,${Buffer.from(picture).toString('base64')}">`
  return html`<li>${shown}<p>${thought}</p><p><b>${action}</b></p></li>`
}

function linesOf(page: string): string {
  const lines = page.split('\n')
  return lines.length <= MOST_LINES
    ? page
    : [...lines.slice(0, MOST_LINES), `+ ${lines.length - MOST_LINES}`].join('\n')
}
