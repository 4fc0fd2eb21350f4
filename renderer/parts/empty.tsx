/** What stands where there is nothing yet: why, and what to do next. */
import { Stack, Text } from '@mantine/core'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

interface Props {
  readonly icon: LucideIcon
  readonly title: string
  readonly text: string
  /** The button or link that leads on. */
  readonly children?: ReactNode
}

export function Empty({ icon: Icon, title, text, children }: Props) {
  return (
    <Stack align="center" justify="center" gap="sm" p="xl" ta="center" mih={320}>
      <Icon size={36} strokeWidth={1.3} color="var(--soft)" aria-hidden />
      <Text component="h2" size="lg" fw={650}>
        {title}
      </Text>
      <Text c="dimmed" maw={460} mb="sm">
        {text}
      </Text>
      {children}
    </Stack>
  )
}
