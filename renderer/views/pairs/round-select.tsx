/** A select for the round of pairs. */
import { NativeSelect } from '@mantine/core'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Answers, Round } from '../../lab.ts'
import { visit } from '../../location.ts'

interface Props {
  readonly rounds: Answers['pairs']['rounds']
  readonly round: Round
}

/** Another round starts without filters, because it may not contain what they name. */
const NO_FILTER = { task: undefined, state: undefined, search: undefined, pair: undefined }

export function RoundSelect({ rounds, round }: Props) {
  const { t } = useTranslation()
  // There may be a thousand: they are made again only where the rounds have changed, and not with every pair.
  const options = useMemo(
    () =>
      rounds.map(({ run, round, pairs }) => (
        <option key={`${run} ${round}`} value={`${run} ${round}`}>
          {t('pairs.roundName', { run, round, count: pairs })}
        </option>
      )),
    [rounds, t],
  )
  return (
    <NativeSelect
      size="xs"
      w="fit-content"
      aria-label={t('pairs.round')}
      value={`${round.run} ${round.round}`}
      onChange={(event) => {
        const [run, round] = event.currentTarget.value.split(' ')
        visit({ run, round, ...NO_FILTER })
      }}
    >
      {options}
    </NativeSelect>
  )
}
