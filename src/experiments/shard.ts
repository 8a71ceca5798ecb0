// A part of a plan, for one machine of several.
import { UsageError } from '../runtime/errors.ts'
import type { Job } from './job.ts'

/** Part `index` (from 1) of `count`. */
export interface Shard {
  index: number
  count: number
}

/** `2/3`. @throws UsageError */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  const shard = { index: Number(index), count: Number(count) }
  if (!(shard.index >= 1 && shard.index <= shard.count))
    throw new UsageError(`--shard is '${text}', expected PART/PARTS such as 1/3`)
  return shard
}

/** Jobs that start from each other's weights are of one part; all others go round. */
export function jobsOfShard(jobs: readonly Job[], { index, count }: Shard): Job[] {
  const parts = new Map<string, number>()
  let next = 0
  for (const { hash, from } of jobs) parts.set(hash, from === undefined ? next++ % count : parts.get(from)!)
  return jobs.filter(({ hash }) => parts.get(hash) === index - 1)
}
