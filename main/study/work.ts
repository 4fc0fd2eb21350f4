/** Works off studies: one member after the other, in an order that people can change meanwhile. */
import { type Failure, failureOf, UserError } from '../messages/error.ts'
import type { Store } from '../store/store.ts'
import type { Member, StudyRecord, StudyState } from '../store/studies.ts'

/** The state of a member, for people. 'interrupted' had begun, and can be resumed; 'running' is at work now. */
export type MemberState = 'waiting' | 'running' | 'interrupted' | 'done' | 'failed' | 'cancelled'

/** `atWork` is the run that a process is playing now; null where none is. */
export function memberState(member: Member, atWork: number | null): MemberState {
  if (member.run !== null && member.run === atWork) return 'running'
  if (member.status === 'done') return 'done'
  if (member.cancelled) return 'cancelled'
  if (member.status === null) return 'waiting'
  return member.status === 'failed' ? 'failed' : 'interrupted'
}

/** Plays a member to its end, from where it was stopped. Throws as `Lab.run`. The signal stops it without loss. */
export type Play = (member: Member, signal: AbortSignal) => Promise<void>

export type StudyEvent =
  | { readonly event: 'member'; readonly member: Member; readonly place: number; readonly of: number }
  | ({ readonly event: 'memberFailed'; readonly member: Member } & Failure)

export interface WorkOptions {
  readonly store: Store
  /** The study; null for all open ones, in the order of the queue. */
  readonly study: number | null
  readonly play: Play
  readonly signal: AbortSignal
  readonly emit: (event: StudyEvent) => void
  /** Milliseconds between two looks at what people have changed. */
  readonly look?: number
}

export interface Worked {
  /** Members that failed now. */
  readonly failed: number
  /** 'open' where all members were played that could be. */
  readonly state: StudyState
}

/** The members of a study that are to be played, in their order. */
export function membersLeft(store: Store, study: number): Member[] {
  return store.studies.members(study).filter(({ cancelled, status }) => !cancelled && status !== 'done')
}

/** The open studies that have members left, in the order of the queue. */
export function queuedStudies(store: Store): StudyRecord[] {
  return store.studies.list().filter(({ id, state }) => state === 'open' && membersLeft(store, id).length > 0)
}

/**
 * Plays the members of a study that are not done, failed ones once more each. A member that fails does not keep the others from
 * being played. Ends early where a person pauses or cancels the study; that and the cancelling of the member at work stop
 * the present run, without loss. Of all open studies, the first of the queue goes on, as the queue is then. Throws the signal's reason when it is aborted, and at once an error of the lab that is no
 * member's fault: where another command holds the store, and bugs.
 */
export async function workOff({ store, study, play, signal, emit, look = 1000 }: WorkOptions): Promise<Worked> {
  const tried = new Set<string>()
  let failed = 0
  for (;;) {
    signal.throwIfAborted()
    const state = study === null ? 'open' : (store.studies.find(study)?.state ?? 'cancelled')
    const studies = study === null ? queuedStudies(store).map(({ id }) => id) : [study]
    const left = state === 'open' ? studies.flatMap((id) => membersLeft(store, id)) : []
    const next = left.find((member) => !tried.has(keyOf(member)))
    if (next === undefined) return { failed, state }
    tried.add(keyOf(next))
    const done = store.studies.members(next.study).filter(({ status }) => status === 'done').length
    const of = done + left.filter((member) => member.study === next.study).length
    emit({ event: 'member', member: next, place: done + 1, of })
    const stop = new AbortController()
    const stopping = AbortSignal.any([signal, stop.signal])
    const watch = setInterval(() => {
      if (!isWanted(store, next)) stop.abort()
    }, look)
    try {
      await play(next, stopping)
    } catch (error) {
      if (stop.signal.aborted && !signal.aborted) continue
      if (signal.aborted || !(error instanceof UserError) || !hasBegun(store, next) || isKeptOut(error)) throw error
      failed++
      emit({ event: 'memberFailed', member: next, ...failureOf(error) })
    } finally {
      clearInterval(watch)
    }
  }
}

function keyOf({ study, member }: Member): string {
  return `${study} ${member}`
}

function isWanted(store: Store, { study, member }: Member): boolean {
  const isOpen = store.studies.find(study)?.state === 'open'
  return isOpen && store.studies.members(study).some((one) => one.member === member && !one.cancelled)
}

/** Whether another command has what a run needs. */
function isKeptOut({ messages }: UserError): boolean {
  const busy: readonly string[] = ['storeAtWork', 'storeNotWritable', 'placesAtWork', 'runFolderAtWork']
  return messages.some(({ id }) => busy.includes(id))
}

/** Whether a member is a run. Where it is none, another command kept it from beginning, and would keep the others as well. */
function hasBegun(store: Store, { study, member }: Member): boolean {
  return store.studies.members(study).some((one) => one.member === member && one.run !== null)
}
