import { expect, test } from 'vitest'
import { create } from 'zustand'
import { persist } from 'zustand/middleware'
import { browserStorage } from './browser-storage.ts'

test('a full storage keeps what it has, and the state changes all the same', () => {
  const kept = new Map<string, string>()
  const storage = browserStorage(() => ({
    getItem: (name) => kept.get(name) ?? null,
    removeItem: (name) => kept.delete(name),
    setItem(name, text) {
      if (text.length > 100) throw new DOMException('full', 'QuotaExceededError')
      kept.set(name, text)
    },
  }))
  const useText = create<{ text: string }>()(persist(() => ({ text: '' }), { name: 'text', storage }))
  useText.setState({ text: 'short' })
  useText.setState({ text: 'long'.repeat(100) })
  expect(useText.getState().text).toHaveLength(400)
  expect(kept.get('text')).toContain('short')
})
