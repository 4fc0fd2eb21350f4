/** What the model of a GGUF file was merged from, in its metadata. */
import type { Merge } from '../checkpoint/config-json.ts'
import { readGgufHeader } from './header.ts'
import type { TypedValues } from './write.ts'

const BASE = 'dpo_driver.merge.base'
const ADAPTER = 'dpo_driver.merge.adapter'

export function mergeValues({ base, adapter }: Merge): TypedValues {
  return [
    [BASE, base],
    [ADAPTER, adapter],
  ]
}

/** undefined where the file does not say it. Throws UserError where it cannot be read. */
export function mergeOfGguf(file: string): Merge | undefined {
  const { metadata } = readGgufHeader(file)
  const [base, adapter] = [metadata.get(BASE), metadata.get(ADAPTER)]
  return typeof base === 'string' && typeof adapter === 'string' ? { base, adapter } : undefined
}
