/** The names of `verify`'s checks, in their order. */
import type { MessageId } from './message.ts'

export const CHECK_TITLES = {
  node: 'checkNode',
  disk: 'checkDisk',
  card: 'checkCard',
  memory: 'checkMemory',
  model: 'checkModel',
  engine: 'checkEngine',
  tasks: 'checkTasks',
  browser: 'checkBrowser',
  queue: 'checkQueue',
} as const satisfies Readonly<Record<string, MessageId>>

export type CheckName = keyof typeof CHECK_TITLES
