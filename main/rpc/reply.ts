/** Answers of the HTTP server, and the headers that they share. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { failureOf, type UserError } from '../messages/error.ts'
import type { Message } from '../messages/message.ts'
import { english } from '../messages/say.ts'

/** What a page of the lab may do: run its own scripts and talk to its own server, nothing else. */
function contentSecurityPolicy(host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    // The component library writes its variables into a style element.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self' ws://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Sets the headers of every answer. `host` is the request's Host, already checked. */
export function secure(response: ServerResponse, host: string): void {
  response.setHeader('Content-Security-Policy', contentSecurityPolicy(host))
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('X-Frame-Options', 'DENY')
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  response.setHeader('Permissions-Policy', 'camera=(), microphone=(), geolocation=(), usb=(), serial=()')
}

/** Answers with a message in English. */
export function reply(response: ServerResponse, status: number, told: Message): void {
  send(response, status, 'text/plain; charset=utf-8', `${english(told)}\n`)
}

/**
 * Answers with a UserError: as a Failure in JSON where the request accepts JSON, as windows do, otherwise in English.
 */
export function replyFailure(request: IncomingMessage, response: ServerResponse, error: UserError): void {
  if (request.headers.accept?.includes(JSON_TYPE)) send(response, 400, JSON_TYPE, JSON.stringify(failureOf(error)))
  else send(response, 400, 'text/plain; charset=utf-8', `${error.message}\n`)
}

const JSON_TYPE = 'application/json'

/** Answers with content that must not be cached. */
export function send(response: ServerResponse, status: number, type: string, content: string | Uint8Array): void {
  const bytes = Buffer.from(content)
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length, 'Cache-Control': 'no-store' })
  response.end(bytes)
}

/**
 * Answers with pieces that are made while they are sent. A reader who is slow holds only a few of them, and one who leaves
 * ends the making. Where a piece cannot be made, the connection breaks, so that nobody takes a part for the whole.
 */
export async function sendPieces(response: ServerResponse, type: string, pieces: AsyncIterable<string>): Promise<void> {
  response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' })
  try {
    await pipeline(Readable.from(pieces, { objectMode: false }), response)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  }
}
