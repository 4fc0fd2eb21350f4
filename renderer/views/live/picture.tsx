/** The picture of a page, with the element that the agent chose outlined. */
import { type ReactNode, type Ref, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveScreen } from '../../../main/live/state.ts'
import { Outline } from '../../parts/outline.tsx'
import classes from './picture.module.css'

/** Size of a frame in CSS pixels, and of the area that MiniWoB++ tasks use. */
const FRAME = { width: 500, height: 320 }
const TASK = { width: 160, height: 210 }

/** Which part of the page is shown. */
export type Extent = 'task' | 'page'

interface Props {
  readonly screen: LiveScreen
  /** The image's address; null where there is none yet. Use `useSight`, so that it belongs to the screen. */
  readonly source: string | null
  readonly extent: Extent
  readonly children?: ReactNode
  readonly ref?: Ref<HTMLDivElement>
}

/** Size of the shown part, in CSS pixels of the page. */
export function sizeOf(extent: Extent): { readonly width: number; readonly height: number } {
  return extent === 'task' ? TASK : FRAME
}

export function Picture({ screen, source, extent, children, ref }: Props) {
  const { t } = useTranslation()
  // While a picture of a step is taken, the stream shows only that picture's area, which is the task's.
  const [clipped, setClipped] = useState(false)
  const { width, height } = sizeOf(extent)
  const share = (value: number, of: number) => `${((100 * value) / of).toFixed(3)}%`
  const box = screen.answer?.box ?? null
  return (
    <div ref={ref} className={classes.picture} style={{ aspectRatio: `${width} / ${height}` }}>
      {source !== null && (
        <img
          src={source}
          alt={t('live.picture', { task: screen.title })}
          draggable={false}
          style={{ width: share(clipped ? TASK.width : FRAME.width, width) }}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setClipped(naturalWidth < naturalHeight)}
        />
      )}
      {box !== null && screen.status !== 'success' && screen.status !== 'failure' && (
        <Outline box={box} width={width} height={height} />
      )}
      {children}
    </div>
  )
}
