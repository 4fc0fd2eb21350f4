/** Checks messages from the store or from a window. */
import { z } from 'zod'
import type { Message, MessageId, Value } from './message.ts'

const value: z.ZodType<Value> = z.lazy(() => z.union([z.string(), z.number(), messageSchema, z.array(value)]))

/** A message in JSON. Its id may belong to the catalogue of another version. */
export const messageSchema: z.ZodType<Message> = z.object({
  id: z.custom<MessageId>((id) => typeof id === 'string'),
  values: z.record(z.string(), value),
})
