/** The kernels alone: `native/products_check.cc` holds every table that this processor can run against double precision. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const CHECK = fileURLToPath(new URL('../../../native/build/products_check', import.meta.url))

describe.skipIf(!existsSync(CHECK))('products of matrices', () => {
  test('every table agrees with double precision, also in threads', async () => {
    const { stdout } = await promisify(execFile)(CHECK)
    expect(stdout).not.toContain('WRONG')
    expect(stdout).toMatch(/^portable: portable\n/)
    await expect(promisify(execFile)(CHECK, ['mmx'])).rejects.toThrow("there is no table 'mmx'")
  })
})
