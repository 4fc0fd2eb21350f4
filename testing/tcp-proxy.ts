/** A way through to a port that can be cut, as a network is. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface TcpProxy {
  readonly port: number
  /** From now on nothing passes: `hard` ends connections and takes no new ones, else they stay open and silent. */
  cut(hard: boolean): void
  heal(): void
  close(): Promise<void>
}

export async function startProxy(target: number, host = '127.0.0.1'): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isCut = false
  let isHard = false
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket)
    socket
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    socket.on('data', (bytes) => {
      // What was sent into a cut never arrives.
      if (!isCut) other.write(bytes)
    })
  }
  const server = createServer((from) => {
    if (isCut && isHard) {
      from.destroy()
      return
    }
    const to = connect(target, host)
    keep(from, to)
    keep(to, from)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    cut(hard) {
      isCut = true
      isHard = hard
      if (hard) for (const socket of sockets) socket.destroy()
    },
    heal() {
      isCut = false
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
