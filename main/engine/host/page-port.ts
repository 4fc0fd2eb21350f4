/**
 * The lab's end of a page. Packets go over the DevTools protocol, so the page needs no network. That protocol is text, and
 * slow: large arrays go to the page by way of a file, which the page gets as a user would choose it.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'puppeteer-core'
import { z } from 'zod'
import type { PageScope } from './page-process.ts'
import type { Port } from './port.ts'

/** Arrays with more bytes than this in all go by way of a file. */
const SMALL = 2 ** 15

const partSchema = z.object({
  text: z.string().optional(),
  lengths: z.array(z.int().min(0)).optional(),
  bytes: z.base64(),
})

export interface PagePort extends Port {
  /** Resolves when the page's program listens. */
  readonly ready: Promise<void>
}

/** Connects to a page before its program is loaded. `folder` takes the files. `broken` is called when it sends nonsense. */
export async function pagePort(page: Page, folder: string, broken: (error: unknown) => void): Promise<PagePort> {
  const ready = Promise.withResolvers<void>()
  const session = await page.createCDPSession()
  let hears: (text: string, buffers: readonly ArrayBuffer[]) => void = () => {}
  let parts: Buffer[] = []
  session.on('Runtime.bindingCalled', ({ name, payload }) => {
    if (name !== 'toLab') return
    if (payload === '') return ready.resolve()
    try {
      const { text, lengths = [], bytes } = partSchema.parse(JSON.parse(payload))
      if (bytes !== '') parts.push(Buffer.from(bytes, 'base64'))
      if (text === undefined) return
      const all = Buffer.concat(parts)
      parts = []
      hears(text, split(all, lengths))
    } catch (error) {
      broken(error)
    }
  })
  await session.send('Runtime.enable')
  await session.send('Runtime.addBinding', { name: 'toLab' })

  let last: Promise<unknown> = Promise.resolve()
  const next = <R>(work: () => Promise<R>): Promise<R> => {
    const result = last.then(work, work)
    last = result.catch(() => {})
    return result
  }
  const hand = (text: string, lengths: readonly number[], bytes: string | null) =>
    page.evaluate((...packet) => (globalThis as PageScope).fromLab?.(...packet), text, lengths, bytes)
  return {
    ready: ready.promise,
    send: ({ text, arrays }) =>
      next(async () => {
        const lengths = arrays.map(({ byteLength }) => byteLength)
        if (lengths.reduce((sum, length) => sum + length, 0) <= SMALL) {
          await hand(text, lengths, Buffer.concat(arrays).toString('base64'))
          return
        }
        const file = join(folder, 'packet')
        await writeFile(file, arrays)
        const input = await page.$('input')
        if (input === null) throw new Error('The page has no input for files.')
        await (input as import('puppeteer-core').ElementHandle<HTMLInputElement>).uploadFile(file)
        await input.dispose()
        await hand(text, lengths, null)
      }),
    listen(hear) {
      hears = hear
    },
  }
}

/** The arrays, each in a buffer of its own. */
function split(all: Buffer, lengths: readonly number[]): ArrayBuffer[] {
  let at = 0
  return lengths.map((length) => {
    if (at + length > all.length) throw new Error('A packet of the page lacks bytes.')
    const buffer = new ArrayBuffer(length)
    new Uint8Array(buffer).set(all.subarray(at, at + length))
    at += length
    return buffer
  })
}
