import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { prepareLab } from '../../testing/prepared-lab.ts'
import { prepareStudy } from '../../testing/prepared-study.ts'
import { writeSmallLab } from '../../testing/small-lab.ts'
import { dpoDriver } from '../cli.ts'

/** A folder, and what the command says in it. */
async function lab(prepare: (folder: string) => Promise<string> | string) {
  const folder = mkdtempSync(join(tmpdir(), 'report-'))
  const config = await prepare(folder)
  const report = async (...args: string[]) => {
    let said = ''
    const screen = {
      write(text: string) {
        said += text
      },
    }
    const status = await dpoDriver(['report', ...args, '--config_path', config], { out: screen, err: screen })
    return { status, said }
  }
  return { folder, report }
}

test('the report of a run is written in the reader’s language, whatever the run’s was', async () => {
  const { folder, report } = await lab(prepareLab)
  const file = join(folder, 'bericht.html')
  expect(await report(file)).toEqual({ status: 0, said: `Report of run 1 in ${file}\n` })
  expect(readFileSync(file, 'utf8')).toContain('Success of every policy')
  expect((await report(file, '--run', '1', '--language', 'zh')).status).toBe(0)
  const chinese = readFileSync(file, 'utf8')
  expect(chinese).toContain('<html lang="zh-CN">')
  expect(chinese).toContain('各策略的成功率')
  expect(chinese).toContain('SFT 策略，冻结')
  expect(chinese).not.toMatch(/Success of every policy|the SFT policy, frozen/)
})

test('the report of a study is written in either language', async () => {
  const { folder, report } = await lab(async (own) => {
    const config = await prepareLab(own)
    prepareStudy(config, 'beta')
    return config
  })
  const file = join(folder, 'study.html')
  expect(await report(file, '--study', '1')).toEqual({ status: 0, said: `Report of study 1 in ${file}\n` })
  expect(readFileSync(file, 'utf8')).toContain('<h2>Differences</h2>')
  expect((await report(file, '--study', '1', '--language', 'zh-CN')).status).toBe(0)
  expect(readFileSync(file, 'utf8')).toContain('<h2>差异</h2>')
  expect(await report(file, '--study', '9')).toMatchObject({ status: 2, said: expect.stringMatching(/no study 9/) })
  expect((await report(file, '--study', '1', '--run', '1')).status).toBe(2)
})

test('what cannot be written is refused in a sentence', async () => {
  const { folder, report } = await lab(prepareLab)
  const text = join(folder, 'report.txt')
  expect(await report(text)).toMatchObject({ status: 2, said: expect.stringMatching(/ends in \.html or \.pdf/) })
  expect(existsSync(text)).toBe(false)
  const file = join(folder, 'report.html')
  expect(await report(file, '--run', '7')).toMatchObject({ status: 2, said: expect.stringMatching(/no run 7/) })
  expect((await report(file, '--language', 'fr')).status).toBe(2)
  const nothing = await lab((empty) => writeSmallLab(empty, {}))
  expect(await nothing.report(file)).toMatchObject({
    status: 2,
    said: expect.stringMatching(/no reports to export yet/),
  })
})
