/** The picture of a page, with the element that the agent chose outlined. */
import { type ReactNode, type Ref, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveScreen } from '../../../main/live/state.ts'
import { Outline } from '../../parts/outline.tsx'
import { type Extent, PARTS } from './fit.ts'
import classes from './picture.module.css'

interface Props {
  readonly screen: LiveScreen
  /** The image's address; null where there is none yet. Use `useSight`, so that it belongs to the screen. */
  readonly source: string | null
  readonly extent: Extent
  readonly children?: ReactNode
  readonly ref?: Ref<HTMLDivElement>
}

export function Picture({ screen, source, extent, children, ref }: Props) {
  const { t } = useTranslation()
  // A picture shows what all who look at the page want to see of it. Its shape tells which part that is.
  const [pictured, setPictured] = useState<Extent>(extent)
  const { width, height } = PARTS[extent]
  const share = (value: number, of: number) => `${((100 * value) / of).toFixed(3)}%`
  const box = screen.answer?.box ?? null
  return (
    <div ref={ref} className={classes.picture} style={{ aspectRatio: `${width} / ${height}` }}>
      {source !== null && (
        <img
          src={source}
          alt={t('live.picture', { task: screen.title })}
          draggable={false}
          style={{ width: share(PARTS[pictured].width, width) }}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
            setPictured(naturalWidth < naturalHeight ? 'task' : 'page')
          }
        />
      )}
      {source === null && <span className={`soft ${classes.comes}`}>{t('live.pictureComes')}</span>}
      {source !== null && box !== null && screen.status !== 'success' && screen.status !== 'failure' && (
        <Outline box={box} width={width} height={height} />
      )}
      {children}
    </div>
  )
}
