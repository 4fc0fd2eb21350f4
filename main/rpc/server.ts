/**
 * The server of the lab. HTTP carries the window's files and downloads, one WebSocket everything else. It serves the
 * window's files at once; the code that answers the window's requests loads meanwhile.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorText, UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { Guard, type Tokens } from './guard.ts'
import { reply, replyFailure, secure, send } from './reply.ts'
import { ROUTES } from './routes.ts'
import { sendStatic } from './static.ts'
import type { Context } from './trpc.ts'

export interface ServerOptions extends Tokens {
  /** The context from which requests are answered, as soon as it has loaded. */
  readonly context: Promise<Context>
  /** Address to listen on; only this machine can reach 127.0.0.1. */
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Folder of the window's built files. */
  readonly window: string
  /** Called with each bug in full. */
  readonly onBug: (text: string) => void
}

export interface LabServer {
  /** Address with the token. Anyone who has it can use the lab. */
  readonly url: string
  /** Address whose holder can look and download, and change nothing; null where there is none. */
  readonly readUrl: string | null
  readonly port: number
  /** An address that opens the lab once. The address before is no longer valid. */
  ticketUrl(): string
  close(): Promise<void>
}

/** Most connections at the same time, so that a flood leaves file descriptors for the lab's work. */
const CONNECTION_LIMIT = 256
/** Milliseconds without a byte after which a connection is closed. WebSockets have pings of their own. */
const SILENCE_LIMIT = 120_000

/** Starts to listen. Throws UserError where the address is not available. */
export async function startServer(options: ServerOptions): Promise<LabServer> {
  const { context, host, port, window, onBug } = options
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 10_000 })
  server.maxConnections = CONNECTION_LIMIT
  server.setTimeout(SILENCE_LIMIT)
  await listen(server, host, port)
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const guard = new Guard(host, bound, options)

  server.on('request', (request, response) => {
    answer(request, response, { guard, context, window }).catch((error: unknown) => {
      if (!(error instanceof UserError)) onBug(errorText(error))
      if (response.headersSent) response.destroy()
      else if (error instanceof UserError) replyFailure(request, response, error)
      else reply(response, 500, message('labMistake'))
    })
  })

  const socket = context.then(async (context) => (await import('./socket.ts')).openSocket(context, onBug))
  // A failure to load is told to each connection.
  socket.catch(() => {})
  socket.catch((error: unknown) => onBug(errorText(error)))
  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    connection.on('error', () => connection.destroy())
    const { pathname } = urlOf(request)
    const refusal = guard.refusal(request)
    if (refusal !== null) return refuse(connection, refusal.status)
    if (pathname !== '/trpc') return refuse(connection, 404)
    socket
      .then((open) => {
        if (!open.accept(request, connection, head, guard.mayChange(request))) refuse(connection, 503)
      })
      .catch(() => refuse(connection, 503))
  })
  server.on('clientError', (_error, socket) => socket.destroy())

  const home = `http://${host.includes(':') ? `[${host}]` : host}:${bound}/`
  return {
    url: `${home}?token=${guard.token}`,
    readUrl: guard.readToken === null ? null : `${home}?token=${guard.readToken}`,
    port: bound,
    ticketUrl: () => `${home}?ticket=${guard.issueTicket()}`,
    async close() {
      await socket.then(
        (open) => open.close(),
        () => {},
      )
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
  readonly context: Promise<Context>
  readonly window: string
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { guard, context, window }: Answering,
): Promise<void> {
  secure(response, request.headers.host ?? '')
  const url = urlOf(request)
  if (guard.redeems(request, url)) {
    response.setHeader('Set-Cookie', guard.setCookie())
    // A redirect would still count as the foreign page's navigation, which gets no strict cookie. A page's own does.
    return send(response, 200, 'text/html; charset=utf-8', '<meta http-equiv="refresh" content="0; url=/">')
  }
  const foreign = guard.foreign(request)
  const token = guard.admits(url)
  if (foreign === null && request.method === 'GET' && token !== undefined) {
    url.searchParams.delete('token')
    response.setHeader('Set-Cookie', guard.setCookie(token))
    // Two slashes would lead to another host.
    response.setHeader('Location', `${url.pathname.replace(/^\/+/, '/')}${url.search}`)
    return reply(response, 303, message('goOnThere'))
  }
  const refusal = guard.refusal(request)
  if (refusal !== null) return reply(response, refusal.status, refusal.message)
  const looks = request.method === 'GET' || request.method === 'HEAD'
  if (!looks && !guard.mayChange(request)) return reply(response, 403, message('readOnlyAddress'))
  for (const { method, path, answer } of ROUTES) {
    const parts = path.exec(url.pathname)
    if (parts === null || request.method !== method) continue
    const files = await import('./files.ts')
    const readOnly = !guard.mayChange(request)
    const exchange = { request, response, search: url.searchParams, context: { ...(await context), readOnly } }
    const [, first = '', second = ''] = parts
    return files[answer](exchange, first, second)
  }
  if (!looks) return reply(response, 405, message('readOnly'))
  const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  sendStatic(window, url.pathname, takesGzip, response)
}

/** The URL of a request. A malformed one becomes the URL of an unknown path. */
function urlOf({ url = '/' }: IncomingMessage): URL {
  return (
    URL.parse(url.startsWith('/') ? `http://lab${url.replace(/^\/+/, '/')}` : url) ?? new URL('http://lab/none.txt')
  )
}

/** Answers and closes. Without `destroy` a sender that stays would keep its connection for ever. */
function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}
