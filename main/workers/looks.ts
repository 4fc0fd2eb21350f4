/**
 * Looks at the pages of a worker. Pictures travel only while somebody looks: who looks says so every second on the queue's
 * server, and the worker then leaves there what its pages show. Both vanish by themselves.
 */
import { z } from 'zod'
import { isSmallJpeg } from './jpeg.ts'
import { read } from './protocol.ts'
import type { Server } from './server.ts'

/** How often pictures come, and how long a wish or a picture stays, in milliseconds. */
export const LOOK = { every: 1_000, stays: 6_000 }
/** The most pages of a look, and the most characters of a picture and of everything. */
export const MOST = { pages: 16, picture: 200_000, look: 4 << 20 }

const words = z.string().max(2_000)

export const seenPageSchema = z.strictObject({
  /** The same for one page of the worker's browser, whatever is played there. */
  id: z.string().regex(/^[\w-]{1,40}$/),
  stage: z.string().max(1_000),
  arm: z.string().max(1_000),
  task: z.string().max(200),
  seed: z.int().min(0),
  attempt: z.int().min(0),
  step: z.int().min(0),
  status: z.enum(['playing', 'held', 'success', 'failure', 'fault']),
  instruction: words,
  thought: words,
  action: words,
  /** In base64; null where there is none yet. */
  jpeg: z.base64().max(MOST.picture).nullable(),
})
/** What one page of a worker shows, with what is played there. */
export type SeenPage = z.output<typeof seenPageSchema>

const lookSchema = z.array(seenPageSchema).max(MOST.pages)

/** Says that somebody looks at a worker. */
export async function wantLook({ redis, key }: Server, worker: string): Promise<void> {
  await redis.set(key('wanted', worker), '', 'PX', LOOK.stays)
}

/** Whether somebody looks at a worker. */
export async function isWanted({ redis, key }: Server, worker: string): Promise<boolean> {
  return (await redis.exists(key('wanted', worker))) === 1
}

/** Leaves what a worker's pages show. What is too long is cut, or left out. */
export async function postLook({ redis, key }: Server, worker: string, pages: readonly SeenPage[]): Promise<void> {
  await redis.set(key('look', worker), JSON.stringify(pages.slice(0, MOST.pages).map(bounded)), 'PX', LOOK.stays)
}

/** What a worker's pages show; empty where it left nothing, or something else. */
export async function look({ redis, key }: Server, worker: string): Promise<SeenPage[]> {
  const text = await redis.getrange(key('look', worker), 0, MOST.look)
  const pages = read(lookSchema, text) ?? []
  return pages.map((page) => ({ ...page, jpeg: isPicture(page.jpeg) ? page.jpeg : null }))
}

function isPicture(jpeg: string | null): boolean {
  return jpeg !== null && isSmallJpeg(Buffer.from(jpeg, 'base64'))
}

function bounded(page: SeenPage): SeenPage {
  const { instruction, thought, action, jpeg } = page
  const cut = (text: string) => text.slice(0, 2_000)
  return {
    ...page,
    instruction: cut(instruction),
    thought: cut(thought),
    action: cut(action),
    jpeg: jpeg !== null && jpeg.length > MOST.picture ? null : jpeg,
  }
}
