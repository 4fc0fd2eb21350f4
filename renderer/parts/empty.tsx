/** The text of an empty view: why it is empty, and what to do next. */
import { Stack, Text } from '@mantine/core'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

interface Props {
  readonly icon: LucideIcon
  readonly title: string
  readonly text: string
  /** A button or link for the next step. */
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
