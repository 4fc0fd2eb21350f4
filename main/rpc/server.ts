/** The server of the lab: its window's files and downloads over HTTP, everything else over one WebSocket. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocketServer } from 'ws'
import { errorText, UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { sendFile } from './files.ts'
import { Guard } from './guard.ts'
import { reply, replyFailure, secure } from './reply.ts'
import { labRouter } from './router.ts'
import { sendStatic } from './static.ts'
import { type Context, isBug } from './trpc.ts'

export interface ServerOptions {
  readonly context: Context
  /** Address to listen at; only this machine reaches 127.0.0.1. */
  readonly host: string
  /** 0 takes any that is free. */
  readonly port: number
  /** Folder of the window's built files. */
  readonly window: string
  /** Told of bugs, in full. */
  readonly onBug: (text: string) => void
}

export interface LabServer {
  /** Address with the token: whoever has it can do everything. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** Most bytes of one message of a page. */
const MESSAGE_LIMIT = 1 << 20
/** Most pages that are connected at the same time. */
const SOCKET_LIMIT = 64

/** Starts to listen. Throws UserError where the address cannot be had. */
export async function startServer({ context, host, port, window, onBug }: ServerOptions): Promise<LabServer> {
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 10_000 })
  await listen(server, host, port)
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const guard = new Guard(host, bound)

  server.on('request', (request, response) => {
    answer(request, response, { guard, context, window }).catch((error: unknown) => {
      if (!(error instanceof UserError)) onBug(errorText(error))
      if (response.headersSent) response.destroy()
      else if (error instanceof UserError) replyFailure(request, response, error)
      else reply(response, 500, message('labMistake'))
    })
  })

  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT, perMessageDeflate: false })
  const handler = applyWSSHandler({
    wss: sockets,
    router: labRouter,
    createContext: () => context,
    keepAlive: { enabled: true, pingMs: 20_000, pongWaitMs: 10_000 },
    onError: ({ error, path }) => {
      // Without a path it was no request, and that is its sender's fault.
      if (path !== undefined && isBug(error)) onBug(errorText(error.cause ?? error))
    },
  })
  // What is no WebSocket frame, or too long, ends its own connection and nothing else.
  sockets.on('connection', (socket) => socket.on('error', () => socket.terminate()))
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const { pathname } = urlOf(request)
    const refusal = guard.refusal(request)
    if (refusal !== null) return refuse(socket, refusal.status)
    if (pathname !== '/trpc') return refuse(socket, 404)
    if (sockets.clients.size >= SOCKET_LIMIT) return refuse(socket, 503)
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
  })
  server.on('clientError', (_error, socket) => socket.destroy())

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/?token=${guard.token}`,
    port: bound,
    async close() {
      handler.broadcastReconnectNotification()
      for (const client of sockets.clients) client.terminate()
      sockets.close()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail)
      server.listen(port, host, () => {
        server.off('error', fail)
        done()
      })
    })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new UserError('portTaken', { port })
    if (code === 'EACCES') throw new UserError('portReserved', { port })
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new UserError('hostUnknown', { host })
    throw error
  }
}

interface Answering {
  readonly guard: Guard
  readonly context: Context
  readonly window: string
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { guard, context, window }: Answering,
): Promise<void> {
  secure(response, request.headers.host ?? '')
  const url = urlOf(request)
  const foreign = guard.foreign(request)
  if (foreign === null && request.method === 'GET' && guard.admits(url)) {
    url.searchParams.delete('token')
    response.setHeader('Set-Cookie', guard.setCookie())
    response.setHeader('Location', `${url.pathname}${url.search}`)
    return reply(response, 303, message('goOnThere'))
  }
  const refusal = guard.refusal(request)
  if (refusal !== null) return reply(response, refusal.status, refusal.message)
  if (await sendFile(request, response, url, context)) return
  if (request.method !== 'GET' && request.method !== 'HEAD') return reply(response, 405, message('readOnly'))
  const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  sendStatic(window, url.pathname, takesGzip, response)
}

/** The address of a request; one that cannot be read is that of nothing. */
function urlOf({ url = '/' }: IncomingMessage): URL {
  return (
    URL.parse(url.startsWith('/') ? `http://lab${url.replace(/^\/+/, '/')}` : url) ?? new URL('http://lab/none.txt')
  )
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
