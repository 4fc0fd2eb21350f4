/**
 * The size of two adapters' changes to each projection, layer by layer: one small chart per projection, all on one
 * scale.
 */
import { useTranslation } from 'react-i18next'
import type { Answers } from '../../lab.ts'
import { metric } from '../../parts/figures.ts'
import classes from './change-chart.module.css'
import { type Size, totals } from './changes.ts'

type Changes = Answers['adapters']['compare']['changes']

const [WIDTH, HEIGHT, EDGE] = [220, 76, 6]
const SIZES = ['difference', 'a', 'b'] as const

export function ChangeChart({ changes }: { readonly changes: Changes }) {
  const { t } = useTranslation()
  const scale = {
    top: Math.max(1e-9, ...changes.flatMap(({ a, b, difference }) => [a, b, difference ?? 0])),
    layers: Math.max(...changes.map(({ layer }) => layer)) + 1,
  }
  const projections = [...new Set(changes.map(({ projection }) => projection))]
  const known = changes.some(({ difference }) => difference !== null)
  const sumsOf = (some: Changes) => {
    const sums = totals(some)
    return t(known ? 'runs.change.sums' : 'runs.change.sumsApart', {
      a: metric(sums.a),
      b: metric(sums.b),
      difference: metric(sums.difference),
    })
  }
  return (
    <>
      <p className={classes.legend}>
        <span>
          <i data-size="a" /> A
        </span>
        <span>
          <i data-size="b" /> B
        </span>
        {known && (
          <span>
            <i data-size="difference" /> {t('runs.change.difference')}
          </span>
        )}
        <span className={classes.all}>{t('runs.change.all', { sums: sumsOf(changes) })}</span>
      </p>
      <div className={classes.charts}>
        {projections.map((projection) => {
          const own = changes.filter((change) => change.projection === projection)
          return <Projection key={projection} name={projection} changes={own} sums={sumsOf(own)} scale={scale} />
        })}
      </div>
    </>
  )
}

/** The scale that all charts share. */
interface Scale {
  /** The greatest value. */
  readonly top: number
  readonly layers: number
}

interface ProjectionProps {
  readonly name: string
  readonly changes: Changes
  /** The size of the whole change, as text. */
  readonly sums: string
  readonly scale: Scale
}

function Projection({ name, changes, sums, scale }: ProjectionProps) {
  const { t } = useTranslation()
  return (
    <figure>
      <figcaption>
        <b className="mono">{name}</b>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t('runs.change.of', { projection: name, sums })}>
        <line className={classes.ground} x1={0} x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} />
        {SIZES.map((size) => {
          const points = pointsOf(changes, size, scale)
          return (
            <g key={size} data-size={size}>
              {size === 'difference' ? <Bars points={points} layers={scale.layers} /> : <DottedLine points={points} />}
            </g>
          )
        })}
      </svg>
      <span className="soft">{sums}</span>
    </figure>
  )
}

type Points = readonly (readonly [x: number, y: number])[]

/** The points of one size in the chart. Unknown values are left out. */
function pointsOf(changes: Changes, size: Size, { top, layers }: Scale): Points {
  return changes.flatMap((change) => {
    const value = change[size]
    if (value === null) return []
    const x = EDGE + ((WIDTH - 2 * EDGE) * (change.layer + 0.5)) / layers
    return [[x, HEIGHT - 1 - ((HEIGHT - EDGE) * value) / top] as const]
  })
}

function Bars({ points, layers }: { readonly points: Points; readonly layers: number }) {
  const width = (WIDTH - 2 * EDGE) / layers / 2
  return points.map(([x, y]) => <rect key={x} x={x - width / 2} width={width} y={y} height={HEIGHT - 1 - y} />)
}

function DottedLine({ points }: { readonly points: Points }) {
  return (
    <>
      <polyline points={points.join(' ')} />
      {points.map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r={2.2} />
      ))}
    </>
  )
}
