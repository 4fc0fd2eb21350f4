/** The changes by an import, one line for each pair. */
import { Button, Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Imported } from '../../../main/preferences/import.ts'
import { useSay } from '../../i18n/say.ts'
import styles from './pairs.module.css'

interface Props {
  readonly imported: Imported
  readonly onClose: () => void
}

export function ImportChanges({ imported, onClose }: Props) {
  const { t } = useTranslation()
  const { told, ...counts } = imported
  return (
    <Stack gap="md">
      <Text size="sm" role="status">
        {t('pairs.imported', counts)}
      </Text>
      <ChangeList told={told} />
      <Group justify="flex-end">
        <Button onClick={onClose} autoFocus>
          {t('pairs.importDone')}
        </Button>
      </Group>
    </Stack>
  )
}

export function ChangeList({ told }: Pick<Imported, 'told'>) {
  const say = useSay()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <ul className={styles.changes} tabIndex={0}>
      {told.map(say).map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  )
}
