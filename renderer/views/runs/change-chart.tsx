/** How far two adapters move each projection, layer by layer: one small chart a projection, all on one scale. */
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
  const top = Math.max(1e-9, ...changes.flatMap(({ a, b, difference }) => [a, b, difference ?? 0]))
  const layers = Math.max(...changes.map(({ layer }) => layer)) + 1
  const projections = [...new Set(changes.map(({ projection }) => projection))]
  const known = changes.some(({ difference }) => difference !== null)
  const said = (sums: Readonly<Record<Size, number>>) =>
    t(known ? 'runs.change.sums' : 'runs.change.sumsApart', {
      a: metric(sums.a),
      b: metric(sums.b),
      difference: metric(sums.difference),
    })
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
        <span className={classes.all}>{t('runs.change.all', { sums: said(totals(changes)) })}</span>
      </p>
      <div className={classes.charts}>
        {projections.map((projection) => {
          const own = changes.filter((change) => change.projection === projection)
          const sums = said(totals(own))
          const x = (layer: number) => EDGE + ((WIDTH - 2 * EDGE) * (layer + 0.5)) / layers
          const y = (value: number) => HEIGHT - 1 - ((HEIGHT - EDGE) * value) / top
          const points = (size: Size) =>
            own.flatMap((change) => {
              const value = change[size]
              return value === null ? [] : [[x(change.layer), y(value)] as const]
            })
          return (
            <figure key={projection}>
              <figcaption>
                <b className="mono">{projection}</b>
              </figcaption>
              <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t('runs.change.of', { projection, sums })}>
                <line className={classes.ground} x1={0} x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} />
                {SIZES.map((size) => (
                  <g key={size} data-size={size}>
                    {size === 'difference' ? (
                      points(size).map(([left, at]) => (
                        <rect
                          key={left}
                          x={left - (WIDTH - 2 * EDGE) / layers / 4}
                          width={(WIDTH - 2 * EDGE) / layers / 2}
                          y={at}
                          height={HEIGHT - 1 - at}
                        />
                      ))
                    ) : (
                      <>
                        <polyline points={points(size).join(' ')} />
                        {points(size).map(([left, at]) => (
                          <circle key={left} cx={left} cy={at} r={2.2} />
                        ))}
                      </>
                    )}
                  </g>
                ))}
              </svg>
              <span className="soft">{sums}</span>
            </figure>
          )
        })}
      </div>
    </>
  )
}
