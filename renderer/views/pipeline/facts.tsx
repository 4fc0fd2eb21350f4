/** The facts of the next run: model, tasks, engine, memory, time. */
import { Button, Tooltip } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import { useBusy } from '../../job.ts'
import { useLabStatus, useTasks } from '../../lab.ts'
import { bytes, duration } from '../../parts/figures.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { openPanel } from '../../shell/commands.ts'
import { Failure } from '../../shell/failure.tsx'
import { tellError } from '../../shell/notices.tsx'
import classes from './facts.module.css'
import type { Stop } from './path.ts'

/** `stage` is the stage that would be run. */
export function Facts({ stage }: { readonly stage: Stop }) {
  const { t, i18n } = useTranslation()
  const compact = new Intl.NumberFormat(i18n.language, { notation: 'compact', maximumSignificantDigits: 3 })
  const say = useSay()
  const { data: status, error, refetch } = useLabStatus()
  const tasks = useTasks()
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />
  if (status === undefined) return <div className={classes.facts} style={{ minHeight: 62 }} />
  const { model, engine, machine, miniwob, project, rounds } = status
  const nativeProblem = engine.nativeProblem === null ? null : say(engine.nativeProblem)
  const learned = tasks.filter((task) => task.learned)
  const engineName =
    engine.setting === 'auto' ? t(nativeProblem === null ? 'facts.native' : 'facts.tfjs') : engine.setting
  // Long reasons stand below, where they have room.
  const problems = [
    ...(model.problem === null ? [] : [say(model.problem)]),
    ...(nativeProblem === null || !['native', 'auto'].includes(engine.setting) ? [] : [nativeProblem]),
  ]
  return (
    <>
      <dl className={classes.facts}>
        <Fact name={t('facts.model')} wrong={model.problem !== null}>
          <button
            type="button"
            className={classes.model}
            title={t('models.choose')}
            onClick={() => openPanel('models')}
          >
            {model.problem === null ? model.name : t('models.choose')}
            <ChevronsUpDown size={14} aria-hidden />
          </button>
          {model.problem !== null && <small>{t('facts.unusable')}</small>}
          {model.parameters !== null && (
            <small>{t('facts.parameters', { parameters: compact.format(model.parameters) })}</small>
          )}
        </Fact>
        <Fact name={t('facts.tasks')}>
          {t('counted.tasks', { count: learned.length })}
          <small>
            {miniwob === null ? t('facts.builtin') : 'MiniWoB++'} · {t('facts.seed', { seed: project.seed })} ·{' '}
            {t('pipeline.wheel', { count: rounds })}
          </small>
        </Fact>
        <Fact name={t('facts.engine')} wrong={engine.setting === 'native' && nativeProblem !== null}>
          {engineName}
          <small>{t('facts.cores', { count: machine.cores })}</small>
        </Fact>
        <Memory stage={stage === 'verify' ? 'dpo' : stage} />
        <Time />
      </dl>
      {problems.map((problem) => (
        <p key={problem} className={`${classes.problem} rejected wrap`}>
          {problem}
        </p>
      ))}
    </>
  )
}

/** How long the next run takes, and what it writes. Without an earlier run like it, the machine can be measured. */
function Time() {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const busy = useBusy()
  const known = useQuery({
    queryKey: ['status', 'forecast'],
    queryFn: () => lab.job.forecast.query({ command: 'pipeline' }),
    retry: false,
  })
  const measured = useMutation({
    mutationFn: () => lab.job.forecast.query({ command: 'pipeline', measure: true }),
    onError: tellError,
  })
  const forecast = known.data?.seconds == null ? (measured.data ?? known.data) : known.data
  if (forecast === undefined) return <Waiting name={t('facts.time')} pending={known.isPending} />
  const { seconds, source, bytes: written, free } = forecast
  return (
    <Fact name={t('facts.time')}>
      {seconds === null ? (
        <Button
          size="compact-xs"
          variant="default"
          disabled={busy}
          loading={measured.isPending}
          title={t('models.measureNote')}
          onClick={() => measured.mutate()}
          {...lock}
        >
          {t('models.measure')}
        </Button>
      ) : (
        t('facts.about', { time: duration(seconds) })
      )}
      <small>
        {seconds !== null && (
          <>{typeof source === 'number' ? t('facts.byRun', { run: source }) : t('facts.byMeasurement')} · </>
        )}
        {t('facts.disk', { written: bytes(written), free: bytes(free) })}
      </small>
    </Fact>
  )
}

interface FactProps {
  readonly name: string
  /** Whether something is wrong with it. */
  readonly wrong?: boolean
  readonly children: ReactNode
}

function Fact({ name, wrong = false, children }: FactProps) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd className={wrong ? 'rejected' : ''}>{children}</dd>
    </div>
  )
}

/** A fact that the lab still computes, or cannot know. */
function Waiting({ name, pending }: { readonly name: string; readonly pending: boolean }) {
  const { t } = useTranslation()
  return (
    <Fact name={name}>
      <span className="soft">{t(pending ? 'app.loading' : 'facts.unknown')}</span>
    </Fact>
  )
}

const PARTS = ['weights', 'adapter', 'optimizer', 'cache', 'activations', 'logits', 'process'] as const

/** The peak memory of a stage, as a bar of the free memory. The parts show on hover. */
function Memory({ stage }: { readonly stage: Exclude<Stop, 'verify'> }) {
  const { t } = useTranslation()
  const name = t('facts.memory', { stage: t(`stage.${stage}`) })
  const { data, isPending } = useQuery({
    queryKey: ['status', 'memory', stage],
    queryFn: () => lab.status.memory.query({ stage }),
    retry: false,
  })
  if (data === undefined) return <Waiting name={name} pending={isPending} />
  // The system does not tell the memory of every graphics card.
  const available = data.available ?? Number.POSITIVE_INFINITY
  const tight = data.needed > available
  const part = (name: string) => {
    const known = PARTS.find((one) => one === name)
    return known === undefined ? name : t(`facts.parts.${known}`)
  }
  return (
    <Fact name={name}>
      <Tooltip
        label={data.parts.map((one) => (
          <div key={one.part}>
            {part(one.part)}: {bytes(one.bytes)}
          </div>
        ))}
      >
        <button type="button" className={classes.memory} data-tight={tight || undefined}>
          {data.available === null
            ? t('facts.onCard', { needed: bytes(data.needed) })
            : t(tight ? 'facts.tooMuch' : data.least ? 'facts.atLeast' : 'facts.of', {
                needed: bytes(data.needed),
                available: bytes(data.available),
              })}
          <small>{data.precision}</small>
          <span className={classes.track} aria-hidden="true">
            <i style={{ width: `${Math.min(100, (100 * data.needed) / Math.max(1, available))}%` }} />
          </span>
        </button>
      </Tooltip>
    </Fact>
  )
}
