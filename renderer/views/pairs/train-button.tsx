/** "Train again": asks first where it would do over what was done. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { Play } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { trainAgain } from '../../start.ts'
import type { Round } from './review.ts'

interface Props {
  readonly place: Round
  /** How many pairs were reviewed; undefined until that is known. */
  readonly reviewed: number | undefined
  /** Why it cannot be now; null where it can. */
  readonly hindrance: string | null
}

export function TrainButton({ place, reviewed, hindrance }: Props) {
  const { t } = useTranslation()
  const [asking, setAsking] = useState(false)
  const train = () => {
    setAsking(false)
    void trainAgain(place)
  }
  return (
    <>
      <Button
        size="xs"
        leftSection={<Play size={14} aria-hidden />}
        title={hindrance ?? t('pairs.trainNote')}
        disabled={hindrance !== null}
        onClick={() => (reviewed === 0 ? setAsking(true) : train())}
      >
        {t('pairs.train')}
      </Button>
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('pairs.train')}
        closeButtonProps={{ 'aria-label': t('app.close') }}
      >
        <Stack gap="md">
          <Text size="sm">{t('pairs.nothingCorrected')}</Text>
          <Group justify="flex-end" gap="sm">
            <Button variant="default" data-autofocus onClick={() => setAsking(false)}>
              {t('app.cancel')}
            </Button>
            <Button onClick={train}>{t('pairs.trainAnyway')}</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
