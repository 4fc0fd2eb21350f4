/** Who judges, and how annotators agree. An annotator's judgements are kept apart from what training reads. */
import { Button, Group, Popover, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Users } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Round } from '../../lab.ts'
import { choose } from '../../location.ts'
import { decimal, percent } from '../../parts/figures.ts'
import { Head } from '../../parts/table/head.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import classes from './pairs.module.css'

interface Props {
  readonly round: Round
  /** Who judges; null for the reviewer. */
  readonly annotator: string | null
}

export function Annotators({ round, annotator }: Props) {
  const { t } = useTranslation()
  return (
    <Popover position="bottom-start" shadow="md" width={420} trapFocus>
      <Popover.Target>
        <Button
          size="xs"
          variant={annotator === null ? 'default' : 'filled'}
          leftSection={<Users size={14} aria-hidden />}
        >
          {annotator === null ? t('pairs.annotators.open') : t('pairs.annotators.as', { name: annotator })}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <JudgeAs annotator={annotator} />
        <AgreementTable round={round} />
      </Popover.Dropdown>
    </Popover>
  )
}

function JudgeAs({ annotator }: Pick<Props, 'annotator'>) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [name, setName] = useState(annotator ?? '')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        choose({ as: name.trim() })
      }}
    >
      <TextInput
        size="xs"
        label={t('pairs.annotators.name')}
        description={t('pairs.annotators.note')}
        maxLength={60}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Group gap="sm" my="sm">
        <Button size="xs" type="submit" disabled={name.trim() === '' || name.trim() === annotator} {...lock}>
          {t('pairs.annotators.judge')}
        </Button>
        {annotator !== null && (
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              setName('')
              choose({ as: undefined })
            }}
          >
            {t('pairs.annotators.back')}
          </Button>
        )}
      </Group>
    </form>
  )
}

function AgreementTable({ round }: Pick<Props, 'round'>) {
  const { t } = useTranslation()
  const { data } = useQuery({
    queryKey: ['pairs', 'agreement', round],
    queryFn: () => lab.pairs.agreement.query(round),
  })
  const nameOf = (name: string) => (name === '' ? t('pairs.annotators.review') : name)
  if (data === undefined || data.agreements.length === 0) return <p className="soft">{t('pairs.annotators.none')}</p>
  return (
    <table className={classes.agreement} aria-label={t('pairs.annotators.agreement')}>
      <Head
        columns={[
          { label: t('pairs.annotators.two') },
          { label: t('pairs.annotators.both'), number: true },
          { label: t('pairs.annotators.same'), number: true },
          { label: t('pairs.annotators.kappa'), number: true },
        ]}
      />
      <tbody>
        {data.agreements.map(({ annotators: [a, b], n, observed, kappa }) => (
          <tr key={`${a}\n${b}`}>
            <th scope="row">{t('pairs.annotators.pair', { a: nameOf(a), b: nameOf(b) })}</th>
            <td className="number">{n}</td>
            <td className="number">{observed === null ? '–' : `${percent(observed)}%`}</td>
            <td className="number">{kappa === null ? '–' : decimal(kappa)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
