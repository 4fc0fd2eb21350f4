/** The pages of the running job. */
import { Alert, Button, Group } from '@mantine/core'
import { Grid2x2, Hand, Info, MonitorPlay } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveScreen, LiveState } from '../../../main/live/state.ts'
import { lab } from '../../api.ts'
import { useJob } from '../../job.ts'
import { goTo, usePlace, visit } from '../../location.ts'
import { Empty } from '../../parts/empty.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { stageName } from '../../shell/job-words.ts'
import { Controls } from './controls.tsx'
import type { Extent } from './fit.ts'
import { Follow } from './follow.tsx'
import classes from './live.module.css'
import { beginOwn, useKeptRecording } from './own-recording.ts'
import { System } from './system.tsx'
import { Wall } from './wall.tsx'

/** Height of what stands above and below the pages, in CSS pixels. */
const TAKEN = 190

export function Watch({ state }: { readonly state: LiveState }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const [extent, setExtent] = useState<Extent>('task')
  const own = useKeptRecording(state)
  const screens = state.screens.filter(({ kind }) => kind === 'job')
  const followed = screens.find(({ id }) => id === query.screen)
  if (screens.length === 0) {
    return (
      <>
        <System />
        <NobodyPlays />
      </>
    )
  }
  return (
    <>
      {!state.jobPlays && <NobodyPlaysNow />}
      <div className={classes.bar}>
        <Controls
          of="job"
          control={state.controls.job}
          screen={followed?.id}
          extent={extent}
          onExtent={setExtent}
          disabled={!state.jobPlays}
        />
        {state.jobPlays && state.turn > 0 && (
          <span className={`soft ${classes.turn}`}>{t('live.turn', { count: Math.round(state.turn / 1000) })}</span>
        )}
        {followed !== undefined && <FollowButtons screen={followed.id} total={screens.length} own={own} />}
      </div>
      {followed === undefined ? (
        <Wall screens={screens} extent={extent} taken={TAKEN} onFollow={(screen) => visit({ screen })} />
      ) : (
        <Follow screen={followed} extent={extent} taken={TAKEN} />
      )}
      <System />
    </>
  )
}

/** Above the last episodes while the run does something else. */
function NobodyPlaysNow() {
  const { t } = useTranslation()
  const stage = useJob()?.current?.stage
  return (
    <Alert color="gray" icon={<Info size={18} aria-hidden />} title={t('live.resting')}>
      {stage == null ? t('live.restingText') : t('live.restingIn', { stage: stageName(t, stage) })}
    </Alert>
  )
}

function NobodyPlays() {
  const { t } = useTranslation()
  return (
    <Empty icon={MonitorPlay} title={t('live.idle')} text={t('live.idleText')}>
      <Group gap="sm" justify="center">
        <Button onClick={() => goTo('pipeline')}>{t('live.toPipeline')}</Button>
        <Button variant="default" onClick={() => visit({ mode: 'play' })}>
          {t('live.playOne')}
        </Button>
        <Button variant="default" onClick={() => visit({ mode: 'record' })}>
          {t('live.recordOne')}
        </Button>
      </Group>
    </Empty>
  )
}

interface FollowButtonsProps {
  /** The page that is shown in detail. */
  readonly screen: string
  /** How many pages there are. */
  readonly total: number
  /** This window's recording, which taking over would replace. */
  readonly own: LiveScreen | undefined
}

function FollowButtons({ screen, total, own }: FollowButtonsProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [taking, setTaking] = useState(false)
  const takeOver = () =>
    beginOwn(own, async () => {
      setTaking(true)
      return lab.live.takeOver.mutate({ screen })
    }).finally(() => setTaking(false))
  return (
    <Group gap="sm">
      <Button
        variant="default"
        leftSection={<Grid2x2 size={16} aria-hidden />}
        onClick={() => visit({ screen: undefined })}
      >
        {t('live.all', { count: total })}
      </Button>
      <Button
        variant="default"
        leftSection={<Hand size={16} aria-hidden />}
        loading={taking}
        onClick={() => void takeOver()}
        {...lock}
      >
        {t('live.takeOver')}
      </Button>
    </Group>
  )
}
