/** The WebSocket of the lab, which carries every request and subscription of a window. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocketServer } from 'ws'
import { errorText } from '../messages/error.ts'
import { labRouter } from './router.ts'
import { type Context, isBug } from './trpc.ts'

export interface Socket {
  /**
   * Takes a connection that wants to become a WebSocket; without `mayChange` it can only look. Returns false and does nothing where there
   * are too many.
   */
  accept(request: IncomingMessage, connection: Duplex, head: Buffer, mayChange: boolean): boolean
  /** Tells every window to reconnect later, and closes its connection. */
  close(): void
}

/** Largest message of a page, in bytes. */
const MESSAGE_LIMIT = 1 << 20
/** Most pages that can be connected at the same time, and most of them while one that only looks asks: the others stay free for the owner. */
const SOCKET_LIMIT = { all: 64, looking: 48 }

/** Opens the socket. `onBug` gets each bug in full. */
export function openSocket(context: Context, onBug: (text: string) => void): Socket {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT, perMessageDeflate: false })
  const reading: Context = { ...context, readOnly: true }
  const changers = new WeakSet<IncomingMessage>()
  const handler = applyWSSHandler({
    wss: sockets,
    router: labRouter,
    createContext: ({ req }) => (changers.has(req) ? context : reading),
    keepAlive: { enabled: true, pingMs: 20_000, pongWaitMs: 10_000 },
    onError: ({ error, path }) => {
      // Without a path it was not a request, which is the sender's mistake.
      if (path !== undefined && isBug(error)) onBug(errorText(error.cause ?? error))
    },
  })
  // An invalid or overlong frame ends its own connection and nothing else.
  sockets.on('connection', (socket) => socket.on('error', () => socket.terminate()))
  return {
    accept(request, connection, head, mayChange) {
      if (sockets.clients.size >= (mayChange ? SOCKET_LIMIT.all : SOCKET_LIMIT.looking)) return false
      if (mayChange) changers.add(request)
      sockets.handleUpgrade(request, connection, head, (client) => sockets.emit('connection', client, request))
      return true
    },
    close() {
      handler.broadcastReconnectNotification()
      for (const client of sockets.clients) client.terminate()
      sockets.close()
    },
  }
}
