/** The dialog that shows the models on this machine, and makes one of them the base model. */
import { Modal, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Search } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../api.ts'
import { useSay } from '../i18n/say.ts'
import type { Answers } from '../lab.ts'
import { bytes } from '../parts/figures.ts'
import { Loading } from '../parts/loading.tsx'
import { closePanels, usePanels } from './commands.ts'
import { Failure } from './failure.tsx'
import { ModelRow } from './model-row.tsx'
import classes from './models.module.css'

type ModelList = Answers['models']['list']

/** From this many models on there is a field to search them. */
const SEARCHED = 8

export function Models() {
  const { t } = useTranslation()
  const { models } = usePanels()
  return (
    <Modal
      opened={models}
      onClose={closePanels}
      title={t('models.title')}
      size={980}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <Found />
    </Modal>
  )
}

function Found() {
  const { data, error, refetch } = useQuery({ queryKey: ['models'], queryFn: () => lab.models.list.query() })
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />
  if (data === undefined) return <Loading />
  return <List list={data} />
}

function List({ list: { models, available, least, unreadable, cut } }: { readonly list: ModelList }) {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const wanted = models.filter(({ title }) => title.toLowerCase().includes(search.trim().toLowerCase()))
  const usable = wanted.filter(({ problem }) => problem === null)
  const others = wanted.filter(({ problem }) => problem !== null)
  return (
    <div>
      <Text size="sm" c="dimmed" mb="md">
        {t('models.note', { available: bytes(available) })}
      </Text>
      {models.length >= SEARCHED && (
        <TextInput
          aria-label={t('models.search')}
          placeholder={t('models.search')}
          leftSection={<Search size={15} aria-hidden />}
          mb="sm"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <ul className={classes.list} aria-label={t('models.title')}>
        {usable.map((model) => (
          <ModelRow key={model.name} model={model} available={available} least={least} />
        ))}
      </ul>
      {usable.length === 0 && <Text c="dimmed">{t(models.length === 0 ? 'models.none' : 'models.noMatch')}</Text>}
      {usable.length > 0 && usable.every(({ source }) => source === 'models') && (
        <Text size="sm" c="dimmed" mt="md">
          {t('models.more')}
        </Text>
      )}
      {others.length > 0 && <Others others={others} />}
      {unreadable.map((folder) => (
        <Text key={folder} size="sm" c="dimmed" mt="xs" className="wrap">
          {t('models.unreadable', { folder })}
        </Text>
      ))}
      {cut && (
        <Text size="sm" c="dimmed" mt="xs">
          {t('models.cut')}
        </Text>
      )}
    </div>
  )
}

/** The models that the lab cannot use, folded away, with the reasons. */
function Others({ others }: { readonly others: ModelList['models'] }) {
  const { t } = useTranslation()
  const say = useSay()
  return (
    <details className={classes.others}>
      <summary>{t('models.others', { count: others.length })}</summary>
      <ul className={classes.list}>
        {others.map(({ name, source, title, problem }) => (
          <li key={name} className={classes.other}>
            <span className={classes.name}>
              <b title={name}>{title}</b>
              <small>{t(`models.source.${source}`)}</small>
            </span>
            <span className="soft wrap">{problem === null ? '' : say(problem)}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}
