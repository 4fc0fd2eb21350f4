/** A person's actions as a list of the agent's actions. */
import { formatAction } from '../agent/grammar.ts'
import type { Action, Decision } from '../environment/action.ts'
import type { Observation, ObservedElement } from '../environment/observation.ts'
import type { HeardAction } from '../environment/observe.ts'

/** One action of the script. */
export interface ScriptStep extends Decision {
  /** An id of its own, which stays when other steps are left out or undone. */
  readonly id: number
  /** The action as the agent would write it. */
  readonly written: string
  /** The element it acts on. */
  readonly target: ObservedElement | undefined
  /**
   * Whether it only moves the focus, as Tab or a click into a text field does. The agent's `fill` does that by itself.
   */
  readonly focuses: boolean
}

/**
 * The script with one more action under that id. `observation` is the page when the action was reported. Typing into a
 * field is one `fill` with the last text. Actions on elements that the agent would not see are left out.
 */
export function heardInScript(
  script: readonly ScriptStep[],
  heard: Exclude<HeardAction, { kind: 'ask' }>,
  observation: Observation,
  id: number,
): ScriptStep[] {
  const { focuses, action } = actionOf(heard)
  if (action.kind !== 'press' && !observation.elements.some(({ ref }) => ref === action.ref)) return [...script]
  // A tab leads from the month of a date to its day.
  const at = script.findLastIndex((step) => !step.focuses)
  const last = script[at]
  const goesOn = action.kind === 'fill' && last?.action.kind === 'fill' && last.action.ref === action.ref
  const step = scriptStep(action, observation, { focuses })
  return goesOn ? script.with(at, { ...step, id: last.id }) : [...script, { ...step, id }]
}

/** A step for `action`. Unless another thought is given, it is worded like those of the scripted experts. */
export function scriptStep(
  action: Action,
  observation: Observation,
  given: { readonly thought?: string | undefined; readonly focuses?: boolean | undefined } = {},
): Omit<ScriptStep, 'id'> {
  const target = action.kind === 'press' ? undefined : observation.elements.find(({ ref }) => ref === action.ref)
  const { thought = thoughtOf(action, target?.name ?? ''), focuses = false } = given
  return { action, written: formatAction(action, observation), thought, target, focuses }
}

/** The script without steps that only move the focus. */
export function withoutFocusing(script: readonly ScriptStep[]): ScriptStep[] {
  return script.filter(({ focuses }) => !focuses)
}

/**
 * The step's action on the present page. Refs are given in the order in which elements are first seen, so they may
 * differ from those in the recording. Undefined where no element has that role and name.
 */
export function actionOn(
  { action, target }: Pick<ScriptStep, 'action' | 'target'>,
  { elements }: Observation,
): Action | undefined {
  if (action.kind === 'press' || target === undefined) return action
  const alike = elements.filter(({ role, name }) => role === target.role && name === target.name)
  const element = alike.find(({ ref }) => ref === target.ref) ?? alike[0]
  return element === undefined ? undefined : { ...action, ref: element.ref }
}

function actionOf(heard: Exclude<HeardAction, { kind: 'ask' }>): { focuses: boolean; action: Action } {
  switch (heard.kind) {
    case 'click':
      return { focuses: heard.field, action: { kind: 'click', ref: heard.ref } }
    case 'press':
      return { focuses: heard.key === 'Tab', action: heard }
    default:
      return { focuses: false, action: heard }
  }
}

function thoughtOf(action: Action, name: string): string {
  switch (action.kind) {
    case 'click':
      return `click ${name}`.trim()
    case 'fill':
      return `fill ${name.toLowerCase()} with ${action.text}`
    case 'select':
      return `select ${action.option}`
    case 'press':
      return `press ${action.key}`
  }
}
