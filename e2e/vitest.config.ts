import { defineConfig } from 'vitest/config'

/** Tests that take minutes, by their own commands: `npm run test:crash`. */
export default defineConfig({
  test: { include: ['e2e/**/*.test.ts'], testTimeout: 1_800_000, hookTimeout: 1_800_000, maxWorkers: 1 },
})
