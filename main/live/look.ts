/** What somebody looks at of a page, and what its pictures show to all who look. */
import { z } from 'zod'
import { TASK_AREA, VIEWPORT, type View } from '../environment/emulation.ts'

/** `extent`: the part of the page that tasks use, or all of it. `density`: pixels of a picture to a CSS pixel of the page. */
export const lookSchema = z.strictObject({
  extent: z.enum(['task', 'page']),
  density: z.int().min(1).max(3),
})
export type Look = z.output<typeof lookSchema>

/** The page as it is. */
export const WHOLE_PAGE: Look = { extent: 'page', density: 1 }

/** The view that shows each what they look at, none of it larger than somebody wants it. */
export function viewOf(looks: readonly Look[]): View {
  const area = looks.some(({ extent }) => extent === 'page') ? VIEWPORT : TASK_AREA
  return { ...area, density: Math.max(1, ...looks.map(({ density }) => density)) }
}
