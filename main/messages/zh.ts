/** 实验室自己说的每一句话，中文：键与空位和 en.ts 相同。 */
import { translated } from './translated.ts'

export const CHINESE = translated({
  verbatim: '{{text}}',
})
