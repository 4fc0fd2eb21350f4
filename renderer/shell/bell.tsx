/** A button for notifications of the system when a run ends. Browsers ask for permission only after a click. */
import { ActionIcon } from '@mantine/core'
import { Bell, BellRing } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDesktop } from '../lab.ts'
import { useSettings } from '../state/settings.ts'
import { tell } from './notices.tsx'
import { permission } from './run-end.ts'

export function EndBell() {
  const { t } = useTranslation()
  const { notify } = useSettings()
  const desktop = useDesktop()
  const [allowed, setAllowed] = useState(permission)
  // The desktop app tells it by itself.
  if (desktop) return null
  const on = notify && allowed === 'granted'
  const turn = async () => {
    if (on) return useSettings.setState({ notify: false })
    if (allowed === null) return tell(t('bell.impossible'))
    const answer = await Notification.requestPermission()
    setAllowed(answer)
    useSettings.setState({ notify: answer === 'granted' })
    tell(t(answer === 'granted' ? 'bell.granted' : 'bell.denied'))
  }
  const Icon = on ? BellRing : Bell
  return (
    <ActionIcon
      variant="subtle"
      aria-label={t('bell.name')}
      title={t(on ? 'bell.on' : 'bell.off')}
      aria-pressed={on}
      onClick={() => void turn()}
    >
      <Icon size={18} aria-hidden />
    </ActionIcon>
  )
}
