/** A button that fetches the attempts that a run at work has made since the list was there. */
import { Button } from '@mantine/core'
import { RefreshCw } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CurrentJob } from '../../../main/jobs.ts'
import { useConnection } from '../../api.ts'
import { useJob } from '../../job.ts'
import { queries } from '../../queries.ts'

/** What a stage counts that plays. */
const PLAYED: ReadonlySet<string> = new Set(['unitAttempts', 'unitEpisodes'])

/** The list itself stands still while a run plays, so that no row moves under the reader. The end of a stage fetches it again. */
export function NewAttempts() {
  const { t } = useTranslation()
  const { lost } = useConnection()
  const played = playedBy(useJob()?.current ?? null)
  const [shown, setShown] = useState(played)
  if (lost || played === null || played === shown) return null
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<RefreshCw size={14} />}
      onClick={() => {
        setShown(played)
        void queries.invalidateQueries({ queryKey: ['episodes'] })
      }}
    >
      {t('episodes.showNew')}
    </Button>
  )
}

/** A text that changes with every attempt of the job; null before the first of a stage, and where nobody plays. */
function playedBy(current: CurrentJob | null): string | null {
  if (current?.progress == null || current.progress.done === 0 || !PLAYED.has(current.progress.counted.id)) return null
  return [current.run, current.stage?.name, current.stage?.round, current.progress.done].join(' ')
}
