/** The page of a step, with the agent's element outlined; or why there is no picture yet. */
import { Button, Loader, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Box } from '../../../main/store/episode.ts'
import { Outline } from '../outline.tsx'
import classes from './page-shot.module.css'

export type PageShot =
  | { readonly kind: 'picture'; readonly source: string; readonly box: Box | null }
  /** The picture is being taken. */
  | { readonly kind: 'coming' }
  | { readonly kind: 'offered'; readonly take: () => void }
  /** No picture can be taken. */
  | { readonly kind: 'gone'; readonly why: string | null }

/** Size of a stored picture, in CSS pixels of the page. */
const SIZE = { width: 160, height: 210 }

export function PageShot({ shot }: { readonly shot: PageShot }) {
  const { t } = useTranslation()
  return (
    <div className={classes.shot}>
      {shot.kind === 'picture' && (
        <>
          <img src={shot.source} alt={t('replay.picture')} />
          {shot.box !== null && <Outline box={shot.box} {...SIZE} />}
        </>
      )}
      {shot.kind === 'coming' && <Loader size="sm" color="gray" aria-label={t('replay.coming')} />}
      {shot.kind === 'offered' && (
        <Button size="xs" variant="default" onClick={shot.take}>
          {t('replay.take')}
        </Button>
      )}
      {shot.kind === 'gone' && (
        <Text size="xs" c="dimmed">
          {shot.why ?? t('replay.gone')}
        </Text>
      )}
    </div>
  )
}

/** The picture alone, small; an empty frame where there is none yet. */
export function PageThumbnail({ shot }: { readonly shot: PageShot }) {
  if (shot.kind === 'gone') return null
  return (
    <span className={classes.thumbnail}>
      {shot.kind === 'picture' && <img src={shot.source} alt="" loading="lazy" />}
    </span>
  )
}
