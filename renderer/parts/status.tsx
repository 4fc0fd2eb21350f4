/** A status as an icon and a word, never as a colour alone. */
import { Loader } from '@mantine/core'
import { Ban, Check, Circle, CircleMinus, CircleStop, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import classes from './status.module.css'

export type StatusName = 'idle' | 'running' | 'stopping' | 'done' | 'skipped' | 'stopped' | 'failed'
export type OutcomeName = 'success' | 'failure' | 'fault'

const SIGNS = { idle: Circle, done: Check, skipped: CircleMinus, stopped: CircleStop, failed: X } as const

export function StatusSign({ status, size = 16 }: { readonly status: StatusName; readonly size?: number }) {
  if (status === 'running' || status === 'stopping') return <Loader size={size} color="var(--chosen)" aria-hidden />
  const Sign = SIGNS[status]
  return <Sign size={size} className={classes[status]} aria-hidden />
}

/** `words` say it instead of the status's own name. */
export function Status({ status, words }: { readonly status: StatusName; readonly words?: string }) {
  const { t } = useTranslation()
  return (
    <span className={classes.status}>
      <StatusSign status={status} size={14} />
      {words ?? t(`status.${status}`)}
    </span>
  )
}

const OUTCOMES = { success: Check, failure: X, fault: Ban } as const

/** How an episode ended. */
export function OutcomeMark({ outcome, words = true }: { readonly outcome: OutcomeName; readonly words?: boolean }) {
  const { t } = useTranslation()
  const Sign = OUTCOMES[outcome]
  const name = t(`outcome.${outcome}`)
  return (
    <span className={`${classes.status} ${classes[outcome]}`}>
      <Sign size={14} strokeWidth={2.4} aria-hidden />
      {words ? name : <span className="hidden-words">{name}</span>}
    </span>
  )
}
