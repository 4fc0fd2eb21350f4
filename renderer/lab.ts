/** Queries that several views make. */
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { inferRouterOutputs } from '@trpc/server'
import type { LabRouter } from '../main/rpc/router.ts'
import { lab } from './api.ts'

/** The types of the answers of the lab's procedures. */
export type Answers = inferRouterOutputs<LabRouter>
export type Results = Answers['results']['get']
export type RunBrief = Answers['runs']['list'][number]
export type StudyBrief = Answers['studies']['list'][number]
export type Study = Answers['studies']['get']
export type StudyResult = NonNullable<Answers['studies']['result']>
/** A key of the configuration. */
export type Field = Answers['config']['form']['fields'][number]
export type TaskInfo = Answers['tasks']['list'][number]

/** A round of pairs: a run's collection and its number. */
export interface Round {
  readonly run: number
  readonly round: number
}

/** Every run, the latest first. */
export function useRuns(): UseQueryResult<readonly RunBrief[]> {
  return useQuery({ queryKey: ['runs', 'list'], queryFn: () => lab.runs.list.query() })
}

/** Every study, in the order of the queue. */
export function useStudies(): UseQueryResult<Answers['studies']['list']> {
  return useQuery({ queryKey: ['studies', 'list'], queryFn: () => lab.studies.list.query() })
}

/** Every round that has pairs, the latest first. */
export function useRounds(): UseQueryResult<Answers['pairs']['rounds']> {
  return useQuery({ queryKey: ['pairs', 'rounds'], queryFn: () => lab.pairs.rounds.query() })
}

/** Every task that can be played; an empty list until the lab has answered. */
export function useTasks(): readonly TaskInfo[] {
  return useQuery({ queryKey: ['tasks'], queryFn: () => lab.tasks.list.query(), staleTime: 60_000 }).data ?? []
}

/** Whether the window belongs to the desktop app; false until the lab has answered. */
export function useDesktop(): boolean {
  const present = useQuery({
    queryKey: ['desktop'],
    queryFn: () => lab.desktop.present.query(),
    staleTime: Number.POSITIVE_INFINITY,
  })
  return present.data === true
}

/** Whether this window may only look; false until the lab has answered. */
export function useReadOnly(): boolean {
  return useLabStatus().data?.readOnly === true
}

/** Machine, model and engine. */
export function useLabStatus(): UseQueryResult<Answers['status']['get']> {
  return useQuery({ queryKey: ['status'], queryFn: () => lab.status.get.query() })
}
