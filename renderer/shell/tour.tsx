/** The tour: four cards with a drawing each, which explain the lab in a minute. */
import { Button, Group, Modal, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSettings } from '../state/settings.ts'
import { closePanels, usePanels } from './commands.ts'
import { DRAWINGS } from './drawings.tsx'

export function Tour() {
  const { t } = useTranslation()
  const { tour } = usePanels()
  const [at, setAt] = useState(0)
  const steps = t('tour.steps', { returnObjects: true })
  const step = steps[at]!
  const Drawing = DRAWINGS[at]!
  const close = () => {
    useSettings.setState({ toured: true })
    setAt(0)
    closePanels()
  }
  const last = at === steps.length - 1
  return (
    <Modal
      opened={tour}
      onClose={close}
      title={t('tour.title')}
      size={620}
      centered
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <Drawing />
      <div aria-live="polite">
        <Text component="h2" size="xl" fw={650} mt="lg">
          {step.title}
        </Text>
        <Text mt="sm" size="lg" mih={96}>
          {step.text}
        </Text>
      </div>
      <Group justify="space-between" mt="xl">
        <Text size="sm" c="dimmed">
          {t('tour.of', { at: at + 1, total: steps.length })}
        </Text>
        <Group gap="sm">
          <Button variant="default" disabled={at === 0} onClick={() => setAt(at - 1)}>
            {t('tour.back')}
          </Button>
          <Button data-autofocus onClick={() => (last ? close() : setAt(at + 1))}>
            {t(last ? 'tour.done' : 'tour.next')}
          </Button>
        </Group>
      </Group>
    </Modal>
  )
}
