import i18next from 'i18next'
import { expect, test, vi } from 'vitest'
import { useSettings } from '../state/settings.ts'
import { startWords } from './i18n.ts'

test('an empty text is said as it is: Chinese sentences follow each other without a space', async () => {
  vi.stubGlobal('document', { documentElement: {} })
  await startWords()
  useSettings.setState({ language: 'zh-CN' })
  await expect.poll(() => i18next.language).toBe('zh-CN')
  expect(['一。', '二。'].join(i18next.t('app.apart'))).toBe('一。二。')
})
