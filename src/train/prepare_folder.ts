// A dataset as it is distributed becomes a folder that runs are trained on; what is stopped goes on, and what is done is not done again.
import { DECOMPOSITION_SET } from '../cvxeda/decomposition_set.ts'
import { Overview, type DataSummary } from '../datasets/overview.ts'
import { DIMENSIONS, type Dimension } from '../datasets/trial.ts'
import type { QualityFlag } from '../datasets/trial_quality.ts'
import { labelTrials, type SubjectLabels } from '../evaluation/labels.ts'
import { sha256 } from '../formats/digest.ts'
import type { Device } from '../runtime/device.ts'
import { FormatError } from '../runtime/errors.ts'
import { allBytes } from '../store/source.ts'
import type { Store } from '../store/store.ts'
import { isAsSeen, WatchedStore, type Seen, type SeenFile } from '../store/watched.ts'
import { VERSION } from '../version.ts'
import { openData, type DatasetOptions } from './dataset.ts'
import { DecompositionCache } from './decomposition_cache.ts'
import { deviceName, prepareTrials, type PreparedSet, type PreparedTrial, type PrepareOptions } from './prepare.ts'
import { readPreparation, savePrepared } from './prepared_files.ts'

/** What decides a preparation, beside the files. */
interface PreparationSettings {
  name: string
  sampleRate?: number
  gsr?: string
  pass?: Dimension
  resample?: boolean
  anyFeatures?: boolean
  length: number
  dropSeconds: number
  interpolation?: string
  exclude?: QualityFlag[]
}

/** Of what a set was prepared, how, and what the recordings are like. */
export interface Preparation {
  sources: Seen
  /** Tables of music features beside the dataset. */
  features: SeenFile[]
  settings: PreparationSettings
  versions: { galvani: string; decomposition: string }
  /** What decomposed. */
  device: string
  summary: DataSummary
  usable: number
  statuses: Record<string, number>
  /** Thresholds and separation of each subject by the paper's 2-means; none where ratings do not allow it. */
  labels: Record<Dimension, SubjectLabels[] | null>
  skipped: PreparedSet['skipped']
  notes: string[]
}

/** How a folder is prepared. */
export interface PrepareFolderOptions extends Omit<PrepareOptions, 'cache' | 'onTrial'> {
  dataset: DatasetOptions
  /** Where decompositions are kept for other preparations; default a folder in the output, which is deleted in the end. */
  cache?: Store
}

/** In the output, while it is being made. */
const WORK = 'decompositions'

/** What a folder holds, if that is of the same files, settings and versions. */
export async function preparedBefore(
  data: Store,
  out: Store,
  options: PrepareFolderOptions,
): Promise<Preparation | undefined> {
  const before = await readPreparation(out).catch((error: unknown) => {
    if (error instanceof FormatError) return undefined // damaged, or of an older version: made anew
    throw error
  })
  if (!before) return undefined
  const now = {
    features: await featureFiles(options.dataset),
    settings: settingsOf(options),
    versions: versions(),
  }
  const isSame = Object.entries(now).every(([key, value]) => same(value, before[key as keyof typeof now]))
  return isSame && (await isAsSeen(data, before.sources)) ? before : undefined
}

/**
 * Prepares the dataset in a store and writes it to another one. Each batch of decompositions is kept as it is made: the same call goes on
 * from there. @throws FormatError, UsageError
 */
export async function prepareFolder(
  device: Device,
  data: Store,
  out: Store,
  options: PrepareFolderOptions,
): Promise<Preparation> {
  const { dataset, cache: kept, ...rest } = options
  const watched = new WatchedStore(data)
  const opened = await openData(watched, dataset)
  const cache = await (kept ? DecompositionCache.open(kept, '') : DecompositionCache.open(out, WORK))
  const overview = new Overview()
  const onTrial = overview.add.bind(overview)
  const set = await prepareTrials(device, opened, { ...rest, cache, onTrial })
  const labels = labelsOf(set.trials)
  const preparation: Preparation = {
    sources: await watched.seen(),
    features: await featureFiles(dataset),
    settings: settingsOf(options),
    versions: versions(),
    device: deviceName(device),
    summary: overview.summary(),
    usable: set.trials.length,
    statuses: countBy(set.trials.map(({ status }) => status)),
    labels: { arousal: labels.arousal.subjects, valence: labels.valence.subjects },
    skipped: set.skipped,
    notes: set.notes ?? [],
  }
  const trials = set.trials.map((trial) => ({ ...trial, ...classesOf(trial, labels) }))
  await savePrepared(out, { ...set, trials }, preparation)
  if (!kept) await cache.clear()
  return preparation
}

const versions = (): Preparation['versions'] => ({ galvani: VERSION, decomposition: DECOMPOSITION_SET })

function settingsOf({ dataset, length, dropSeconds, interpolation, exclude }: PrepareFolderOptions) {
  const { features: _, ...read } = dataset
  return {
    ...read,
    length,
    dropSeconds,
    ...(interpolation && { interpolation }),
    ...(exclude && { exclude: [...exclude] }),
  }
}

const featureFiles = ({ features = [] }: DatasetOptions): Promise<SeenFile[]> =>
  Promise.all(
    features.map(async (source) => ({
      file: source.name,
      bytes: source.size,
      digest: await sha256(await allBytes(source)),
    })),
  )

/** Whatever the order of names. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(ordered(a)) === JSON.stringify(ordered(b))

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  )
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

interface Labelled {
  subjects: SubjectLabels[] | null
  byTrial: ReadonlyMap<string, number>
}

/** The paper's labels in each dimension, of the trials of its own pass. */
function labelsOf(trials: readonly PreparedTrial[]): Record<Dimension, Labelled> {
  const of = (dimension: Dimension): Labelled => {
    const own = trials.filter(({ pass }) => pass === undefined || pass === dimension)
    try {
      const { subjects, trials: labelled, labels } = labelTrials(own, dimension, { kind: 'two-means' })
      return { subjects, byTrial: new Map(labelled.map(({ id }, i) => [id, labels[i]!])) }
    } catch (error) {
      if (error instanceof FormatError) return { subjects: null, byTrial: new Map() }
      throw error
    }
  }
  return { arousal: of('arousal'), valence: of('valence') }
}

function classesOf({ id }: PreparedTrial, labels: Record<Dimension, Labelled>): Pick<PreparedTrial, 'classes'> {
  const classes = DIMENSIONS.flatMap((dimension): [Dimension, number][] => {
    const label = labels[dimension].byTrial.get(id)
    return label === undefined ? [] : [[dimension, label]]
  })
  return classes.length > 0 ? { classes: Object.fromEntries(classes) } : {}
}
