/** The dialog that writes a round's DPO for TRL, and says where the folder is. */
import { Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import type { Round } from '../../lab.ts'
import { Failure } from '../../shell/failure.tsx'

const TRAIN = 'pip install -r requirements.txt && torchrun --nproc_per_node 4 train.py'
const IMPORT = 'npx dpo-driver adapter import trained'

export function TrlDialog({ round, onClose }: { readonly round: Round; readonly onClose: () => void }) {
  const { t } = useTranslation()
  const say = useSay()
  const { run, round: number } = round
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => lab.pairs.exportTrl.mutate({ run, round: number }),
  })
  return (
    <Modal opened onClose={onClose} title={t('pairs.trlTitle')} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <Stack gap="md">
        <Text size="sm">{t('pairs.trlNote', { run, round: number })}</Text>
        {error !== null && <Failure error={error} />}
        {data === undefined ? (
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('app.cancel')}
            </Button>
            <Button data-autofocus loading={isPending} onClick={() => mutate()}>
              {t('pairs.trlStart')}
            </Button>
          </Group>
        ) : (
          <>
            {data.said.map((told, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list is never reordered
              <Text key={at} size="sm">
                {say(told)}
              </Text>
            ))}
            <Text size="sm">{t('pairs.trlThere')}</Text>
            <Code block style={{ whiteSpace: 'pre-wrap' }}>
              {TRAIN}
            </Code>
            <Text size="sm">{t('pairs.trlBack')}</Text>
            <Code block style={{ whiteSpace: 'pre-wrap' }}>
              {IMPORT}
            </Code>
            <Group justify="flex-end" gap="sm">
              <CopyButton value={data.folder}>
                {({ copied, copy }) => (
                  <Button variant="default" onClick={copy}>
                    {t(copied ? 'pairs.trlCopied' : 'pairs.trlCopy')}
                  </Button>
                )}
              </CopyButton>
              <Button data-autofocus onClick={onClose}>
                {t('app.close')}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Modal>
  )
}
