import { defineConfig } from 'vitest/config'

/** Tests that take many minutes, with a command of their own: `npm run test:crash`. */
export default defineConfig({
  test: { include: ['e2e/crash.test.ts'], testTimeout: 1_800_000, hookTimeout: 1_800_000, maxWorkers: 1 },
})
