/** A dialog that makes a study from a run, and tells what the study takes before it starts. */
import { ActionIcon, Autocomplete, Button, Group, Modal, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'
import { lab } from '../api.ts'
import { told, useSay } from '../i18n/say.ts'
import { useBusy } from '../job.ts'
import type { Answers } from '../lab.ts'
import { goTo } from '../location.ts'
import { expectedWords } from '../parts/expected.ts'
import { bytes, duration } from '../parts/figures.ts'
import { queries } from '../queries.ts'
import classes from './new-study.module.css'
import { tell, tellError } from './notices.tsx'

/** A setting and the values to try, with commas between them. */
interface Varied {
  readonly key: string
  readonly values: string
}

interface Wanted {
  readonly opened: boolean
  readonly run: number
  readonly vary: readonly Varied[]
}

const useWanted = create<Wanted>(() => ({ opened: false, run: 0, vary: [] }))

/** What `vary beta` begins with. */
export const VARY_BETA: readonly Varied[] = [{ key: 'training.dpo.beta', values: '0.05, 0.1, 0.3' }]

/** Opens the dialog for a run. */
export function openNewStudy(run: number, vary: readonly Varied[] = []): void {
  useWanted.setState({ opened: true, run, vary })
}

export function NewStudy() {
  const { t } = useTranslation()
  const { opened, run, vary } = useWanted()
  const close = () => useWanted.setState({ opened: false })
  return (
    <Modal
      opened={opened}
      onClose={close}
      size={620}
      title={t('studies.make.title', { run })}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <Plan run={run} first={vary} onClose={close} />
    </Modal>
  )
}

interface PlanProps {
  readonly run: number
  readonly first: readonly Varied[]
  readonly onClose: () => void
}

function Plan({ run, first, onClose }: PlanProps) {
  const { t } = useTranslation()
  const [seeds, setSeeds] = useState(5)
  const [vary, setVary] = useState(first)
  const [name, setName] = useState<string | null>(null)
  const complete = vary.filter(({ key, values }) => key.trim() !== '' && values.trim() !== '')
  const [settled] = useDebouncedValue({ seeds, vary: complete, name }, 300)
  const wishes = wishesOf(run, settled)
  const preview = useQuery({
    queryKey: ['studies', 'preview', wishes],
    queryFn: () => lab.studies.preview.query(wishes),
    placeholderData: keepPreviousData,
  })
  const put = async (start: boolean) => {
    try {
      const { study } = await lab.studies.create.mutate(wishesOf(run, { seeds, vary: complete, name }))
      if (start) await lab.studies.work.mutate().catch(tellError)
      await queries.invalidateQueries({ queryKey: ['studies'] })
      onClose()
      goTo('studies', { study })
      tell(t('studies.make.made', { name: name ?? preview.data?.name ?? '' }))
    } catch (error) {
      tellError(error)
    }
  }
  const ready = preview.error === null && preview.data !== undefined
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t('studies.make.text')}
      </Text>
      <div className={classes.two}>
        <TextInput
          label={t('studies.make.name')}
          value={name ?? preview.data?.name ?? ''}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NumberInput
          label={t('studies.make.seeds')}
          description={t('studies.make.seedsNote')}
          inputWrapperOrder={['label', 'input', 'description']}
          value={seeds}
          min={2}
          max={100}
          allowDecimal={false}
          onChange={(value) => typeof value === 'number' && value >= 2 && setSeeds(value)}
        />
      </div>
      <Variations vary={vary} onVary={setVary} />
      <div aria-live="polite">
        {preview.error === null ? (
          preview.data !== undefined && <Takes preview={preview.data} />
        ) : (
          <Problem error={preview.error} />
        )}
      </div>
      <Buttons ready={ready} onCancel={onClose} onPut={(start) => void put(start)} />
    </Stack>
  )
}

interface Choice {
  readonly seeds: number
  readonly vary: readonly Varied[]
  readonly name: string | null
}

function wishesOf(run: number, { seeds, vary, name }: Choice) {
  return { run, seeds, vary: [...vary], ...(name === null || name === '' ? {} : { name }) }
}

