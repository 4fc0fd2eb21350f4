/** A task page of the user: its text beside a problem of it, checks, and saving. */
import { Button, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Save, Undo2 } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { tells } from '../../i18n/say.ts'
import { goToFromHere } from '../../location.ts'
import { Loading } from '../../parts/loading.tsx'
import { Page, Panel } from '../../parts/page.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { queries } from '../../queries.ts'
import { Failure } from '../../shell/failure.tsx'
import { tell, tellError } from '../../shell/notices.tsx'
import { type PageDraft, usePageDraft } from '../../state/page-drafts.ts'
import { AllTasks } from './all-tasks.tsx'
import { PageConflict, SaveAs } from './page-conflict.tsx'
import classes from './page-editor.module.css'
import { isPageName } from './page-name.ts'
import { PagePreview } from './page-preview.tsx'

const CodeEditor = lazy(() => import('./code-editor.tsx'))

/** Most letters of a page, as in main/environment/own-pages.ts. */
const LONGEST_PAGE = 200_000

/** `page` is the name of a saved page, or '' for a new one. */
export function PageEditor({ page }: { readonly page: string }) {
  const start = useQuery({ queryKey: ['pages', 'start'], queryFn: () => lab.pages.start.query() })
  const saved = useQuery({
    queryKey: ['pages', 'get', page],
    queryFn: () => lab.pages.get.query({ name: page }),
    enabled: page !== '',
  })
  const error = start.error ?? saved.error
  if (error !== null)
    return <Lost page={page} error={error} retry={() => Promise.all([start.refetch(), saved.refetch()])} />
  if (start.data === undefined || (page !== '' && saved.data === undefined)) return <Loading />
  const { html, version } = saved.data ?? { html: start.data.html, version: null }
  return <Editor page={page} opened={{ name: page, html, before: version }} start={start.data} />
}

interface LostProps {
  readonly page: string
  readonly error: unknown
  readonly retry: () => Promise<unknown>
}

/** Why the page cannot be opened. A draft of it can be saved as another task. */
function Lost({ page, error, retry }: LostProps) {
  const { t } = useTranslation()
  const [draft, keep] = usePageDraft(page)
  const saveAs = async (name: string) => {
    if (draft === undefined) return
    const go = goToFromHere()
    try {
      await lab.pages.save.mutate({ name, html: draft.html, before: null })
      await queries.invalidateQueries()
      keep(undefined)
      go('tasks', { edit: name })
    } catch (failure) {
      tellError(failure)
    }
  }
  return (
    <Stack p="xl" gap="md">
      <Failure error={error} retry={() => void retry()} />
      {draft !== undefined && page !== '' && (
        <>
          <Text>{t('tasks.page.draftLeft')}</Text>
          <SaveAs page={page} onSaveAs={(name) => void saveAs(name)} />
        </>
      )}
    </Stack>
  )
}

interface Props {
  readonly page: string
  /** What is saved, or the template. */
  readonly opened: PageDraft
  readonly start: { readonly folder: string; readonly isNew: boolean }
}

function Editor({ page, opened, start }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [stored, keep] = usePageDraft(page)
  const isAsOpened = stored?.html === opened.html && stored.name === opened.name
  const kept = isAsOpened ? undefined : stored
  const draft = kept ?? opened
  const isConflict = page !== '' && draft.before !== opened.before
  const [error, setError] = useState<unknown>(null)
  const isNamed = isPageName(draft.name)
  const isTooLong = draft.html.length > LONGEST_PAGE
  const change = (changes: Partial<PageDraft>) => {
    const next = { ...draft, ...changes }
    keep(next.html === opened.html && next.name === opened.name ? undefined : next)
    setError(null)
  }
  const save = async (as: Partial<PageDraft> = {}) => {
    const go = goToFromHere()
    try {
      const { name } = await lab.pages.save.mutate({ ...draft, ...as })
      await queries.invalidateQueries()
      keep(undefined)
      setError(null)
      tell(t('tasks.page.saved', { name, folder: start.folder }))
      go('tasks', { edit: name })
    } catch (failure) {
      // The file is read again, and the conflict says the rest.
      if (tells(failure, 'ownPageChanged')) await queries.invalidateQueries({ queryKey: ['pages', 'get', page] })
      else setError(failure)
    }
  }
  return (
    <Page
      title={page === '' ? t('tasks.page.new') : t('tasks.page.edit', { name: page })}
      about={t(start.isNew ? 'tasks.page.newFolder' : 'tasks.page.folder', { folder: start.folder })}
      actions={
        <>
          <AllTasks />
          {kept !== undefined && (
            <Button
              variant="default"
              leftSection={<Undo2 size={14} aria-hidden />}
              onClick={() => {
                keep(undefined)
                setError(null)
              }}
            >
              {t('tasks.page.discard')}
            </Button>
          )}
          <Button
            disabled={!isNamed || isTooLong || isConflict || (kept === undefined && page !== '')}
            leftSection={<Save size={14} aria-hidden />}
            onClick={() => void save()}
            {...lock}
          >
            {t('tasks.page.save')}
          </Button>
        </>
      }
    >
      {error !== null && <Failure error={error} />}
      {isConflict && (
        <PageConflict
          page={page}
          file={opened.html}
          draft={draft.html}
          onReplace={() => void save({ before: opened.before })}
          onSaveAs={(name) => void save({ name, before: null })}
        />
      )}
      <div className={classes.sides}>
        <Panel
          title={t('tasks.page.text')}
          note={t('tasks.page.textNote')}
          actions={
            page === '' && (
              <TextInput
                className={classes.name}
                aria-label={t('tasks.page.name')}
                placeholder={t('tasks.page.name')}
                description={t('tasks.page.nameNote')}
                inputWrapperOrder={['input', 'description']}
                value={draft.name}
                error={draft.name !== '' && !isNamed}
                onChange={(event) => change({ name: event.currentTarget.value })}
              />
            )
          }
          flush
        >
          <div className={classes.code}>
            <Suspense fallback={<Loading />}>
              <CodeEditor label={t('tasks.page.text')} text={draft.html} onChange={(html) => change({ html })} />
            </Suspense>
          </div>
        </Panel>
        {isTooLong ? (
          <Panel title={t('tasks.page.preview')}>
            <p className="rejected wrap" role="alert">
              {t('tasks.page.tooLong', { letters: draft.html.length, most: LONGEST_PAGE })}
            </p>
          </Panel>
        ) : (
          <PagePreview
            name={isNamed ? draft.name : 'new-page'}
            html={draft.html}
            isSaved={page !== '' && kept === undefined}
          />
        )}
      </div>
    </Page>
  )
}
