/**
 * What the machine is doing, over time: processor, memory, card, tokens. A sample is taken every two seconds, and only while a run is at
 * work or somebody looks.
 */
import { createStore } from 'zustand/vanilla'
import { type CardUse, cardUseHere } from '../engine/host/card-use.ts'
import { memoryHere, type ProcessorUse, processorUseHere } from '../engine/machine.ts'
import type { LabEvent } from '../pipeline/events.ts'
import { type Columns, Recent, Whole } from './history.ts'

/** Milliseconds between two samples, and between two questions to the card: nvidia-smi is a program of its own. */
const PACE = 2000
const CARD_PACE = 10_000
/** Samples of the last five minutes. */
const RECENT = 150
/** Points of a whole run. */
const POINTS = 200

/** `lab`: of the lab's own process, without browsers and hosts of the card. */
const NAMES = ['processor', 'labProcessor', 'memory', 'labMemory', 'card', 'cardMemory', 'tokens'] as const
export type SystemMetric = (typeof NAMES)[number]

/** Which time is shown: the last minutes, or the run at work or the last one. */
export type Span = 'recent' | 'run'

export interface SystemHistory extends Columns<SystemMetric> {
  /** The run of the span 'run'; null before the first. */
  readonly run: number | null
  /** Milliseconds between two samples. */
  readonly pace: number
  /** Bytes that the lab can have. */
  readonly memory: number
  /** The card and the bytes of its memory; null where none is known. */
  readonly card: { readonly name: string; readonly memory: number } | null
}

export interface SystemOptions {
  /** Part of the card's name that the configuration wants; null for any. */
  readonly card: () => string | null
  readonly pace?: number
}

export class SystemMetrics {
  /** Counts the samples. */
  readonly changes = createStore<number>(() => 0)
  readonly #options: Required<SystemOptions>
  readonly #recent = new Recent(NAMES, RECENT)
  readonly #whole = new Whole(NAMES, POINTS)
  #run: number | null = null
  #atWork: number | null = null
  #viewers = 0
  #timer: NodeJS.Timeout | undefined
  #before = start()
  #card: CardUse | null = null
  #cardAsked = Number.NEGATIVE_INFINITY
  /** Tokens generated since the last sample. */
  #generated = 0
  /** Tokens a second of the training step that was last. */
  #trained = 0

  constructor({ card, pace = PACE }: SystemOptions) {
    this.#options = { card, pace }
  }

  /** Which run is at work; null where none is. */
  work(run: number | null): void {
    if (this.#atWork === run) return
    this.#atWork = run
    this.#trained = 0
    if (run !== null) {
      this.#run = run
      this.#whole.clear()
    }
    this.#follow()
  }

  /** Receives the events of the run at work. */
  hear(event: LabEvent): void {
    if (event.event === 'stage') this.#trained = 0
    if (event.event === 'metrics') this.#trained = event.metrics.tokens_per_second ?? this.#trained
  }

  /** Counts tokens that a model on this machine has generated. */
  generated(tokens: number): void {
    this.#generated += tokens
  }

  /** Counts somebody who looks. Call the returned function once when they leave. */
  view(): () => void {
    this.#viewers++
    this.#follow()
    return () => {
      this.#viewers--
      this.#follow()
    }
  }

  history(span: Span): SystemHistory {
    const card = this.#card
    return {
      run: this.#run,
      pace: this.#options.pace,
      memory: memoryHere().total,
      card: card === null ? null : { name: card.name, memory: card.memory.total },
      ...(span === 'recent' ? this.#recent : this.#whole).columns(),
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #follow(): void {
    const isWanted = this.#atWork !== null || this.#viewers > 0
    if (isWanted === (this.#timer !== undefined)) return
    clearInterval(this.#timer)
    this.#timer = undefined
    if (!isWanted) return
    this.#before = start()
    this.#generated = 0
    this.#timer = setInterval(() => this.#sample(), this.#options.pace)
    // The process need not wait for it.
    this.#timer.unref()
  }

  #sample(): void {
    this.#askCard()
    const now = start()
    const seconds = (now.time - this.#before.time) / 1000
    const { of } = now.machine
    const share = (from: number, to: number) => Math.min(1, Math.max(0, (to - from) / seconds / of))
    const { total, available } = memoryHere()
    const values = {
      processor: share(this.#before.machine.busy, now.machine.busy),
      labProcessor: share(this.#before.own, now.own),
      memory: total - available,
      labMemory: process.memoryUsage.rss(),
      card: this.#card?.busy ?? null,
      cardMemory: this.#card?.memory.used ?? null,
      tokens: this.#trained + this.#generated / seconds,
    }
    this.#before = now
    this.#generated = 0
    // Somebody may set the clock meanwhile; the curve goes on.
    const at = performance.timeOrigin + performance.now()
    this.#recent.add(at, values)
    if (this.#atWork !== null) this.#whole.add(at, values)
    this.changes.setState((count) => count + 1)
  }

  /** Asks what the card does; the answer is in the next samples. */
  #askCard(): void {
    if (performance.now() - this.#cardAsked < CARD_PACE) return
    this.#cardAsked = performance.now()
    cardUseHere(this.#options.card()).then(
      (use) => {
        this.#card = use ?? this.#card
      },
      () => {},
    )
  }
}

/** What later moments are compared with. */
function start(): { readonly time: number; readonly machine: ProcessorUse; readonly own: number } {
  const { user, system } = process.cpuUsage()
  return { time: performance.now(), machine: processorUseHere(), own: (user + system) / 1e6 }
}
