/** Shows errors to readers: what happened, and what to do about it. */
import { Alert, Button, Code, Stack, Text } from '@mantine/core'
import { TriangleAlert } from 'lucide-react'
import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { told, useSay } from '../i18n/say.ts'

/** An error, with a button that tries again. */
export function Failure({ error, retry }: { readonly error: unknown; readonly retry?: (() => void) | undefined }) {
  const { t } = useTranslation()
  const say = useSay()
  return (
    <Alert color="orange" variant="light" title={t('app.failed')} icon={<TriangleAlert aria-hidden />} role="alert">
      <Stack gap="sm" align="flex-start">
        <Text size="md" className="wrap" c="var(--ink)">
          {say(told(error))}
        </Text>
        {retry !== undefined && (
          <Button size="xs" variant="default" onClick={retry}>
            {t('app.retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

function Broken({ error, again }: { readonly error: unknown; readonly again: () => void }) {
  const { t } = useTranslation()
  return (
    <Stack p="xl" align="flex-start" role="alert" maw={720}>
      <Text component="h1" size="xl" fw={650}>
        {t('app.broken')}
      </Text>
      <Text>{t('app.brokenCure')}</Text>
      <Button variant="default" onClick={again}>
        {t('app.retry')}
      </Button>
      <Code block>{error instanceof Error ? (error.stack ?? error.message) : String(error)}</Code>
    </Stack>
  )
}

interface State {
  readonly error: unknown
}

/** Shows an error in place of a view that breaks, and keeps the rest of the window. */
export class Boundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: null }

  static getDerivedStateFromError(error: unknown): State {
    return { error }
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children
    return <Broken error={this.state.error} again={() => this.setState({ error: null })} />
  }
}
