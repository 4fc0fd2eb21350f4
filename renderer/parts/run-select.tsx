/** A select for the run that a view shows. */
import { NativeSelect } from '@mantine/core'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunBrief } from '../lab.ts'
import { moment } from './figures.ts'

interface Props {
  readonly runs: readonly Pick<RunBrief, 'id' | 'command' | 'started'>[]
  readonly run: number | null
  readonly onChange: (run: number) => void
}

export function RunSelect({ runs, run, onChange }: Props) {
  const { t, i18n } = useTranslation()
  // There may be a thousand: they are made again only where the runs have changed.
  const options = useMemo(
    () =>
      runs.map(({ id, command, started }) => (
        <option key={id} value={id}>
          {t('run.name', {
            id,
            command: t(`command.${command}` as 'command.sft', { defaultValue: command }),
            when: moment(started, i18n.language),
          })}
        </option>
      )),
    [runs, t, i18n.language],
  )
  if (runs.length === 0) return null
  return (
    <NativeSelect
      aria-label={t('run.which')}
      w="fit-content"
      size="xs"
      value={String(run ?? '')}
      onChange={(event) => onChange(Number(event.currentTarget.value))}
    >
      {options}
    </NativeSelect>
  )
}
