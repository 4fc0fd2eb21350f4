/** Records a golden sample: the reader does the task in the page, and the steps become an example to learn from. */
import { Button } from '@mantine/core'
import { CircleDot, CircleOff } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Look } from '../../../main/live/look.ts'
import type { LiveState } from '../../../main/live/state.ts'
import { lab } from '../../api.ts'
import { usePlace } from '../../location.ts'
import { Empty } from '../../parts/empty.tsx'
import { Panel } from '../../parts/page.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import classes from './live.module.css'
import { beginOwn, useOwnRecording } from './own-recording.ts'
import { type Problem, ProblemFields, problemOf } from './problem.tsx'
import { Recorder } from './recorder.tsx'
import { useSights } from './sights.ts'

/** One page, which somebody reads closely. */
const SHARP: Look = { extent: 'task', density: 3 }

export function RecordMode({ state }: { readonly state: LiveState }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const { query } = usePlace()
  const [problem, setProblem] = useState<Problem>(() => problemOf(query))
  const { screen, lost } = useOwnRecording(state)
  useSights(screen === undefined ? [] : [screen.id], SHARP)
  const [beginning, setBeginning] = useState(false)
  const begin = (wanted: Problem) =>
    beginOwn(screen, async () => {
      setBeginning(true)
      return lab.live.record.mutate(wanted)
    }).finally(() => setBeginning(false))
  return (
    <>
      <Panel title={t('live.recordTitle')} note={t('live.recordNote')}>
        <div className={classes.form}>
          <ProblemFields problem={problem} onChange={setProblem} />
          <Button
            leftSection={<CircleDot size={16} aria-hidden />}
            loading={beginning}
            onClick={() => void begin(problem)}
            {...lock}
          >
            {t(screen === undefined ? 'live.record' : 'live.recordAgain')}
          </Button>
        </div>
      </Panel>
      {screen?.recording != null ? (
        <Recorder key={screen.id} screen={screen} recording={screen.recording} />
      ) : lost === undefined ? (
        <Empty icon={CircleDot} title={t('live.recordEmpty')} text={t('live.recordEmptyText')} />
      ) : (
        <Empty icon={CircleOff} title={t('live.lost')} text={t(`live.lostWhy.${lost.why}`, { count: lost.minutes })}>
          <Button variant="default" loading={beginning} onClick={() => void begin(lost)} {...lock}>
            {t('live.lostAgain', { task: lost.task, seed: lost.seed })}
          </Button>
        </Empty>
      )}
    </>
  )
}
