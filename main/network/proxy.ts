/**
 * Requests by way of the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, in upper or lower case, as curl and pip
 * read them. Requests to this machine itself never take a proxy.
 */
import { BlockList, isIP } from 'node:net'
import type { Dispatcher } from 'undici'
import { UserError } from '../messages/error.ts'
import { message, type Value } from '../messages/message.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** fetch, by way of a proxy where the variables name one. Throws UserError where they name none that can be used. */
export const proxiedFetch: typeof fetch = async (input, init) => {
  const proxy = proxyOf(new URL(input instanceof Request ? input.url : input))
  return proxy === null && !nodeProxies() ? fetch(input, init) : fetch(input, { ...init, ...(await by(proxy)) })
}

/** Whether Node itself sends requests through proxies, and would do so with those that need none. */
function nodeProxies(): boolean {
  return Boolean(process.env.NODE_USE_ENV_PROXY) || process.execArgv.includes('--use-env-proxy')
}

/** The reason of a failed request, which names the proxy where there was one. The proxy's password is not shown. */
export function throughProxy(address: string, reason: Value): Value {
  const proxy = URL.canParse(address) ? proxyOf(new URL(address)) : null
  return proxy === null ? reason : message('throughProxy', { proxy: shown(proxy), reason })
}

/** The innermost reason for which fetch failed. */
export function reasonOfFetch(error: TypeError): string {
  let inner: Error = error
  while (inner.cause instanceof Error && inner.cause.message !== '') inner = inner.cause
  return inner.message
}

/**
 * The variables in the one form that every program understands: lower case, addresses with their scheme, and each domain
 * also with a leading dot. For programs that the lab starts, and libraries that read the variables themselves.
 */
export function plainVariables(env: Variables = process.env): Record<string, string> {
  const http = proxyNamed('http_proxy', env)
  const https = proxyNamed('https_proxy', env)
  if (http === null && https === null) return {}
  const plain = bypassed(env).flatMap((entry) => (/^[a-z_]/.test(entry) ? [entry, `.${entry}`] : [entry]))
  return {
    ...(http === null ? {} : { http_proxy: http.href }),
    ...(https === null ? {} : { https_proxy: https.href }),
    no_proxy: [...plain, 'localhost', '127.0.0.1', '::1'].join(','),
  }
}

/** The proxy for an address; null where the request goes straight there. */
export function proxyOf(url: URL, env: Variables = process.env): URL | null {
  const proxy = proxyNamed(url.protocol === 'https:' ? 'https_proxy' : 'http_proxy', env)
  return proxy === null || isBypassed(url, env) ? null : proxy
}

function proxyNamed(name: 'http_proxy' | 'https_proxy', env: Variables): URL | null {
  const variable = env[name]?.trim() ? name : name.toUpperCase()
  const value = env[variable]?.trim() ?? ''
  if (value === '') return null
  // curl, pip and Node take an address without a scheme for one of http.
  const schemed = /^[a-z][a-z\d+.-]*:\/\//i.test(value)
  const proxy = URL.parse(schemed ? value : `http://${value}`)
  // A path after no scheme: the scheme is misspelt, as in http//host, and would count as the host.
  if (proxy === null || proxy.hostname === '' || (!schemed && /\/./.test(value)))
    throw new UserError('proxyUnreadable', { variable })
  if (!['http:', 'https:'].includes(proxy.protocol)) {
    throw new UserError('proxyUnsupported', { variable, proxy: shown(proxy) })
  }
  return proxy
}

function shown(proxy: URL): string {
  return `${proxy.protocol}//${proxy.host}`
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

function isBypassed({ hostname, port, protocol }: URL, env: Variables): boolean {
  const host = bare(hostname)
  if (host === 'localhost' || host.endsWith('.localhost') || contains(LOOPBACK, host)) return true
  const portNumber = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  return bypassed(env).some((entry) => {
    if (entry === '*') return true
    const subnet = /^(.+)\/(\d+)$/.exec(entry)
    if (subnet !== null) return contains(subnetOf(subnet[1]!, Number(subnet[2])), host)
    const [, name = entry, only = portNumber] = isIP(entry) ? [] : (/^(.+):(\d+)$/.exec(entry) ?? [])
    return only === portNumber && (host === bare(name) || host.endsWith(`.${name}`))
  })
}

/** The entries of NO_PROXY, in lower case and without leading dots: a domain stands for all hosts in it. */
function bypassed(env: Variables): string[] {
  const value = env.no_proxy?.trim() ? env.no_proxy : (env.NO_PROXY ?? '')
  return value
    .toLowerCase()
    .split(/[,\s]+/)
    .map((entry) => entry.replace(/^\*?\./, ''))
    .filter((entry) => entry !== '')
}

/** A host without the brackets of IPv6. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

function subnetOf(address: string, bits: number): BlockList {
  const list = new BlockList()
  const version = isIP(bare(address))
  if (version !== 0 && bits <= (version === 4 ? 32 : 128)) {
    list.addSubnet(bare(address), bits, version === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

function contains(list: BlockList, host: string): boolean {
  const version = isIP(host)
  return version !== 0 && list.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

const agents = new Map<string, Dispatcher>()

/** What makes fetch take this way. Node's fetch has this option of undici's, but the standard's types do not. */
async function by(proxy: URL | null): Promise<RequestInit> {
  // Imported late: it is slow to start, and there is seldom a proxy.
  const { Agent, ProxyAgent } = await import('undici')
  const way = proxy?.href ?? 'straight'
  const agent = agents.get(way) ?? (proxy === null ? new Agent() : new ProxyAgent({ uri: way, proxyTunnel: false }))
  agents.set(way, agent)
  return { dispatcher: agent } as unknown as RequestInit
}
