/** Short notices in a corner, read out by screen readers; one may offer to take back what it tells of. */
import { Button, Group, Notification, Stack } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'
import { useFocusHandedOn } from '../parts/focus.ts'
import { messageOf, useSentence } from '../parts/sentence.ts'

interface Notice {
  readonly id: number
  /** In the reader's language, or an error's own words, which are said in that language where they are shown. */
  readonly text: string
  readonly bad: boolean
  readonly undo: (() => void) | undefined
}

const useNotices = create<{ readonly notices: readonly Notice[] }>(() => ({ notices: [] }))

/** Milliseconds that a notice stays; one with an offer, or about an error, stays longer. */
const SHORT = 4000
const LONG = 10_000
/** Older ones make room: nobody reads a pile. */
const MOST = 3

let last = 0

function show(notice: Omit<Notice, 'id'>): void {
  useNotices.setState(({ notices }) => ({ notices: [...notices, { ...notice, id: ++last }].slice(-MOST) }))
}

/** Tells that something was done, with an offer to undo it where there is one. */
export function tell(text: string, undo?: () => void): void {
  show({ text, bad: false, undo })
}

/** Tells that something failed, in the error's own sentence. */
export function tellError(error: unknown): void {
  show({ text: messageOf(error), bad: true, undo: undefined })
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
        <Shown key={notice.id} notice={notice} />
      ))}
    </Stack>
  )
}

function Shown({ notice: { id, text, bad, undo } }: { readonly notice: Notice }) {
  const { t } = useTranslation()
  const sentence = useSentence()
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
      // What they stand in is read out: an alert of their own would be read twice.
      role="group"
      withBorder
      color={bad ? 'orange' : 'gray'}
      onClose={close}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      {...(bad ? { title: t('app.failed') } : {})}
    >
      <Group justify="space-between" wrap="nowrap" gap="md">
        <span className="wrap">{bad ? sentence(text) : text}</span>
        {undo !== undefined && (
          <Button
            size="xs"
            variant="default"
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
