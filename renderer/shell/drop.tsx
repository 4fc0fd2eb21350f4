/** Takes what is dropped on the window, and offers what can be done with it. */
import { Button, Group, Modal, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { FileDown } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { GivenAdapter, GivenModel } from '../../main/imports/recognise.ts'
import { lab } from '../api.ts'
import { useSay } from '../i18n/say.ts'
import { useBusy } from '../job.ts'
import { type Round, useReadOnly, useRounds } from '../lab.ts'
import { goTo } from '../location.ts'
import { armName } from '../parts/arm.ts'
import { bytes } from '../parts/figures.ts'
import { Loading } from '../parts/loading.tsx'
import { queries } from '../queries.ts'
import { chooseModel } from './choose-model.ts'
import classes from './drop.module.css'
import { addGolden, type Dropped, droppedIn, type Given, type GivenFile, recognise } from './dropped.ts'
import { Failure } from './failure.tsx'
import { tell, tellError } from './notices.tsx'

const ImportDialog = lazy(async () => {
  const { ImportDialog } = await import('../views/pairs/import-dialog.tsx')
  return { default: ImportDialog }
})

export function Drop() {
  const { t } = useTranslation()
  const readOnly = useReadOnly()
  const [dropped, setDropped] = useState<Dropped | null>(null)
  const [pairs, setPairs] = useState<{ readonly round: Round; readonly file: File } | null>(null)
  const take = useCallback(
    (given: Dropped) => (readOnly ? tell(t('app.readOnlyNote')) : setDropped(given)),
    [readOnly, t],
  )
  const isOver = useDrops(take)
  return (
    <>
      {isOver && !readOnly && (
        <div className={classes.target} role="status">
          <FileDown size={40} aria-hidden />
          <b>{t('drop.here')}</b>
          <span>{t('drop.what')}</span>
        </div>
      )}
      <Modal
        opened={dropped !== null}
        onClose={() => setDropped(null)}
        title={dropped?.name}
        closeButtonProps={{ 'aria-label': t('app.close') }}
      >
        {dropped !== null && (
          <Asked key={dropped.number} dropped={dropped} onPairs={setPairs} onClose={() => setDropped(null)} />
        )}
      </Modal>
      {pairs !== null && (
        <Suspense fallback={<Loading />}>
          <ImportDialog round={pairs.round} file={pairs.file} onClose={() => setPairs(null)} />
        </Suspense>
      )}
    </>
  )
}

/** Listens for drops of files on the whole window. Returns whether files are over it. */
function useDrops(onDrop: (dropped: Dropped) => void): boolean {
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return
      // Otherwise the browser would show the file in place of the lab.
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false)
    }
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      event.stopPropagation()
      setOver(false)
      const dropped = droppedIn(event.dataTransfer!)
      if (dropped !== null) onDrop(dropped)
    }
    const listeners = { dragover: over, dragleave: leave, drop } as const
    // Before any part of the page, such as an editor, that would take the file as text.
    for (const [name, listener] of Object.entries(listeners)) {
      window.addEventListener(name, listener as EventListener, { capture: true })
    }
    return () => {
      for (const [name, listener] of Object.entries(listeners)) {
        window.removeEventListener(name, listener as EventListener, { capture: true })
      }
    }
  }, [onDrop])
  return isOver
}

interface AskedProps {
  readonly dropped: Dropped
  readonly onPairs: (pairs: { readonly round: Round; readonly file: File }) => void
  readonly onClose: () => void
}

/** What was dropped; where a browser does not tell the path of a model, a field for it. */
function Asked({ dropped, ...rest }: AskedProps) {
  const { t } = useTranslation()
  const [path, setPath] = useState(dropped.path)
  const [typed, setTyped] = useState('')
  const isKnown = dropped.data !== null || path !== null
  const { data, error, isFetching } = useQuery({
    queryKey: ['dropped', dropped.name, dropped.data?.lastModified, dropped.data?.size, path],
    queryFn: () => recognise({ path, data: dropped.data }),
    enabled: isKnown,
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })
  return (
    <Stack gap="md">
      {dropped.data === null && dropped.path === null && (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            setPath(typed.trim())
          }}
        >
          <Text size="sm">{t('drop.needsPath')}</Text>
          <Group align="end" mt="sm" gap="sm">
            <TextInput
              flex={1}
              label={t('drop.path')}
              placeholder={t('drop.pathExample', { name: dropped.name })}
              data-autofocus
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" disabled={typed.trim() === ''} loading={isFetching}>
              {t('drop.look')}
            </Button>
          </Group>
        </form>
      )}
      {isKnown && error !== null && <Failure error={error} />}
      {isKnown && error === null && data === undefined && <Loading />}
      {isKnown && error === null && data !== undefined && <Offers given={data} {...rest} />}
    </Stack>
  )
}

type OffersProps = Omit<AskedProps, 'dropped'> & { readonly given: Given }

