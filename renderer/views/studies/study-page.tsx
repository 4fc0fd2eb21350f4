/** One study: what it says, what it is, its trainings, and all figures. */
import { Anchor, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Study, StudyBrief, StudyResult } from '../../lab.ts'
import { goTo, hrefOf } from '../../location.ts'
import { Loading } from '../../parts/loading.tsx'
import { Page, Panel } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import { PauseStudy, StartQueue, StudyMenu } from './actions.tsx'
import { StudyCurves } from './curves.tsx'
import { Differences } from './differences.tsx'
import { StudyExports } from './exports.tsx'
import { Members } from './members.tsx'
import { Overview } from './overview.tsx'
import classes from './studies.module.css'
import { Success } from './success.tsx'
import { StudyTasks } from './tasks.tsx'
import { StudyVerdict } from './verdict.tsx'

interface Props {
  readonly id: number
  readonly studies: readonly StudyBrief[]
}

export function StudyPage({ id, studies }: Props) {
  const { t } = useTranslation()
  const study = useQuery({
    queryKey: ['studies', 'get', id],
    queryFn: () => lab.studies.get.query({ study: id }),
  })
  const result = useQuery({
    queryKey: ['studies', 'result', id],
    queryFn: () => lab.studies.result.query({ study: id }),
    enabled: study.data !== undefined,
  })
  const error = study.error ?? result.error
  return (
    <Page
      title={t('views.studies')}
      about={<Where id={id} studies={studies} />}
      actions={
        study.data !== undefined && (
          <>
            <StartQueue studies={[study.data]} />
            <PauseStudy study={study.data} />
            {result.data != null && <StudyExports study={id} />}
            <StudyMenu study={study.data} />
          </>
        )
      }
    >
      {error !== null && <Failure error={error} retry={() => void study.refetch()} />}
      {error === null &&
        (study.data === undefined || result.data === undefined ? (
          <Loading />
        ) : (
          <Sections study={study.data} result={result.data} />
        ))}
    </Page>
  )
}

/** The way back to the queue, and to another study. */
function Where({ id, studies }: Props) {
  const { t } = useTranslation()
  return (
    <span className={classes.where}>
      <Anchor underline="always" href={hrefOf('studies')}>
        {t('studies.all')}
      </Anchor>
      <NativeSelect
        size="xs"
        aria-label={t('studies.which')}
        value={String(id)}
        onChange={(event) => goTo('studies', { study: event.currentTarget.value })}
        data={studies.map((study) => ({ value: String(study.id), label: t('studies.option', study) }))}
      />
    </span>
  )
}

/** The trainings stand before the figures as long as some are left. */
function Sections({ study, result }: { readonly study: Study; readonly result: StudyResult | null }) {
  const { t } = useTranslation()
  const members = <Members study={study} />
  return (
    <>
      {result === null ? (
        <Panel title={t('studies.verdict')}>
          <p className={classes.early}>{t('studies.early')}</p>
        </Panel>
      ) : (
        <StudyVerdict result={result} />
      )}
      <Overview study={study} />
      {study.left > 0 && members}
      {result !== null && (
        <>
          <Success result={result} />
          <Differences result={result} />
          <StudyTasks result={result} />
          <StudyCurves study={study.id} result={result} />
        </>
      )}
      {study.left === 0 && members}
    </>
  )
}
