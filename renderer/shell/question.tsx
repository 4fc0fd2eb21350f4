/** A question before something begins that would pass over what was not saved, or do over what was done. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'

/** Words in the reader's language, also where that changes while they are read. */
type Say = (t: TFunction) => string

export interface Offer<A extends string> {
  readonly answer: A
  readonly label: Say
  /** Whether something is lost by it: then it is not what Enter gives. */
  readonly loses?: boolean
  readonly disabled?: boolean
}

export interface Question<A extends string> {
  readonly title: Say
  readonly text: Say
  /** The first is the one that is meant; cancelling is offered besides them. */
  readonly offers: readonly Offer<A>[]
}

interface Asked {
  readonly opened: boolean
  readonly question: Question<string>
  readonly give: (answer: string | null) => void
}

const NOTHING: Question<string> = { title: () => '', text: () => '', offers: [] }
const useAsked = create<Asked>(() => ({ opened: false, question: NOTHING, give: () => {} }))

/** Asks, and keeps its promise once somebody has answered; null where they think better of it. */
export function ask<A extends string>(question: Question<A>): Promise<A | null> {
  const { promise, resolve } = Promise.withResolvers<A | null>()
  useAsked.getState().give(null)
  const give = (answer: string | null) => {
    // The words stay while the dialog fades.
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
