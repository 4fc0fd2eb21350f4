/** The choice of the runs whose curves are drawn together. */
import { MultiSelect } from '@mantine/core'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunBrief } from '../../lab.ts'
import { visit } from '../../location.ts'

/** The most runs that are listed at once; typing finds the others. */
const LISTED = 100

interface Props {
  readonly runs: readonly RunBrief[]
  /** The ids of the chosen runs, joined by dots. */
  readonly chosen: string
}

/** There may be hundreds of runs, so they are drawn again only where they or the choice have changed. */
export const RunsChoice = memo(function RunsChoice({ runs, chosen }: Props) {
  const { t } = useTranslation()
  return (
    <MultiSelect
      size="xs"
      maw={460}
      searchable
      limit={LISTED}
      aria-label={t('training.runs')}
      placeholder={chosen === '' ? t('training.runs') : ''}
      value={chosen.split('.').filter(Boolean)}
      data={runs.map(({ id, command }) => ({
        value: String(id),
        label: `${t('episodes.run', { run: id })} · ${t(`command.${command}` as 'command.sft', { defaultValue: command })}`,
      }))}
      onChange={(values) => visit({ runs: values.join('.'), run: undefined, arms: undefined })}
    />
  )
})
