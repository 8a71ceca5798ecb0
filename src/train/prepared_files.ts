// A prepared set as two files: manifest.json (trials, options, what was skipped, how it was made) and signals.safetensors.
import { DOCUMENT_KINDS } from '../formats/document_kinds.ts'
import { toDocument } from '../formats/documents.ts'
import { digest } from '../formats/digest.ts'
import { parseSafetensors, safetensorsPieces } from '../formats/safetensors.ts'
import { FormatError, ShapeError } from '../runtime/errors.ts'
import { CHANNELS } from '../signal/channels.ts'
import { readJson, writeJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import type { PreparedSet, PreparedTrial } from './prepare.ts'
import type { Preparation } from './preparation.ts'

const MANIFEST = 'manifest.json'
const SIGNALS = 'signals.safetensors'

type ManifestTrial = Omit<PreparedTrial, 'signals' | 'music' | 'features'> & {
  music: boolean
  /** Digest of its signals, its music and its features; absent in sets of before there were any. */
  digest?: string
}
interface Manifest extends Omit<PreparedSet, 'trials'> {
  /** Digest of the signals beside it: the two files are written one after the other, and a crash may fall between. */
  digest: string
  trials: ManifestTrial[]
  /** Of what, and how; absent where a program made the set. */
  preparation?: Preparation
}

export const isPrepared = (store: Store): Promise<boolean> => store.exists(MANIFEST)

/** Writes both files; the manifest last, so that a folder with a manifest is whole. */
export async function savePrepared(store: Store, set: PreparedSet, preparation?: Preparation): Promise<void> {
  const { musicDim, length } = set
  const count = set.trials.length
  const signals = { shape: [count, CHANNELS.length, length], data: set.trials.map((trial) => trial.signals) }
  const silent = new Float32Array(musicDim)
  const music = { shape: [count, musicDim], data: set.trials.map((trial) => trial.music ?? silent) }
  const { names = [] } = set.features ?? {}
  const features = {
    shape: [count, names.length],
    data: set.features ? set.trials.map((trial) => featuresOf(trial, names.length)) : [],
  }
  const digests = await Promise.all(set.trials.map(digestOf))
  const content = await digest(digests)
  await store.write(
    SIGNALS,
    safetensorsPieces(
      new Map(Object.entries({ signals, ...(musicDim > 0 && { music }), ...(set.features && { features }) })),
      {
        schema: String(DOCUMENT_KINDS.prepared.schema),
        digest: content,
      },
    ),
  )
  const trials = set.trials.map(({ signals: _, features: __, music: vector, ...rest }, i): ManifestTrial => ({
    ...rest,
    music: vector !== undefined,
    digest: digests[i]!,
  }))
  const manifest: Manifest = { digest: content, ...set, trials, ...(preparation && { preparation }) }
  await writeJson(store, MANIFEST, toDocument('prepared', manifest))
}

const digestOf = ({ signals, music, features }: Pick<PreparedTrial, 'signals' | 'music' | 'features'>) =>
  digest([signals, ...(music ? [music] : []), ...(features ? [features] : [])])

/** @throws ShapeError for a trial with fewer features than the set has names */
function featuresOf({ id, features }: PreparedTrial, names: number): Float32Array {
  if (features?.length === names) return features
  throw new ShapeError(`trial ${id} has ${features?.length ?? 0} features, the set has names for ${names}`)
}

/** Of what and how the set of a folder was prepared; undefined where no manifest says it. */
export async function readPreparation(store: Store): Promise<Preparation | undefined> {
  return (await isPrepared(store)) ? (await preparedManifest(store, 'it')).preparation : undefined
}

/** What a prepared set says of itself, without its signals. @throws FormatError when it is missing, damaged or of another schema */
export const preparedManifest = (store: Store, name: string): Promise<Manifest> =>
  readJson<Manifest>(store, MANIFEST, 'prepared', ['digest', 'trials'], `${name}/${MANIFEST}`)

/**
 * Reads what `savePrepared` wrote.
 * @throws FormatError when a file is missing, truncated, of another schema or of another preparation, or a trial's signals have changed
 */
export async function loadPrepared(store: Store, name: string): Promise<PreparedSet> {
  const { digest: content, preparation: _, ...manifest } = await preparedManifest(store, name)
  const { tensors, metadata } = parseSafetensors(await store.read(SIGNALS), `${name}/${SIGNALS}`)
  if (metadata.digest !== content) {
    throw new FormatError(
      `${name}: ${MANIFEST} and ${SIGNALS} are not of one preparation; run \`galvani prepare\` again`,
    )
  }
  const size = CHANNELS.length * manifest.length
  const signals = rows(tensors.get('signals'), manifest.trials.length, size, `${name}/${SIGNALS}: tensor 'signals'`)
  const { musicDim } = manifest
  const music =
    musicDim > 0
      ? rows(tensors.get('music'), manifest.trials.length, musicDim, `${name}/${SIGNALS}: tensor 'music'`)
      : null
  const names = manifest.features?.names
  const features =
    names &&
    rows(tensors.get('features'), manifest.trials.length, names.length, `${name}/${SIGNALS}: tensor 'features'`)
  const trials = await Promise.all(
    manifest.trials.map(async ({ music: hasMusic, digest: expected, ...rest }, i): Promise<PreparedTrial> => {
      const vector = hasMusic ? music?.[i] : undefined
      const trial = {
        ...rest,
        signals: signals[i]!,
        ...(vector && { music: vector }),
        ...(features && { features: features[i]! }),
      }
      if (expected !== undefined && (await digestOf(trial)) !== expected) {
        throw new FormatError(
          `${name}/${SIGNALS} is damaged: the signals of trial ${trial.id} are not those that were written; ` +
            'run `galvani prepare` again',
        )
      }
      return trial
    }),
  )
  return { ...manifest, decomposition: manifest.decomposition ?? 'unknown', trials } // of before digests were recorded
}

function rows(
  tensor: { data: ArrayLike<unknown> } | undefined,
  count: number,
  size: number,
  what: string,
): Float32Array[] {
  if (!(tensor?.data instanceof Float32Array) || tensor.data.length !== count * size) {
    throw new FormatError(`${what} does not hold ${count} rows of ${size} numbers; run \`galvani prepare\` again`)
  }
  const { data } = tensor
  return Array.from({ length: count }, (_, i) => data.subarray(i * size, (i + 1) * size))
}
