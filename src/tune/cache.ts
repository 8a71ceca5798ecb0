// What was measured on one adapter, and its JSON document. Where it is kept is the caller's business.
import { formatDocument, parseDocument, toDocument } from '../formats/documents.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { KERNEL_SET } from './kernel_set.ts'

/** What measurements hold for; another driver is another adapter. */
export interface AdapterKey {
  vendor: string
  architecture: string
  device: string
  description: string
  /** Least and largest size of a subgroup; empty without subgroups. */
  subgroups: string
}

/** A candidate and its time, or why it was rejected. */
export type Tried = { variant: string; ms: number } | { variant: string; rejected: string }

/** What was found for one op at one shape. */
export interface TunedEntry {
  /** The one to use. */
  variant: string
  /** Milliseconds of one run, its own and the default's; null where that one was rejected. */
  ms: number
  defaultMs: number | null
  /** All candidates, the default first. */
  tried: Tried[]
  /** When, ISO 8601. */
  at: string
}

/** All that is known of one adapter. */
export interface TuneCache {
  /** Digest of the kernels (`KERNEL_SET`): what was measured with others says nothing about these. */
  engine: string
  adapter: AdapterKey
  /** By op and shape, as `kernelChoices(gpu).tuned` names them. */
  entries: Record<string, TunedEntry>
}

export function adapterKey({ info, device }: Gpu): AdapterKey {
  const { vendor, architecture, device: name, description } = info
  const { subgroupMinSize: least, subgroupMaxSize: most } = device.adapterInfo ?? {}
  const subgroups =
    device.features.has('subgroups') && least !== undefined && most !== undefined ? `${least}-${most}` : ''
  return { vendor, architecture, device: name, description, subgroups }
}

export const emptyCache = (gpu: Gpu): TuneCache => ({
  engine: KERNEL_SET,
  adapter: adapterKey(gpu),
  entries: {},
})

/** A file name for this adapter; a new driver takes the place of the old one. */
export function cacheFile({ info }: Gpu): string {
  const name = [info.vendor, info.architecture, info.device]
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  return `kernels-${name.replace(/^-+|-+$/g, '') || 'unknown'}.json`
}

export const formatCache = (cache: TuneCache): string => formatDocument(toDocument('tuned-kernels', cache))

/** What is in the document for this adapter and these kernels; else an empty one, and the reason to `onIgnored`. */
export function parseCache(gpu: Gpu, text: string, onIgnored: (reason: string) => void = () => undefined): TuneCache {
  const empty = emptyCache(gpu)
  const found = parsed(text)
  if (typeof found === 'string') onIgnored(found)
  else if (found.engine !== empty.engine) onIgnored('the kernels have changed since')
  else if (Object.entries(empty.adapter).some(([field, value]) => found.adapter[field as keyof AdapterKey] !== value)) {
    onIgnored(`it is of another adapter or driver, ${found.adapter.description || found.adapter.device}`)
  } else
    return {
      ...empty,
      entries: Object.fromEntries(Object.entries(found.entries).filter(([, entry]) => isEntry(entry))),
    }
  return empty
}

/** The document, or why it is none. */
function parsed(text: string): TuneCache | string {
  try {
    const value = parseDocument('tuned-kernels', text, 'it') as Partial<TuneCache>
    const whole = [value.adapter, value.entries].every((part) => typeof part === 'object' && part !== null)
    return whole && typeof value.engine === 'string' ? (value as TuneCache) : 'it is no table of tuned kernels'
  } catch (error) {
    if (error instanceof FormatError) return error.message
    throw error
  }
}

const isEntry = (entry: Partial<TunedEntry> | null): boolean =>
  typeof entry?.variant === 'string' && typeof entry.ms === 'number' && Array.isArray(entry.tried)
