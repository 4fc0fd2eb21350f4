/** Uses the lab as a window does: starts `serve`, and asks it over its WebSocket. */
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client'
import { WebSocket } from 'ws'
import type { JobState } from '../../main/jobs.ts'
import type { LabRouter } from '../../main/rpc/router.ts'
import type { Place } from './place.ts'
import { type Ended, type Program, type ProgramOptions, startProgram } from './program.ts'

export interface Serving {
  readonly program: Program
  /** Connects a window; rejects where the program ends before it can. */
  window(): Promise<Window>
}

export interface Window {
  readonly ask: TRPCClient<LabRouter>
  close(): void
}

export function serve(place: Place, options: ProgramOptions = {}): Serving {
  const program = startProgram(place, ['serve'], options)
  return {
    program,
    async window() {
      const [address] = await program.line(/http:\/\/\S+token=\S+/)
      return connect(new URL(address))
    },
  }
}

function connect(url: URL): Window {
  const cookie = `dpo-driver-${url.port}=${url.searchParams.get('token')}`
  class Socket extends WebSocket {
    constructor(address: string) {
      super(address, { headers: { cookie, origin: url.origin } })
      this.on('error', () => {})
    }
  }
  const socket = createWSClient({ url: `ws://${url.host}/trpc`, WebSocket: Socket as never })
  return {
    ask: createTRPCClient<LabRouter>({ links: [wsLink({ client: socket })] }),
    close: () => void socket.close(),
  }
}

/** Waits for the end of the job, and returns how it ended. Rejects where the program ends before. */
export async function endOfJob({ program }: Serving, { ask }: Window): Promise<NonNullable<JobState['last']>> {
  const gone = program.ended.then(({ code, err }): never => {
    throw new Error(`serve ended with ${code}: ${err}`)
  })
  const job = new Promise<NonNullable<JobState['last']>>((resolve, reject) => {
    const watching = ask.job.watch.subscribe(undefined, {
      onData(state) {
        if (state.status !== 'idle' || state.last === null) return
        watching.unsubscribe()
        resolve(state.last)
      },
      onError: reject,
    })
  })
  return Promise.race([job, gone])
}

/** Ends `serve` as Ctrl-C does. */
export async function endServing({ program }: Serving): Promise<Ended> {
  process.kill(program.pid, 'SIGINT')
  return program.ended
}
