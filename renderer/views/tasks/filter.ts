/** Which tasks the catalogue lists, and choices of tasks that are offered. */
import type { TaskInfo } from '../../lab.ts'
import type { Place } from '../../location.ts'

/** In the order of the number of actions. */
export const GROUPS = ['one-step', 'two-step', 'few-step', 'many-step', 'long', 'pointer', 'unclear', 'own'] as const
/** Whether a task has a scripted expert. */
export const EXPERT = ['yes', 'no'] as const

type Listed = Pick<TaskInfo, 'name' | 'title' | 'group' | 'category' | 'expert'>

/** The agent acts on elements: it cannot drag, draw or point at a place. */
export function isOutOfReach({ group }: Pick<TaskInfo, 'group'>): boolean {
  return group === 'pointer'
}

/** The tasks that pass the filters in the address. Each word of the search must be in the name, title or kind. */
export function filteredTasks<T extends Listed>(tasks: readonly T[], query: Place['query']): T[] {
  const words = (query.search ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const group = GROUPS.find((one) => one === query.group)
  const expert = EXPERT.find((one) => one === query.expert)
  return tasks.filter((task) => {
    if (group !== undefined && task.group !== group) return false
    if (expert !== undefined && task.expert !== (expert === 'yes')) return false
    const text = `${task.name} ${task.title} ${task.category}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** Choices of tasks: those of a group that have an expert, and all within reach that have one. */
export function presetsOf<T extends Listed>(
  tasks: readonly T[],
): { readonly id: 'reach' | (typeof GROUPS)[number]; readonly tasks: readonly T[] }[] {
  const shown = tasks.filter(({ expert }) => expert)
  return [
    ...GROUPS.map((id) => ({ id, tasks: shown.filter(({ group }) => group === id) })),
    { id: 'reach' as const, tasks: shown.filter((task) => !isOutOfReach(task)) },
  ].filter(({ tasks: own }) => own.length > 0)
}
