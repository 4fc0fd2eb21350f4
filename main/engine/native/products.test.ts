/** Tests the kernels alone: `native/products_check.cc` compares every table of this processor with double precision. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { describeNative } from '../../../testing/native.ts'

const CHECK = fileURLToPath(new URL('../../../native/build/products_check', import.meta.url))

describeNative('products of matrices', () => {
  test('every table agrees with double precision, also in threads', async () => {
    const { stdout } = await promisify(execFile)(CHECK)
    expect(stdout).not.toContain('WRONG')
    expect(stdout).toMatch(/^portable: portable\n/)
    await expect(promisify(execFile)(CHECK, ['mmx'])).rejects.toThrow("there is no table 'mmx'")
  })
})
