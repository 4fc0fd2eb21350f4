/**
 * Tests of the native engine. Set-up builds the addon, so the tests fail without it. On machines without a compiler,
 * DPO_DRIVER_TESTS_WITHOUT_NATIVE=1 skips them instead.
 */
import { describe, test } from 'vitest'
import { isBuilt } from '../main/engine/native/addon.ts'

/** Whether these tests run here, even if they then fail. */
export const TESTS_NATIVE = isBuilt() || process.env.DPO_DRIVER_TESTS_WITHOUT_NATIVE !== '1'

const REASON = 'the native engine is not built, and DPO_DRIVER_TESTS_WITHOUT_NATIVE=1 allows that'

export function describeNative(name: string, suite: () => void): void {
  if (TESTS_NATIVE) describe(name, suite)
  else describe.skip(`${name} (not here: ${REASON})`, suite)
}

/** `limit` is in milliseconds; by default that of every test. */
export function testNative(name: string, body: () => void | Promise<void>, limit?: number): void {
  if (TESTS_NATIVE) test(name, body, limit)
  else test.skip(`${name} (not here: ${REASON})`, body)
}
