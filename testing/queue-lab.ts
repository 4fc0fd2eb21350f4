/** A lab as a process of its own, for tests that kill it: it hands out the problems of queue-play.ts and prints what it got. */
import { z } from 'zod'
import { connectServer } from '../main/workers/server.ts'
import { hand } from './queue-play.ts'

const { address, problems } = z
  .object({ address: z.string(), problems: z.int() })
  .parse(JSON.parse(process.argv[2] ?? '{}'))
const server = await connectServer(address, 'lab')
await hand(server, problems, { onEpisode: ({ seed, attempt }) => console.log(`${seed} ${attempt}`) })
server.close()
