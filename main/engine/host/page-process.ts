/** What every host program in a page does: it serves the lab, which speaks to the page over the DevTools protocol. */
import type { Port } from './port.ts'
import { type HostProgram, serveEngine } from './serve.ts'

/** The page's global scope, as page-port.ts knows it. */
export interface PageScope {
  /** The lab's binding. It takes a part of a packet in JSON; '' says that the page is ready. */
  toLab?: (part: string) => void
  /** Hears a packet. `bytes` are those of all its arrays in base64; with null they are in the file of the page's input. */
  fromLab?: (text: string, lengths: readonly number[], bytes: string | null) => Promise<void>
}

/** A part of a packet from the page: the text comes with the last. */
export interface PagePart {
  readonly text?: string
  /** The length of each array. */
  readonly lengths?: readonly number[]
  /** The next bytes of the arrays in base64. */
  readonly bytes: string
}

/** The most bytes in one part. */
const PART = 2 ** 22

/** Serves until the lab closes the page. */
export async function servePage(program: HostProgram): Promise<void> {
  await serveEngine(pagePort(globalThis as PageScope), program)
}

function pagePort(scope: PageScope): Port {
  const tell = (part: PagePart) => scope.toLab?.(JSON.stringify(part))
  return {
    async send({ text, arrays }) {
      // All parts go in one turn, so that packets do not mix.
      for (const array of arrays) {
        for (let at = 0; at < array.length; at += PART) tell({ bytes: base64(array.subarray(at, at + PART)) })
      }
      tell({ text, lengths: arrays.map(({ length }) => length), bytes: '' })
    },
    listen(hear) {
      scope.fromLab = async (text, lengths, bytes) => {
        const all = bytes === null ? fileOfInput() : new Blob([fromBase64(bytes)])
        let at = 0
        const buffers: ArrayBuffer[] = []
        for (const length of lengths) {
          buffers.push(await all.slice(at, at + length).arrayBuffer())
          at += length
        }
        hear(text, buffers)
      }
      scope.toLab?.('')
    },
  }
}

function fileOfInput(): Blob {
  const file = document.querySelector('input')?.files?.[0]
  if (file === undefined) throw new Error('The page was given no file.')
  return file
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}
