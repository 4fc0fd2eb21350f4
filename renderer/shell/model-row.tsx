/** One model that the lab can use: what it is, what a run with it takes, and the button that chooses it. */
import { Button, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Check, Timer } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../api.ts'
import { useBusy } from '../job.ts'
import type { Answers } from '../lab.ts'
import { bytes, duration } from '../parts/figures.ts'
import { useWriteLock } from '../parts/write-lock.ts'
import { chooseModel } from './choose-model.ts'
import classes from './models.module.css'
import { tellError } from './notices.tsx'

interface Props {
  readonly model: Answers['models']['list']['models'][number]
  /** Bytes of memory that are free. */
  readonly available: number
  /** Whether the memory of a run is a lower bound. */
  readonly least: boolean
}

export function ModelRow({ model, available, least }: Props) {
  const { t, i18n } = useTranslation()
  const lock = useWriteLock()
  const { name, source, title, family, parameters, precision, configured } = model
  const compact = new Intl.NumberFormat(i18n.language, { notation: 'compact', maximumSignificantDigits: 3 })
  return (
    <li className={classes.model} aria-current={configured || undefined}>
      <span className={classes.name}>
        <b title={name}>{title}</b>
        <small>{t(`models.source.${source}`)}</small>
      </span>
      <span>
        {family}
        {parameters !== null && <small>{t('facts.parameters', { parameters: compact.format(parameters) })}</small>}
      </span>
      <span>
        {precision}
        <small>{bytes(model.bytes)}</small>
      </span>
      <Memory needed={model.memory ?? 0} available={available} least={least} />
      <Time name={name} title={title} />
      {configured ? (
        <span className={classes.present}>
          <Check size={14} strokeWidth={2.4} aria-hidden />
          {t('models.present')}
        </span>
      ) : (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t('models.useOf', { model: title })}
          onClick={() => void chooseModel(t, name)}
          {...lock}
        >
          {t('models.use')}
        </Button>
      )}
    </li>
  )
}

/** The memory of a run as a bar of what is free. */
function Memory({
  needed,
  available,
  least,
}: {
  readonly needed: number
  readonly available: number
  readonly least: boolean
}) {
  const { t } = useTranslation()
  const tight = needed > available
  return (
    <span className={tight ? `${classes.memory} rejected` : classes.memory}>
      {t(tight ? 'models.tooMuch' : least ? 'models.atLeast' : 'models.memory', { needed: bytes(needed) })}
      <span className={classes.track} aria-hidden="true">
        <i style={{ width: `${Math.min(100, (100 * needed) / Math.max(1, available))}%` }} />
      </span>
    </span>
  )
}

/** The time of a run, once somebody has asked for it: measuring takes some seconds. */
function Time({ name, title }: { readonly name: string; readonly title: string }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const busy = useBusy()
  const { data, isFetching, refetch } = useQuery({
    queryKey: ['model-time', name],
    queryFn: () => lab.models.time.query({ name }),
    enabled: false,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (typeof data === 'number') return <span>{t('models.time', { time: duration(data) })}</span>
  if (data === null) return <span className="soft">{t('models.noTime')}</span>
  const measure = async () => {
    const { error } = await refetch()
    if (error !== null) tellError(error)
  }
  return (
    <Tooltip label={t('models.measureNote')}>
      <Button
        size="compact-sm"
        variant="subtle"
        className={classes.measure!}
        leftSection={<Timer size={14} aria-hidden />}
        aria-label={t('models.measureOf', { model: title })}
        loading={isFetching}
        disabled={busy}
        onClick={() => void measure()}
        {...lock}
      >
        {t('models.measure')}
      </Button>
    </Tooltip>
  )
}
