/** A dialog that asks before the window discards unsaved work or repeats finished work. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'

/** Text in the reader's language, which may change while the dialog is open. */
type Say = (t: TFunction) => string

export interface Offer<A extends string> {
  readonly answer: A
  readonly label: Say
  /** Whether this answer loses something. Then Enter does not choose it. */
  readonly loses?: boolean
  readonly disabled?: boolean
}

export interface Question<A extends string> {
  readonly title: Say
  readonly text: Say
  /** The first answer is the main one. The dialog also offers to cancel. */
  readonly offers: readonly Offer<A>[]
}

interface Asked {
  readonly opened: boolean
  readonly question: Question<string>
  readonly give: (answer: string | null) => void
}

const NOTHING: Question<string> = { title: () => '', text: () => '', offers: [] }
const useAsked = create<Asked>(() => ({ opened: false, question: NOTHING, give: () => {} }))

/** Asks the question. The promise gives the answer, or null where the reader cancels. */
export function ask<A extends string>(question: Question<A>): Promise<A | null> {
  const { promise, resolve } = Promise.withResolvers<A | null>()
  useAsked.getState().give(null)
  const give = (answer: string | null) => {
    // The text stays while the dialog fades out.
    useAsked.setState({ opened: false })
    resolve(question.offers.find((offer) => offer.answer === answer)?.answer ?? null)
  }
  useAsked.setState({ opened: true, question, give })
  return promise
}

export function Asking() {
  const { t } = useTranslation()
  const { opened, question, give } = useAsked()
  const { title, text, offers } = question
  const safe = offers.find(({ loses = false, disabled = false }) => !loses && !disabled)
  return (
    <Modal
      opened={opened}
      onClose={() => give(null)}
      title={title(t)}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <Stack gap="lg">
        <Text>{text(t)}</Text>
        <Group gap="sm">
          {offers.map(({ answer, label, disabled = false }, at) => (
            <Button
              key={answer}
              variant={at === 0 ? 'filled' : 'default'}
              disabled={disabled}
              data-autofocus={answer === safe?.answer || undefined}
              onClick={() => give(answer)}
            >
              {label(t)}
            </Button>
          ))}
          <Button variant="default" data-autofocus={safe === undefined || undefined} onClick={() => give(null)}>
            {t('app.cancel')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
