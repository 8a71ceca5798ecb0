// Look-alikes of the field's datasets: one hidden truth in the layout of each, with what is odd in the real one. Agreements forbid to
// hand on the real ones, so these stand in for them.

import { breather } from '../../runtime/breather.ts'
import { UsageError } from '../../runtime/errors.ts'
import type { Content, Store } from '../../store/store.ts'
import { requireEffect, requireSeed } from '../hidden_truth.ts'
import { amigos } from './amigos.ts'
import { deap } from './deap.ts'
import { e4 } from './e4.ts'
import { hku956 } from './hku956.ts'
import type { Lookalike, Maker, Settings } from './layout.ts'
import { pmemo2018 } from './pmemo2018.ts'
import { pmemo2019 } from './pmemo2019.ts'

const MAKERS = { pmemo2018, pmemo2019, deap, amigos, hku956, e4 } as const satisfies Record<string, Maker>

/** A day of anything is more than enough. */
const MOST_SECONDS = 86400

/** A layout that look-alikes are made in. */
export type LookalikeKind = keyof typeof MAKERS
/** All of them. */
export const LOOKALIKES = Object.keys(MAKERS) as LookalikeKind[]

/** What look-alike is made. */
export interface LookalikeOptions {
  kind: LookalikeKind
  seed: number
  /** What messages call the folder. */
  name?: string
  /** People; default a few, with `full` as many as the real set has, which is the most. */
  subjects?: number
  /** How strongly what is felt shows, in the skin and in the music: 0 (nothing tells the labels) to 1; default 1. */
  effect?: number
  /** In the skin alone; default `effect`. */
  edaEffect?: number
  /** In the music alone; default `effect`. */
  musicEffect?: number
  /** Mean length of a song or video, or length of a session, in seconds. */
  seconds?: number
  /** The real set's size: all people, unless `subjects` says how many, and every sample. */
  full?: boolean
}

/** What was written. */
export interface MadeLookalike {
  kind: LookalikeKind
  subjects: number
  stimuli: number
  /** Of all passes. */
  recordings: number
  fileCount: number
  edaEffect: number
  musicEffect: number
  seed: number
}

/** What a caller may follow and stop the work with. */
export interface LookalikeHooks {
  onProgress?: (done: number, total: number) => void
  signal?: AbortSignal
}

/**
 * Writes a look-alike, file by file; at most one is in memory. Equal options give equal bytes.
 * @throws UsageError for options that make none, and for a store that has files already
 */
export async function makeLookalike(
  store: Store,
  options: LookalikeOptions,
  { onProgress, signal }: LookalikeHooks = {},
): Promise<MadeLookalike> {
  const settings = settingsOf(options)
  const { kind, name = 'the folder' } = options
  const { subjects, effects, seed } = settings
  const found = await store.list('')
  if (found.length > 0)
    throw new UsageError(
      `${name} is not empty: it holds ${found[0]!}; a look-alike needs a folder that is new or empty`,
    )
  const made = MAKERS[kind].make(settings)
  const breathe = breather(signal)
  await store.write('SYNTHETIC.md', readme(kind, settings, made))
  for (const [done, { path, content }] of made.files.entries()) {
    onProgress?.(done, made.files.length)
    await breathe()
    await store.write(path, stoppable(await content(breathe), signal)).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw error
    })
  }
  onProgress?.(made.files.length, made.files.length)
  return {
    kind,
    subjects,
    stimuli: made.stimuli,
    recordings: made.recordings,
    fileCount: made.files.length + 1,
    edaEffect: effects.eda,
    musicEffect: effects.music,
    seed,
  }
}

function settingsOf({
  kind,
  seed,
  subjects,
  effect = 1,
  edaEffect = effect,
  musicEffect = effect,
  seconds,
  full = false,
}: LookalikeOptions): Settings {
  if (!LOOKALIKES.includes(kind))
    throw new UsageError(`no look-alike is called '${kind}'; there are ${LOOKALIKES.join(', ')}`)
  const { people, leastSeconds } = MAKERS[kind]
  const count = subjects ?? (full ? people.most : people.usual)
  if (!Number.isInteger(count) || count < 2 || count > people.most)
    throw new UsageError(`${kind} with ${count} subjects: expected a whole number from 2 to ${people.most}`)
  requireSeed(seed)
  requireEffect(effect)
  requireEffect(edaEffect, 'EDA effect')
  requireEffect(musicEffect, 'music effect')
  if (seconds !== undefined && !(seconds >= leastSeconds && seconds <= MOST_SECONDS))
    throw new UsageError(`${kind} of ${seconds} s: expected ${leastSeconds} to ${MOST_SECONDS}`)
  return {
    subjects: count,
    effects: { eda: edaEffect, music: musicEffect },
    seed,
    full,
    ...(seconds !== undefined && { seconds }),
  }
}

/** What marks every look-alike: a folder with this file is synthetic, whatever its layout. */
function readme(kind: LookalikeKind, { subjects, effects, seed }: Settings, { facts }: Lookalike): string {
  return [
    `Synthetic data in the layout of ${MAKERS[kind].of}, made by galvani.`,
    '',
    'No person was recorded and nothing of the real dataset is here; results on these files say nothing about people.',
    '',
    `- subjects: ${subjects}`,
    `- EDA effect: ${effects.eda}`,
    `- music effect: ${effects.music}`,
    `- seed: ${seed}`,
    '',
    ...facts.map((fact) => `- ${fact}`),
    '',
  ].join('\n')
}

/** The content, whose pieces end with the signal's reason once it is aborted. */
function stoppable(content: Content, signal: AbortSignal | undefined): Content {
  if (typeof content === 'string' || content instanceof Uint8Array) return content
  return (function* () {
    for (const piece of content) {
      signal?.throwIfAborted()
      yield piece
    }
  })()
}
