// A dataset as it is distributed becomes a folder that runs are trained on; what is stopped goes on, and what is done is not done again.
import { DECOMPOSITION_SET } from '../cvxeda/decomposition_set.ts'
import { Overview } from '../datasets/overview.ts'
import type { Dimension } from '../datasets/trial.ts'
import { balanceOf, twoMeansLabels } from '../evaluation/class_balance.ts'
import { canonical } from '../formats/canonical.ts'
import { sha256 } from '../formats/digest.ts'
import { checkNames, nameOf, type Known } from '../runtime/arguments.ts'
import type { Device } from '../runtime/device.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import { allBytes } from '../store/source.ts'
import type { Store } from '../store/store.ts'
import { isAsSeen, WatchedStore, type SeenFile } from '../store/watched.ts'
import { VERSION } from '../version.ts'
import { openData, type DatasetOptions } from './dataset.ts'
import { DecompositionCache } from './decomposition_cache.ts'
import { EDA_FEATURE_SET } from './eda_features.ts'
import { deviceName, prepareTrials, type PreparedTrial, type PrepareOptions } from './prepare.ts'
import type { Preparation } from './preparation.ts'
import { loadPrepared, readPreparation, savePrepared } from './prepared_files.ts'

/** How a folder is prepared. */
export interface PrepareFolderOptions extends Omit<PrepareOptions, 'cache' | 'onTrial'> {
  dataset: DatasetOptions
  /** Where decompositions are kept for other preparations; default the output, until it is whole. */
  cache?: Store
}

const OPTIONS: Known<PrepareFolderOptions> = {
  dataset: true,
  cache: true,
  length: true,
  dropSeconds: true,
  interpolation: true,
  exclude: true,
  onProgress: true,
  signal: true,
}

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
  const isSame = Object.entries(now).every(
    ([key, value]) => canonical(value) === canonical(before[key as keyof typeof now]),
  )
  return isSame && (await isAsSeen(data, before.sources)) && (await isWhole(out)) ? before : undefined
}

const isWhole = (out: Store): Promise<boolean> =>
  loadPrepared(out, 'it').then(
    () => true,
    (error: unknown) => {
      if (error instanceof FormatError) return false
      throw error
    },
  )

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
  checkNames('prepareFolder', options, OPTIONS)
  if (typeof options.dataset !== 'object')
    throw new UsageError(`prepareFolder: dataset is ${nameOf(options.dataset)}, expected an object such as { name }`)
  for (const [what, store] of Object.entries({ data, out }))
    if (typeof (store as Partial<Store> | undefined)?.list !== 'function')
      throw new UsageError(`prepareFolder: ${what} is ${nameOf(store)}, expected a Store`)
  const { dataset, cache: kept, ...rest } = options
  const watched = new WatchedStore(data)
  const opened = await openData(watched, dataset)
  const cache = await DecompositionCache.open(kept ?? out)
  const overview = new Overview()
  const onTrial = overview.add.bind(overview)
  const set = await prepareTrials(device, opened, { ...rest, cache, onTrial })
  const [arousal, valence] = [labelsOf(set.trials, 'arousal'), labelsOf(set.trials, 'valence')]
  const preparation: Preparation = {
    sources: await watched.seen(),
    features: await featureFiles(dataset),
    settings: settingsOf(options),
    versions: versions(),
    device: deviceName(device),
    summary: overview.summary(),
    usable: set.trials.length,
    statuses: countBy(set.trials.map(({ status }) => status)),
    labels: { arousal: arousal.balance, valence: valence.balance },
    skipped: set.skipped,
    notes: set.notes ?? [],
  }
  const trials = set.trials.map((trial) => {
    const classes = given({ arousal: arousal.classes.get(trial), valence: valence.classes.get(trial) })
    return { ...trial, classes }
  })
  await savePrepared(out, { ...set, trials }, preparation)
  if (!kept) await cache.clear()
  return preparation
}

const versions = (): Preparation['versions'] => ({
  galvani: VERSION,
  decomposition: DECOMPOSITION_SET,
  features: EDA_FEATURE_SET,
})

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

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

/** The paper's labels of the trials of a dimension's own pass. */
function labelsOf(trials: readonly PreparedTrial[], dimension: Dimension) {
  const labelled = twoMeansLabels(trials, dimension)
  const classes = new Map(labelled?.trials.map((trial, i) => [trial, labelled.labels[i]!]))
  return { balance: labelled && balanceOf(labelled), classes }
}

/** Of some classes those that there are. */
const given = ({ arousal, valence }: Record<Dimension, number | undefined>): PreparedTrial['classes'] & {} => ({
  ...(arousal !== undefined && { arousal }),
  ...(valence !== undefined && { valence }),
})
