import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { sendPieces } from './reply.ts'

let close: () => void = () => {}
afterEach(() => close())

/** Asks a server that sends these pieces. Returns the answer, of which nothing is read yet. */
async function asked(pieces: AsyncIterable<string>) {
  const sent = Promise.withResolvers<void>()
  const server = createServer((_, response) => {
    sendPieces(response, 'text/plain', pieces).then(sent.resolve, sent.reject)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  const request = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  request.on('error', () => {})
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  answer.on('error', () => {})
  return { answer, sent: sent.promise }
}

test('a reader who does not read holds a few pieces, and ends the making when they leave', async () => {
  let made = 0
  let over = false
  async function* endless() {
    try {
      for (;;) {
        made++
        yield 'x'.repeat(1 << 20)
      }
    } finally {
      over = true
    }
  }
  const { answer, sent } = await asked(endless())
  for (let before = -1; before !== made; await setTimeout(100)) before = made
  // Most of these are in the system's buffers.
  expect(made).toBeLessThan(32)
  answer.destroy()
  await sent
  expect(over).toBe(true)
})

test('where a piece cannot be made, the reader sees that the rest is missing', async () => {
  const { answer, sent } = await asked(
    (async function* () {
      yield 'one'
      await setTimeout(20)
      throw new Error('lost')
    })(),
  )
  sent.catch(() => {})
  answer.resume()
  await new Promise((closed) => answer.on('close', closed))
  expect(answer.complete).toBe(false)
  await expect(sent).rejects.toThrow('lost')
})
