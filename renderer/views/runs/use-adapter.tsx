/** Copies an adapter to the path from which the next stages read theirs. */
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useBusy } from '../../job.ts'
import type { Adapter, BrokenAdapter } from '../../parts/adapter-name.ts'
import { armName } from '../../parts/arm.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { tell, tellError } from '../../shell/notices.tsx'

interface Props {
  readonly path: string
  readonly as: 'sft' | 'dpo'
  readonly name: string
}

export function UseAdapter({ path, as, name }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const client = useQueryClient()
  const busy = useBusy()
  const put = async (from: string) =>
    client.setQueryData(['adapters'], await lab.adapters.use.mutate({ path: from, as }))
  const use = async () => {
    // The replaced adapter can be put back, if a run has kept a copy.
    const before = client
      .getQueryData<readonly (Adapter | BrokenAdapter)[]>(['adapters'])
      ?.find((one) => one.current && one.arm === as)
    const origin = before?.problem === null ? before.origin : null
    try {
      await put(path)
      tell(
        t('runs.used', { arm: armName(t, as) }),
        origin == null ? undefined : () => void put(origin.path).catch(tellError),
      )
    } catch (error) {
      tellError(error)
    }
  }
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-label={t('runs.useOf', { arm: armName(t, as), adapter: name })}
      disabled={busy}
      onClick={() => void use()}
      {...lock}
    >
      {t('runs.use', { arm: armName(t, as) })}
    </Button>
  )
}
