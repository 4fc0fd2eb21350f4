/** Tells the end of a run to a reader who is elsewhere: by the title of the page, and by a notification of the system. */
import type { TFunction } from 'i18next'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EndedJob } from '../../main/jobs.ts'
import { useSay } from '../i18n/say.ts'
import { useJob } from '../job.ts'
import { goTo } from '../location.ts'
import { useSettings } from '../state/settings.ts'

/** What the browser allows; null where it has no notifications, or not for an address without https. */
export function permission(): NotificationPermission | null {
  return 'Notification' in window && window.isSecureContext ? Notification.permission : null
}

/** Follows the ends of runs. Returns the last one while the reader has not come back to the page; else null. */
export function useRunEnd(): EndedJob | null {
  const { t } = useTranslation()
  const say = useSay()
  const job = useJob()
  const { notify } = useSettings()
  const [unseen, setUnseen] = useState<EndedJob | null>(null)
  /** When the last run ended that is known; undefined before the lab has answered. */
  const known = useRef<number | null | undefined>(undefined)
  useEffect(() => {
    if (job === null) return
    const { last } = job
    const isNew = known.current !== undefined && last !== null && last.ended !== known.current
    known.current = last?.ended ?? null
    if (!isNew) return
    setUnseen(last)
    if (notify && !document.hasFocus()) show(t, say, last)
  }, [job, notify, t, say])
  useEffect(() => {
    if (unseen === null) return
    const seen = () => setUnseen(null)
    const comings = ['focus', 'pointerdown', 'keydown'] as const
    for (const coming of comings) window.addEventListener(coming, seen)
    return () => {
      for (const coming of comings) window.removeEventListener(coming, seen)
    }
  }, [unseen])
  return unseen
}

function show(t: TFunction, say: ReturnType<typeof useSay>, ended: EndedJob): void {
  if (permission() !== 'granted') return
  const { run, command, status } = ended
  const why = ended.error === null ? '' : (say(ended).split('\n')[0] ?? '')
  const body = [t(`command.${command}`), why].filter((part) => part !== '').join(': ')
  try {
    // Several windows of the lab show one notification together.
    const shown = new Notification(t(`job.titleEnded.${status}`, { run }), {
      body,
      tag: `run-${run}`,
      icon: '/icon.svg',
    })
    shown.onclick = () => {
      window.focus()
      goTo('pipeline', { run })
    }
  } catch {
    // Browsers of phones take notifications from a service worker only.
  }
}
