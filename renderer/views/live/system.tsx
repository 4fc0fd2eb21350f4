/** What the machine is doing: processor, memory, card and tokens a second, each with a small curve. */
import { SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Span, SystemHistory, SystemMetric } from '../../../main/live/system-metrics.ts'
import { lab, useStream } from '../../api.ts'
import { bytes, duration, metric, percent } from '../../parts/figures.ts'
import { areaPath, type Frame, linePath, nearestPoint } from '../../parts/sparkline-path.ts'
import classes from './system.module.css'

/** The recent time, in milliseconds. */
const MINUTES = 5 * 60_000
const SPANS = ['recent', 'run'] as const

interface Meter {
  readonly name: 'processor' | 'memory' | 'card' | 'cardMemory' | 'tokens'
  /** A second line: the lab's own part. */
  readonly own?: SystemMetric
  readonly text: (value: number) => string
  /** The value at the upper edge; undefined for the greatest one. */
  readonly top: (history: SystemHistory) => number | undefined
}

const share = (value: number) => `${percent(value, 0)}%`
const METERS: readonly Meter[] = [
  { name: 'processor', own: 'labProcessor', text: share, top: () => 1 },
  { name: 'memory', own: 'labMemory', text: bytes, top: ({ memory }) => memory },
  { name: 'card', text: share, top: () => 1 },
  { name: 'cardMemory', text: bytes, top: ({ card }) => card?.memory },
  { name: 'tokens', text: metric, top: () => undefined },
]

export function System() {
  const { t } = useTranslation()
  const [span, setSpan] = useState<Span>('recent')
  const [history, setHistory] = useState<SystemHistory | null>(null)
  useStream(() => lab.live.system.subscribe({ span }, { onData: setHistory }), [span])
  const shown = METERS.filter(({ name }) => history?.values[name].some((value) => value !== null))
  return (
    <section className={`card ${classes.system}`} aria-label={t('live.system.title')}>
      <div className={classes.head}>
        <h2 className={classes.title}>{t('live.system.title')}</h2>
        <SegmentedControl
          size="xs"
          aria-label={t('live.system.span')}
          value={span}
          onChange={setSpan}
          data={SPANS.map((value) => ({
            value,
            label: t(`live.system.spans.${value}`),
            disabled: value === 'run' && history?.run == null,
          }))}
        />
      </div>
      {history === null || shown.length === 0 ? (
        <p className={`soft ${classes.waits}`}>{t('live.system.waits')}</p>
      ) : (
        <dl className={classes.meters}>
          {shown.map((meter) => (
            <MeterTile key={meter.name} meter={meter} history={history} span={span} />
          ))}
        </dl>
      )}
    </section>
  )
}

interface TileProps {
  readonly meter: Meter
  readonly history: SystemHistory
  readonly span: Span
}

function MeterTile({ meter: { name, own, text, top }, history, span }: TileProps) {
  const { t } = useTranslation()
  const [pointed, setPointed] = useState<number | undefined>(undefined)
  const { at, values } = history
  const known = values[name].filter((value) => value !== null)
  const peak = Math.max(0, ...known)
  const last = at.at(-1) ?? 0
  const frame: Frame = {
    from: span === 'recent' ? last - MINUTES : (at[0] ?? 0),
    to: last,
    top: top(history) ?? (peak * 1.1 || 1),
    gap: 3 * Math.max(history.pace, (at.at(-1) ?? 0) - (at.at(-2) ?? 0)),
  }
  const place = pointed !== undefined && pointed < at.length ? pointed : at.length - 1
  const value = values[name][place] ?? null
  const ownValue = own === undefined ? null : (values[own][place] ?? null)
  const ago = (last - (at[place] ?? last)) / 1000
  const total = name === 'memory' ? history.memory : name === 'cardMemory' ? history.card?.memory : undefined
  return (
    <div className={classes.meter}>
      <dt>
        {t(`live.system.meters.${name}`)}
        {ago >= 1 && <span className={classes.ago}>{t('live.system.ago', { time: duration(ago) })}</span>}
      </dt>
      <dd>
        <b>{value === null ? t('live.system.unknown') : text(value)}</b>
        <small className="cut">
          {total !== undefined && t('live.system.of', { total: bytes(total) })}
          {name === 'card' && history.card?.name}
          {name === 'tokens' && peak > 0 && t('live.system.peak', { value: text(peak) })}
          {ownValue !== null && (
            <span className={classes.key}>
              <span className={classes.dashes} aria-hidden="true" />
              {t('live.system.own', { value: text(ownValue) })}
            </span>
          )}
        </small>
        <svg
          viewBox="0 0 100 100"
          preserveAspectRatio="none"
          role="img"
          aria-label={t('live.system.curve', {
            meter: t(`live.system.meters.${name}`),
            low: text(Math.min(peak, ...known)),
            high: text(peak),
          })}
          onPointerMove={({ clientX, currentTarget }) => {
            const { left, width } = currentTarget.getBoundingClientRect()
            setPointed(nearestPoint(at, frame, (clientX - left) / width))
          }}
          onPointerLeave={() => setPointed(undefined)}
        >
          <path className={classes.area} d={areaPath(at, values[name], frame)} />
          <path className={classes.line} d={linePath(at, values[name], frame)} />
          {own !== undefined && <path className={classes.own} d={linePath(at, values[own], frame)} />}
        </svg>
      </dd>
    </div>
  )
}
