/** Short notices in a corner, which screen readers read out. A notice can offer to undo what it reports. */
import { Button, Group, Notification, Stack } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'
import { type Told, told, useSay } from '../i18n/say.ts'
import { useFocusHandedOn } from '../parts/focus.ts'

interface Notice {
  readonly id: number
  /** A text in the reader's language, or an error, which is put into that language when it is shown. */
  readonly what: string | Told
  readonly undo: (() => void) | undefined
  /** What the notice is about, by which it can be taken back. */
  readonly about: string | undefined
}

const useNotices = create<{ readonly notices: readonly Notice[] }>(() => ({ notices: [] }))

/** Milliseconds that a notice stays. A notice with an offer or an error stays longer. */
const SHORT = 4000
const LONG = 10_000
/** Most notices at a time; older ones disappear. */
const MOST = 3

let last = 0

function show(notice: Omit<Notice, 'id'>): void {
  useNotices.setState(({ notices }) => ({ notices: [...notices, { ...notice, id: ++last }].slice(-MOST) }))
}

/**
 * Reports that something was done, with an offer to undo it where `undo` is given. `about` names what it is about, for
 * `takeBack`.
 */
export function tell(text: string, undo?: () => void, about?: string): void {
  show({ what: text, undo, about })
}

/** Takes back the notices about something that is no longer so. */
export function takeBack(about: string): void {
  useNotices.setState(({ notices }) => ({ notices: notices.filter((one) => one.about !== about) }))
}

/** Reports that something failed, and why. */
export function tellError(error: unknown): void {
  show({ what: told(error), undo: undefined, about: undefined })
}

export function Notices() {
  const { notices } = useNotices()
  return (
    <Stack
      gap="sm"
      pos="fixed"
      bottom={16}
      right={16}
      w={400}
      maw="calc(100vw - 32px)"
      style={{ zIndex: 400 }}
      aria-live="polite"
    >
      {notices.map((notice) => (
        <NoticeBox key={notice.id} notice={notice} />
      ))}
    </Stack>
  )
}

function NoticeBox({ notice: { id, what, undo } }: { readonly notice: Notice }) {
  const { t } = useTranslation()
  const say = useSay()
  const bad = typeof what !== 'string'
  const box = useRef<HTMLDivElement>(null)
  useFocusHandedOn(box)
  const close = () => useNotices.setState(({ notices }) => ({ notices: notices.filter((one) => one.id !== id) }))
  useEffect(() => {
    const timer = setTimeout(
      () => useNotices.setState(({ notices }) => ({ notices: notices.filter((one) => one.id !== id) })),
      bad || undo !== undefined ? LONG : SHORT,
    )
    return () => clearTimeout(timer)
  }, [id, bad, undo])
  return (
    <Notification
      ref={box}
      // The element around the notices is read out already, so an alert of their own would be read twice.
      role="group"
      withBorder
      color={bad ? 'orange' : 'gray'}
      onClose={close}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      {...(bad ? { title: t('app.failed') } : {})}
    >
      <Group justify="space-between" wrap="nowrap" gap="md">
        <span className="wrap">{bad ? say(what) : what}</span>
        {undo !== undefined && (
          <Button
            size="xs"
            variant="default"
            flex="none"
            onClick={() => {
              undo()
              close()
            }}
          >
            {t('app.undo')}
          </Button>
        )}
      </Group>
    </Notification>
  )
}
