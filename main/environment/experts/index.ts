/** The experts by task. */
import { CLICK_EXPERTS } from './click.ts'
import type { Expert } from './expert.ts'
import { FORM_EXPERTS } from './form.ts'
import { SITE_EXPERTS } from './site.ts'
import { TYPE_EXPERTS } from './type.ts'

export const EXPERTS: Readonly<Record<string, Expert>> = {
  ...CLICK_EXPERTS,
  ...TYPE_EXPERTS,
  ...FORM_EXPERTS,
  ...SITE_EXPERTS,
}
