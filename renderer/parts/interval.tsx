/** A success rate as a bar from 0 to 100%, with its 95% interval as a whisker over it. */
import type { CSSProperties } from 'react'
import { percent } from './figures.ts'
import classes from './interval.module.css'

export interface Rate {
  readonly success: number
  readonly low: number
  readonly high: number
  readonly n: number
}

/** The arms that have a colour in theme.css; `dpo_b` to `dpo_d` are further variants of a study. */
const COLOURED = [
  'base',
  'sft',
  'success_sft',
  'nll_chosen',
  'replay',
  'rloo',
  'grpo',
  'dpo',
  'dpo_b',
  'dpo_c',
  'dpo_d',
] as const

/** The colour of a policy, by its arm. */
export function armColour(arm: string): string {
  const known = COLOURED.find((one) => one === arm.replace(/_round_\d+$|_before$/, ''))
  return known === undefined ? 'var(--neutral)' : `var(--arm-${known})`
}

export function IntervalBar({ rate, colour }: { readonly rate: Rate; readonly colour: string }) {
  const { success, low, high, n } = rate
  const style = {
    '--tone': colour,
    '--at': `${percent(success, 2)}%`,
    '--low': `${percent(low, 2)}%`,
    '--width': `${percent(high - low, 2)}%`,
  } as CSSProperties
  return (
    <span className={classes.track} style={style} aria-hidden="true">
      {n > 0 && <i className={classes.fill} />}
      {n > 0 && <i className={classes.whisker} />}
    </span>
  )
}
