/** The machines that play along, in the live view. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isWanted, LOOK, postLook, type SeenPage } from '../main/workers/looks.ts'
import { postWorker } from '../main/workers/presence.ts'
import { connectServer } from '../main/workers/server.ts'
import { HERE } from '../testing/queue-play.ts'
import { hasRedisServer, startRedis } from '../testing/redis-server.ts'
import { expect, test } from './fixtures.ts'
import { clean, open } from './window.ts'

const PAGE: SeenPage = {
  ...{ id: 'job-1', stage: 'collect', arm: '', task: 'click-tab', seed: 7, attempt: 0, step: 1, status: 'playing' },
  ...{ instruction: 'Switch to the tab.', thought: 'open it', action: 'click Tab', jpeg: null },
}

test('a lab that plays alone says how others can play along', async ({ page }) => {
  await open(page, 'live')
  await page.getByText('Machines', { exact: true }).click()
  await page.getByRole('heading', { name: 'This machine plays alone' }).waitFor()
  await clean(page, 'alone')
})

test('workers are listed with what they play', async ({ page, lab }) => {
  test.skip(!hasRedisServer(), 'needs redis-server')
  const redis = await startRedis()
  const server = await connectServer(redis.address, 'dpo-driver')
  const playing = [{ run: 3, stage: 'collect', arm: '', task: 'click-tab', seed: 7 }]
  const state = { pages: 4, slots: 16, episodes: 9, lately: 2, playing, refuses: [] }
  const jpeg = (await page.screenshot({ type: 'jpeg', quality: 10 })).toString('base64')
  // What is posted vanishes by itself, so a worker posts it again all the time.
  const post = async () => {
    await postWorker(server, { id: 'one-1', machine: HERE, ...state })
    if (await isWanted(server, 'one-1')) await postLook(server, 'one-1', [{ ...PAGE, jpeg }])
  }
  const posting = setInterval(() => void post().catch(() => {}), LOOK.every)
  try {
    await post()
    const config = join(lab.folder, 'config.yaml')
    const before = JSON.parse(readFileSync(config, 'utf8'))
    writeFileSync(config, JSON.stringify({ ...before, workers: { queue: redis.address } }))
    await open(page, 'live')
    await page.getByText('Machines', { exact: true }).click()
    await expect(page.getByRole('row', { name: /here native/ })).toContainText('run 3, Collect: click-tab, seed 7')
    await clean(page, 'machines')
    expect(await isWanted(server, 'one-1')).toBe(false)
    await page.getByRole('button', { name: 'Look at the pages of here' }).click()
    await expect.poll(() => isWanted(server, 'one-1'), { timeout: 15_000 }).toBe(true)
    const seen = page.getByRole('region', { name: 'The pages of here' })
    await expect(seen.getByRole('article', { name: 'click-tab' })).toContainText('Switch to the tab.')
    await expect(seen.getByRole('img')).toHaveJSProperty('complete', true)
    await clean(page, 'machines-looked-at')
    await page.getByRole('button', { name: 'Stop looking at the pages of here' }).click()
    await seen.waitFor({ state: 'hidden' })
  } finally {
    clearInterval(posting)
    server.close()
    await redis.close()
  }
})
