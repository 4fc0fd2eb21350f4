/** Stage 0: the checks of what the other stages need, each with its finding and a button that helps where it failed. */
import { Button, Group, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Boxes, Download, FolderOpen, ListChecks } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CHECK_TITLES, type CheckName } from '../../../main/messages/check-titles.ts'
import { message } from '../../../main/messages/message.ts'
import type { CheckResult } from '../../../main/pipeline/stages/verify.ts'
import { lab, useConnection } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import { useBusy, useJob } from '../../job.ts'
import { visit } from '../../location.ts'
import { OutcomeMark } from '../../parts/status.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { openPanel } from '../../shell/commands.ts'
import { tell, tellError } from '../../shell/notices.tsx'
import classes from './checks.module.css'

interface Props {
  /** The findings of the run's own verify stage. */
  readonly found: readonly CheckResult[]
  /** Whether the run is verifying now. */
  readonly running: boolean
  /** Opens the settings for a folder or a model. */
  readonly onSettings: () => void
}

export function Checks({ found, running, onSettings }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const say = useSay()
  const job = useJob()
  const busy = useBusy()
  const { lost } = useConnection()
  const { own, looking, look } = useChecking()
  const fetched = useMutation({
    mutationFn: () => lab.verify.getMiniwob.mutate(),
    onSuccess: ({ folder }) => {
      tell(t('checks.fetched', { folder }))
      look()
    },
    onError: tellError,
  })
  const checks = own ?? found
  return (
    <div>
      <ul className={classes.checks} aria-live="polite">
        {checks.map(({ name, ok, detail, messages }) => (
          <li key={name} className={classes.check}>
            <OutcomeMark outcome={ok ? 'success' : 'failure'} words={false} />
            <b>{isCheck(name) ? say(message(CHECK_TITLES[name])) : name}</b>
            <span className="wrap">{say({ text: detail, messages })}</span>
            <Cure name={name} ok={ok} messages={messages} fetch={fetched} onSettings={onSettings} />
          </li>
        ))}
      </ul>
      {checks.length === 0 && !looking && <Text c="dimmed">{t(running ? 'checks.looking' : 'checks.none')}</Text>}
      <Group mt="md" gap="sm">
        <Button
          variant="default"
          leftSection={<ListChecks size={16} aria-hidden />}
          loading={looking}
          disabled={busy}
          onClick={look}
          {...lock}
        >
          {t('checks.look')}
        </Button>
        {job?.current != null && !lost && <span className="soft">{t('checks.busy')}</span>}
      </Group>
    </div>
  )
}

/** The checks by this window: the findings so far, null before the first, and a function that starts them. */
function useChecking() {
  const [own, setOwn] = useState<readonly CheckResult[] | null>(null)
  const [looking, setLooking] = useState(false)
  const look = () => {
    setOwn([])
    setLooking(true)
    lab.verify.run.subscribe(undefined, {
      onData: (check: CheckResult) => setOwn((before) => [...(before ?? []), check]),
      onComplete: () => setLooking(false),
      onError(error: unknown) {
        setLooking(false)
        tellError(error)
      },
    })
  }
  return { own, looking, look }
}

/** Whether the name is a known check. A newer lab may have others. */
function isCheck(name: string): name is CheckName {
  return name in CHECK_TITLES
}

/** Findings on tasks that the download of MiniWoB++ mends. */
const LACKS_PAGES: readonly string[] = ['foundOwnTasks', 'taskNotInstalled', 'miniwobMissing']

interface CureProps extends Pick<CheckResult, 'name' | 'ok' | 'messages'> {
  readonly fetch: { readonly isPending: boolean; readonly mutate: () => void }
  readonly onSettings: () => void
}

/** The button that helps with a failed check, where there is one. */
function Cure({ name, ok, messages, fetch, onSettings }: CureProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const form = useQuery({ queryKey: ['config'], queryFn: () => lab.config.form.query() })
  const miniwob = form.data?.fields.find(({ key }) => key === 'environment.miniwob')?.value
  // Where the configuration names a folder, downloading to another one does not help.
  if (name === 'tasks' && miniwob === 'auto' && messages.some(({ id }) => LACKS_PAGES.includes(id))) {
    return (
      <Button
        size="xs"
        variant="default"
        leftSection={<Download size={14} aria-hidden />}
        loading={fetch.isPending}
        onClick={() => fetch.mutate()}
        {...lock}
      >
        {t('checks.getMiniwob')}
      </Button>
    )
  }
  if (!ok && name === 'model') {
    return (
      <Button
        size="xs"
        variant="default"
        leftSection={<Boxes size={14} aria-hidden />}
        onClick={() => openPanel('models')}
      >
        {t('models.choose')}
      </Button>
    )
  }
  if (!ok && (name === 'engine' || name === 'tasks')) {
    const open = name === 'engine' ? onSettings : () => visit({ form: 'experiment' })
    return (
      <Button size="xs" variant="default" leftSection={<FolderOpen size={14} aria-hidden />} onClick={open}>
        {t('checks.choose')}
      </Button>
    )
  }
  return null
}
