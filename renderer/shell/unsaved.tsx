/** Asks what is to become of settings that were typed and not saved, before a run begins without them. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'

export type Answer = 'save' | 'without' | 'cancel'

interface Question {
  /** How many settings; 0 where nothing is asked. */
  readonly count: number
  /** Whether they can be saved as they are. */
  readonly whole: boolean
  readonly answer: (answer: Answer) => void
}

const NOTHING: Question = { count: 0, whole: true, answer: () => {} }
const useQuestion = create<Question>(() => NOTHING)

/** Asks, and keeps its promise once somebody has answered. */
export function askUnsaved(count: number, whole: boolean): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const answer = (given: Answer) => {
    useQuestion.setState(NOTHING)
    resolve(given)
  }
  useQuestion.setState({ count, whole, answer })
  return promise
}

export function Unsaved() {
  const { t } = useTranslation()
  const { count, whole, answer } = useQuestion()
  return (
    <Modal
      opened={count > 0}
      onClose={() => answer('cancel')}
      title={t('unsaved.title', { count })}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <Stack gap="lg">
        <Text>{t(whole ? 'unsaved.text' : 'unsaved.wrong')}</Text>
        <Group gap="sm">
          <Button data-autofocus disabled={!whole} onClick={() => answer('save')}>
            {t('unsaved.save')}
          </Button>
          <Button variant="default" onClick={() => answer('without')}>
            {t('unsaved.without')}
          </Button>
          <Button variant="default" onClick={() => answer('cancel')}>
            {t('app.cancel')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
