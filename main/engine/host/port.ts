import type { Packet } from './packet.ts'

/** One end of a connection between the lab and a host. It keeps the order of packets. */
export interface Port {
  /** Resolves when the connection has taken the packet: its arrays may change then. Rejects once it is closed. */
  send(packet: Packet): Promise<void>
  /** Sets what hears packets. Called once. Each array has a buffer of its own. */
  listen(hear: (text: string, buffers: readonly ArrayBuffer[]) => void): void
}
