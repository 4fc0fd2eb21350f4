import { Command } from 'commander'
import { expect, test, vi } from 'vitest'
import { addServe } from './serve.ts'

test('a signal that comes while the browser opens ends the lab', async () => {
  const close = vi.fn(async () => {})
  vi.doMock('../web.ts', () => ({
    serveLab: async () => ({
      url: 'http://127.0.0.1:1/',
      readUrl: null,
      ticketUrl: () => 'http://127.0.0.1:1/',
      close,
    }),
  }))
  vi.doMock('../browser.ts', () => ({ openBrowser: async () => process.emit('SIGHUP') }))
  const cli = new Command()
  const screen = { write: () => true }
  addServe(cli, { out: screen, err: screen })
  await cli.parseAsync(['serve', '--open'], { from: 'user' })
  expect(close).toHaveBeenCalledOnce()
  expect(process.listenerCount('SIGHUP')).toBe(0)
})
