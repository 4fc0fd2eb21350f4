/**
 * The probability of each token of the two answers under the reference and under the policy. The lab computes them on
 * request.
 */
import { SegmentedControl, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import { armName } from '../../parts/arm.ts'
import { decimal } from '../../parts/figures.ts'
import { Loading } from '../../parts/loading.tsx'
import { Tokens } from '../../parts/tokens.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { Failure } from '../../shell/failure.tsx'
import classes from './pairs.module.css'

type Scores = Answers['pairs']['tokens']

export function PairTokens({ pair }: { readonly pair: Answers['pairs']['get']['pair'] }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [open, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={classes.summary}>{t('pairs.tokens')}</summary>
      {open && (lock.disabled ? <Text c="dimmed">{lock.title}</Text> : <TokenScores pair={pair} />)}
    </details>
  )
}

function TokenScores({ pair: { id, chosen, rejected } }: { readonly pair: Answers['pairs']['get']['pair'] }) {
  const { data, error, refetch } = useQuery({
    // The texts are part of the query key, because an edited answer has other tokens.
    queryKey: ['pair', id, 'tokens', chosen, rejected],
    queryFn: () => lab.pairs.tokens.query({ id }),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  })
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />
  return data === undefined ? <Loading /> : <ScoredTexts scores={data} />
}

function ScoredTexts({ scores }: { readonly scores: Scores }) {
  const { t } = useTranslation()
  const policies = Object.keys(scores.margins)
  const [wanted, setWanted] = useState<string | null>(null)
  const policy = policies.find((name) => name === wanted) ?? policies.at(-1)
  if (policy === undefined) return <Text c="dimmed">{t('pairs.noPolicy')}</Text>
  const tokens = (side: Scores['chosen']) =>
    side.map(({ text, logprobs }) => ({ text, logprob: logprobs[policy] ?? 0 }))
  const name = (one: string) => armName(t, one)
  return (
    <div className={classes.tokens}>
      <div className={classes.policies}>
        <SegmentedControl
          size="xs"
          aria-label={t('pairs.under')}
          value={policy}
          onChange={setWanted}
          data={policies.map((one) => ({ value: one, label: name(one) }))}
        />
        {policies.map((one) => (
          <span key={one} className="soft">
            {t('pairs.marginUnder', { policy: name(one), margin: decimal(scores.margins[one] ?? 0) })}
          </span>
        ))}
      </div>
      <div className={classes.answers}>
        <Tokens tokens={tokens(scores.chosen)} />
        <Tokens tokens={tokens(scores.rejected)} />
      </div>
      <Text size="xs" c="dimmed">
        {t('live.shading')}
      </Text>
    </div>
  )
}
