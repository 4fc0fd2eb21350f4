/** The whole pipeline on the engine WebGPU, on the software adapter of both hosts, as a user runs it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { killProcesses, processesLeft, startProgram } from '../testing/campaign/program.ts'
import { makeCardLab } from '../testing/card-lab.ts'
import { TESTS_WEBGPU } from '../testing/webgpu.ts'

const parent = mkdtempSync(join(tmpdir(), 'card-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))

describe.runIf(TESTS_WEBGPU).each(['node', 'page'] as const)('on the host %s', (host) => {
  test('a tiny pipeline goes through every stage to its table', { timeout: 600_000 }, async () => {
    const place = await makeCardLab(parent, host, 4)
    try {
      const { code, out, err } = await startProgram(place, ['pipeline'], { env: { NODE_NO_WARNINGS: '1' } }).ended
      expect(err).toBe('')
      expect(code).toBe(0)
      for (const stage of ['verify', 'sft', 'collect', 'dpo', 'evaluate']) expect(out).toContain(stage)
      expect(out).toMatch(/SwiftShader/i)
      const report = join(place.home, 'reports/lab-1')
      const summary = JSON.parse(readFileSync(join(report, 'summary.json'), 'utf8'))
      expect(summary).toMatchObject({
        sft: { n: 2, faults: 0 },
        dpo: { n: 2, faults: 0 },
        tasks: { 'click-button': { dpo: { n: 1 } }, 'click-test-2': { dpo: { n: 1 } } },
      })
      expect(readFileSync(join(report, 'report.html'), 'utf8')).toContain('click-test-2')
      expect(await processesLeft(place)).toEqual([])
    } finally {
      killProcesses(place)
    }
  })
})
