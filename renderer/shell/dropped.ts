/** What somebody drops on the window: where it lies, or what it holds. */
import i18next from 'i18next'
import type { GivenAdapter, GivenData, GivenModel } from '../../main/imports/recognise.ts'
import { errorOf, lab } from '../api.ts'
import { bytes } from '../parts/figures.ts'

/** What the desktop app adds to the page (app/preload.cjs). */
declare global {
  interface Window {
    readonly dpoDriverDesktop?: { pathOf(file: File): string }
  }
}

/** Something that was dropped. */
export interface Dropped {
  /** Tells it from what was dropped before. */
  readonly number: number
  readonly name: string
  /** Its path; null in a browser, which does not tell it. */
  readonly path: string | null
  /** The file, if it is one of data; a model is too large to send. */
  readonly data: File | null
}

/** Data that were dropped, with the file that has them. */
export interface GivenFile extends GivenData {
  readonly file: File
}

export type Given = GivenModel | GivenAdapter | GivenFile

/** Files that belong to models and adapters. */
const OF_MODELS = /\.(gguf|safetensors|bin|pt|pth)$|^(adapter_config|config)\.json$/i
const OF_DATA = /\.jsonl?$/i
/** Largest file that is sent, as main/preferences/data-file.ts takes it. */
const DATA_LIMIT = 256 << 20

let drops = 0

/** The first file or folder of a drop; null where it has none. */
export function droppedIn(transfer: DataTransfer): Dropped | null {
  const item = [...transfer.items].find(({ kind }) => kind === 'file')
  const file = item?.getAsFile() ?? null
  if (item === undefined || file === null) return null
  const isFolder = item.webkitGetAsEntry()?.isDirectory === true
  const path = window.dpoDriverDesktop?.pathOf(file) ?? ''
  // A large file of an unknown kind may be a model: Ollama's have no ending.
  const isData = !isFolder && !OF_MODELS.test(file.name) && (file.size <= DATA_LIMIT || OF_DATA.test(file.name))
  return { number: ++drops, name: file.name, path: path === '' ? null : path, data: isData ? file : null }
}

/** Asks the lab what it is. Throws the lab's error where it is nothing that the lab takes. */
export async function recognise({ path, data }: Pick<Dropped, 'path' | 'data'>): Promise<Given> {
  if (data === null) return lab.drops.recognise.mutate({ path: path ?? '' })
  if (data.size > DATA_LIMIT) {
    const values = { name: data.name, size: bytes(data.size), most: bytes(DATA_LIMIT) }
    throw new Error(i18next.t('drop.tooLarge', values))
  }
  const given: GivenData = await sendData('data', data)
  return { ...given, file: data }
}

/** Adds the samples of a file to the golden samples. */
export function addGolden(file: File): Promise<{ readonly added: number; readonly path: string }> {
  return sendData('golden', file)
}

async function sendData<T>(to: 'data' | 'golden', file: File): Promise<T> {
  const answer = await fetch(`/drops/${to}?${new URLSearchParams({ name: file.name })}`, {
    method: 'POST',
    body: file,
    headers: { Accept: 'application/json' },
  })
  if (!answer.ok) throw await errorOf(answer)
  return answer.json()
}
