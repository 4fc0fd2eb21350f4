/** The facts of a run: model, engine, machine, tasks. */

import { Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import { useLabStatus, useTasks } from '../../lab.ts'
import { bytes } from '../../parts/figures.ts'
import { openPanel } from '../../shell/commands.ts'
import { Failure } from '../../shell/failure.tsx'
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
  if (status === undefined) return <div className={`card ${classes.facts}`} style={{ minHeight: 62 }} />
  const { model, engine, machine, miniwob } = status
  const nativeProblem = engine.nativeProblem === null ? null : say(engine.nativeProblem)
  const learned = tasks.filter((task) => task.learned)
  return (
    <dl className={`card ${classes.facts}`}>
      <Fact name={t('facts.model')} wrong={null}>
        {model.problem !== null && (
          <span className={`${classes.problem} rejected`} title={say(model.problem)}>
            {say(model.problem)}
          </span>
        )}
        <button type="button" className={classes.model} title={t('models.choose')} onClick={() => openPanel('models')}>
          {model.problem === null ? model.name : t('models.choose')}
          <ChevronsUpDown size={14} aria-hidden />
        </button>
        {model.parameters !== null && (
          <small>{t('facts.parameters', { parameters: compact.format(model.parameters) })}</small>
        )}
      </Fact>
      <Fact name={t('facts.engine')} wrong={engine.setting === 'native' ? nativeProblem : null}>
        {engine.setting === 'auto' ? t(nativeProblem === null ? 'facts.native' : 'facts.tfjs') : engine.setting}
        {nativeProblem !== null && <small title={nativeProblem}>{nativeProblem}</small>}
      </Fact>
      <Fact name={t('facts.machine')} wrong={null}>
        {t('facts.cores', { count: machine.cores })}
        <small>{t('facts.free', { memory: bytes(machine.memory.available), disk: bytes(machine.disk) })}</small>
      </Fact>
      <Memory stage={stage === 'verify' ? 'dpo' : stage} />
      <Fact name={t('facts.tasks')} wrong={null}>
        {t('facts.taskCount', { count: learned.length })}
        <small>{miniwob === null ? t('facts.builtin') : 'MiniWoB++'}</small>
      </Fact>
    </dl>
  )
}

interface FactProps {
  readonly name: string
  /** What is wrong with this fact; null where nothing is. */
  readonly wrong: string | null
  readonly children: ReactNode
}

function Fact({ name, wrong, children }: FactProps) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd className={wrong === null ? '' : 'rejected'}>{wrong ?? children}</dd>
    </div>
  )
}

const PARTS = ['weights', 'adapter', 'optimizer', 'cache', 'activations', 'logits', 'process'] as const

/** The peak memory of a stage, as a bar of the free memory. The parts show on hover. */
function Memory({ stage }: { readonly stage: Exclude<Stop, 'verify'> }) {
  const { t } = useTranslation()
  const name = t('facts.memory', { stage: t(`stage.${stage}`) })
  const { data } = useQuery({
    queryKey: ['status', 'memory', stage],
    queryFn: () => lab.status.memory.query({ stage }),
    retry: false,
  })
  if (data === undefined) {
    return (
      <Fact name={name} wrong={null}>
        –
      </Fact>
    )
  }
  // The system does not tell the memory of every graphics card.
  const available = data.available ?? Number.POSITIVE_INFINITY
  const tight = data.needed > available
  const part = (name: string) => {
    const known = PARTS.find((one) => one === name)
    return known === undefined ? name : t(`facts.parts.${known}`)
  }
  return (
    <Fact name={name} wrong={null}>
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
