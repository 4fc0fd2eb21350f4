/** A server on loopback that answers each text with another, for tests of who talks to it. */
import { once } from 'node:events'
import { createServer } from 'node:net'

export async function startTcpServer(answer: (text: string) => string): Promise<{ port: number; close(): void }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.setEncoding('latin1').on('data', (text) => socket.write(answer(String(text))))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, close: () => server.close() }
}