interface VariationsProps {
  readonly vary: readonly Varied[]
  readonly onVary: (vary: readonly Varied[]) => void
}

/** The settings to vary. */
function Variations({ vary, onVary }: VariationsProps) {
  const { t } = useTranslation()
  const form = useQuery({ queryKey: ['config', 'form'], queryFn: () => lab.config.form.query() })
  const keys = (form.data?.fields ?? []).map(({ key }) => key).filter((key) => !/^(project|paths)\./.test(key))
  return (
    <>
      {vary.map((one, at) => {
        const set = (changes: Partial<Varied>) => onVary(vary.with(at, { ...one, ...changes }))
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: its place is all that tells a row from others
          <div key={at} className={classes.varied}>
            <Autocomplete
              label={t('studies.make.setting')}
              data={keys}
              limit={60}
              value={one.key}
              onChange={(key) => set({ key })}
            />
            <TextInput
              label={t('studies.make.values')}
              description={t('studies.make.valuesNote')}
              inputWrapperOrder={['label', 'input', 'description']}
              value={one.values}
              onChange={(event) => set({ values: event.currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              mt={26}
              size="lg"
              aria-label={t('studies.make.remove', { key: one.key })}
              onClick={() => onVary(vary.toSpliced(at, 1))}
            >
              <X size={16} aria-hidden />
            </ActionIcon>
          </div>
        )
      })}
      <Group>
        <Button
          variant="default"
          size="xs"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => onVary([...vary, { key: '', values: '' }])}
        >
          {t('studies.make.add')}
        </Button>
      </Group>
    </>
  )
}

/** What the study takes and tells. */
function Takes({ preview }: { readonly preview: Answers['studies']['preview'] }) {
  const { t } = useTranslation()
  const { seeds, variants, members, forecast, expected } = preview
  const { seconds, alone, source, bytes: size, free } = forecast
  const time = seconds === null ? null : duration(seconds)
  const told =
    time === null
      ? t('studies.unknownTimeNote')
      : typeof source === 'number'
        ? t('studies.make.fromRun', { time, run: source })
        : t('studies.make.measured', { time })
  const saved = seconds === null || alone === null || alone - seconds < 1 ? null : duration(alone)
  return (
    <section className={`card ${classes.takes}`} aria-label={t('studies.make.takes')}>
      <dl>
        <dt>{t('studies.make.trainings')}</dt>
        <dd>
          {t('studies.make.product', {
            members,
            seeds: t('counted.seeds', { count: seeds.length }),
            variants: t('counted.variants', { count: variants.length }),
          })}
        </dd>
        <dt>{t('studies.variants')}</dt>
        <dd>{variants.join(t('app.between'))}</dd>
        <dt>{t('studies.make.time')}</dt>
        <dd>
          {told}
          {saved !== null && <small>{t('studies.make.saved', { time: saved })}</small>}
        </dd>
        <dt>{t('studies.make.disk')}</dt>
        <dd>{t('studies.freeDisk', { size: bytes(size), free: bytes(free) })}</dd>
        <dt>{t('studies.make.power')}</dt>
        <dd>{expectedWords(t, expected)}</dd>
      </dl>
    </section>
  )
}

function Problem({ error }: { readonly error: unknown }) {
  const say = useSay()
  return (
    <Text role="alert" className="rejected wrap">
      {say(told(error))}
    </Text>
  )
}

interface ButtonsProps {
  readonly ready: boolean
  readonly onCancel: () => void
  readonly onPut: (start: boolean) => void
}

function Buttons({ ready, onCancel, onPut }: ButtonsProps) {
  const { t } = useTranslation()
  const busy = useBusy()
  return (
    <Group justify="flex-end" gap="sm">
      <Button variant="default" onClick={onCancel}>
        {t('app.cancel')}
      </Button>
      <Button variant={busy ? 'filled' : 'default'} disabled={!ready} onClick={() => onPut(false)}>
        {t('studies.make.queue')}
      </Button>
      {!busy && (
        <Button disabled={!ready} onClick={() => onPut(true)}>
          {t('studies.make.start')}
        </Button>
      )}
    </Group>
  )
}
