import { expect, test, vi } from 'vitest'

test('what another window writes is kept beside the own drafts', async () => {
  const kept = new Map<string, string>()
  const listeners: ((event: { key: string }) => void)[] = []
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
    removeItem: (name: string) => void kept.delete(name),
  })
  vi.stubGlobal('window', {
    addEventListener: (_: string, listener: (typeof listeners)[0]) => listeners.push(listener),
  })
  const { useDrafts } = await import('./page-drafts.ts')
  const draft = (name: string) => ({ name, html: name, before: null })
  useDrafts.setState({ drafts: { mine: draft('mine') } })
  const [name = ''] = kept.keys()
  const drafts = { mine: draft('mine'), other: draft('other') }
  kept.set(name, JSON.stringify({ state: { drafts }, version: 0 }))
  for (const listener of listeners) listener({ key: name })
  expect(useDrafts.getState().drafts).toEqual(drafts)
  vi.unstubAllGlobals()
})
