/**
 * The notice board on the queue's server: labs post what they play, workers post that they are there. A notice that is not
 * renewed vanishes, so who was killed is soon gone.
 */
import { z } from 'zod'
import {
  MESSAGE_BYTES,
  type Play,
  playSchema,
  read,
  type StrangePlay,
  strangePlaySchema,
  type WorkerState,
  workerSchema,
} from './protocol.ts'
import type { Server } from './server.ts'

/** How long a notice stays, and how often it has to be renewed, in milliseconds. */
export const NOTICE = { stays: 30_000, renewed: 5_000 }

const PLAYS = 'plays'
const WORKERS = 'workers'

/** A notice with the time since it was posted or renewed, in milliseconds. The server counts it: machines' clocks may differ. */
type Posted<Notice> = Notice & { readonly seen: number }

/** A worker that is there. */
export type PresentWorker = Posted<WorkerState>

export const postPlay = (server: Server, play: Play): Promise<void> => post(server, PLAYS, play)
export const postWorker = (server: Server, worker: WorkerState): Promise<void> => post(server, WORKERS, worker)
export const workers = (server: Server): Promise<PresentWorker[]> => posted(server, WORKERS, workerSchema)
export const plays = async (server: Server): Promise<(Play | StrangePlay)[]> =>
  (await posted(server, PLAYS, z.union([playSchema, strangePlaySchema]))).map(({ seen: _, ...play }) => play)
export const takeDownPlay = (server: Server, id: string): Promise<void> => takeDown(server, PLAYS, id)
export const takeDownWorker = (server: Server, id: string): Promise<void> => takeDown(server, WORKERS, id)

async function post({ redis, key }: Server, board: string, notice: { readonly id: string }): Promise<void> {
  await redis.set(key(board, notice.id), JSON.stringify(notice), 'PX', NOTICE.stays)
  await redis.sadd(key(board), notice.id)
}

/** What is posted now, by id. A notice that is none is passed over. */
async function posted<Notice extends { readonly id: string }>(
  { redis, key }: Server,
  board: string,
  schema: z.ZodType<Notice>,
): Promise<Posted<Notice>[]> {
  const ids = (await redis.smembers(key(board))).sort()
  const found = await Promise.all(
    ids.map(async (id) => {
      // Of a longer text nothing more is read.
      const [text, left] = await Promise.all([
        redis.getrange(key(board, id), 0, MESSAGE_BYTES),
        redis.pttl(key(board, id)),
      ])
      if (text === '') await redis.srem(key(board), id)
      const notice = read(schema, text)
      const seen = Math.min(NOTICE.stays, Math.max(0, NOTICE.stays - left))
      return notice?.id === id ? [{ ...notice, seen }] : []
    }),
  )
  return found.flat()
}

async function takeDown({ redis, key }: Server, board: string, id: string): Promise<void> {
  await redis.del(key(board, id))
  await redis.srem(key(board), id)
}