function Offers({ given, onPairs, onClose }: OffersProps) {
  switch (given.kind) {
    case 'model':
      return <ModelOffer model={given} onClose={onClose} />
    case 'adapter':
      return <AdapterOffer adapter={given} onClose={onClose} />
    case 'golden':
      return <GoldenOffer data={given} onClose={onClose} />
    case 'pairs':
      return (
        <PairsOffer
          data={given}
          onRound={(round) => {
            onClose()
            onPairs({ round, file: given.file })
          }}
        />
      )
  }
}

function ModelOffer({ model, onClose }: { readonly model: GivenModel; readonly onClose: () => void }) {
  const { t, i18n } = useTranslation()
  const say = useSay()
  const compact = new Intl.NumberFormat(i18n.language, { notation: 'compact', maximumSignificantDigits: 3 })
  const facts = [
    model.family,
    model.parameters === null ? null : t('facts.parameters', { parameters: compact.format(model.parameters) }),
    model.precision,
    model.bytes === 0 ? null : bytes(model.bytes),
  ]
  return (
    <>
      <What title={t('drop.model')} path={model.path} facts={facts} />
      {model.problem === null ? (
        <Button
          className={classes.offer!}
          onClick={() => {
            onClose()
            void chooseModel(t, model.path)
          }}
        >
          {t('drop.useModel')}
        </Button>
      ) : (
        <Text className="rejected wrap" role="alert">
          {t('drop.cannotUse', { why: say(model.problem) })}
        </Text>
      )}
    </>
  )
}

function AdapterOffer({ adapter, onClose }: { readonly adapter: GivenAdapter; readonly onClose: () => void }) {
  const { t } = useTranslation()
  const say = useSay()
  const busy = useBusy()
  const use = async (as: 'sft' | 'dpo') => {
    try {
      queries.setQueryData(['adapters'], await lab.drops.useAdapter.mutate({ path: adapter.path, as }))
      onClose()
      tell(t('runs.used', { arm: armName(t, as) }))
      goTo('runs', { side: 'models' })
    } catch (error) {
      tellError(error)
    }
  }
  const facts = [`r = ${adapter.r}`, adapter.base === null ? null : t('drop.of', { base: adapter.base })]
  return (
    <>
      <What title={t('drop.adapter')} path={adapter.path} facts={facts} />
      {adapter.notes.map((note) => (
        <Text key={note.id} size="sm" className="wrap">
          {say(note)}
        </Text>
      ))}
      <Group gap="sm">
        {(['sft', 'dpo'] as const).map((as) => (
          <Button key={as} variant="default" disabled={busy} onClick={() => void use(as)}>
            {t('runs.use', { arm: armName(t, as) })}
          </Button>
        ))}
      </Group>
      <Text size="sm" c="dimmed">
        {t('drop.adapterNote')}
      </Text>
    </>
  )
}

function GoldenOffer({ data, onClose }: { readonly data: GivenFile; readonly onClose: () => void }) {
  const { t } = useTranslation()
  const [isAdding, setAdding] = useState(false)
  const add = async () => {
    setAdding(true)
    try {
      const { added, path } = await addGolden(data.file)
      await queries.invalidateQueries({ queryKey: ['golden'] })
      onClose()
      tell(t('drop.added', { count: added, path }))
      goTo('tasks', { side: 'golden' })
    } catch (error) {
      tellError(error)
      setAdding(false)
    }
  }
  return (
    <>
      <What title={t('drop.golden', { count: data.count })} facts={[tasksOf(data.tasks)]} />
      <Button className={classes.offer!} loading={isAdding} onClick={() => void add()}>
        {t('drop.addGolden')}
      </Button>
    </>
  )
}

function PairsOffer({ data, onRound }: { readonly data: GivenFile; readonly onRound: (round: Round) => void }) {
  const { t } = useTranslation()
  const rounds = useRounds().data
  const [chosen, setChosen] = useState(0)
  const round = rounds?.[chosen]
  return (
    <>
      <What title={t('drop.pairs', { count: data.count })} facts={[tasksOf(data.tasks)]} />
      {rounds?.length === 0 && <Text size="sm">{t('drop.noRound')}</Text>}
      {round !== undefined && (
        <>
          <NativeSelect
            label={t('pairs.round')}
            value={chosen}
            data={(rounds ?? []).map((one, at) => ({
              value: String(at),
              label: t('pairs.roundName', { run: one.run, round: one.round, count: one.pairs }),
            }))}
            onChange={(event) => setChosen(Number(event.currentTarget.value))}
          />
          <Button className={classes.offer!} onClick={() => onRound({ run: round.run, round: round.round })}>
            {t('drop.importPairs')}
          </Button>
        </>
      )}
    </>
  )
}

function tasksOf(tasks: readonly string[]): string | null {
  return tasks.length === 0 ? null : tasks.join(', ')
}

interface WhatProps {
  readonly title: string
  readonly path?: string
  readonly facts: readonly (string | null)[]
}

function What({ title, path, facts }: WhatProps) {
  return (
    <div>
      <b>{title}</b>
      <Text size="sm" c="dimmed" lineClamp={4}>
        {facts.filter((fact) => fact !== null).join(' · ')}
      </Text>
      {path !== undefined && <code className="mono wrap">{path}</code>}
    </div>
  )
}
