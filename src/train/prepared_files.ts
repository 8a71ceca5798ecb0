// A prepared set as two files: manifest.json (trials, options, what was skipped) and signals.safetensors.
import { DOCUMENT_KINDS } from '../formats/document_kinds.ts'
import { toDocument } from '../formats/documents.ts'
import { parseSafetensors, serializeSafetensors } from '../formats/safetensors.ts'
import { FormatError } from '../runtime/errors.ts'
import { CHANNELS } from '../signal/channels.ts'
import { readJson, writeJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import { digest } from '../formats/digest.ts'
import type { PreparedSet, PreparedTrial } from './prepare.ts'

const MANIFEST = 'manifest.json'
const SIGNALS = 'signals.safetensors'

type ManifestTrial = Omit<PreparedTrial, 'signals' | 'music'> & { music: boolean }
interface Manifest extends Omit<PreparedSet, 'trials'> {
  /** Digest of the signals beside it: the two files are written one after the other, and a crash may fall between. */
  digest: string
  trials: ManifestTrial[]
}

export const isPrepared = (store: Store): Promise<boolean> => store.exists(MANIFEST)

/** Writes both files; the manifest last, so that a folder with a manifest is whole. */
export async function savePrepared(store: Store, set: PreparedSet): Promise<void> {
  const size = CHANNELS.length * set.length
  const signals = new Float32Array(set.trials.length * size)
  const music = new Float32Array(set.trials.length * set.musicDim)
  set.trials.forEach((trial, i) => {
    signals.set(trial.signals, i * size)
    if (trial.music) music.set(trial.music, i * set.musicDim)
  })
  const tensors = new Map([['signals', { shape: [set.trials.length, CHANNELS.length, set.length], data: signals }]])
  if (set.musicDim > 0) tensors.set('music', { shape: [set.trials.length, set.musicDim], data: music })
  const content = await digest([signals, music])
  await store.write(
    SIGNALS,
    serializeSafetensors(tensors, { schema: String(DOCUMENT_KINDS.prepared.schema), digest: content }),
  )
  const trials = set.trials.map(({ signals: _, music: vector, ...rest }): ManifestTrial => ({
    ...rest,
    music: vector !== undefined,
  }))
  const manifest: Manifest = { digest: content, ...set, trials }
  await writeJson(store, MANIFEST, toDocument('prepared', manifest))
}

/** What a prepared set says of itself, without its signals. @throws FormatError when it is missing, damaged or of another schema */
export const preparedManifest = (store: Store, name: string): Promise<Manifest> =>
  readJson<Manifest>(store, MANIFEST, 'prepared', ['digest', 'trials'], `${name}/${MANIFEST}`)

/** Reads what `savePrepared` wrote. @throws FormatError when a file is missing, truncated, of another schema or of another preparation */
export async function loadPrepared(store: Store, name: string): Promise<PreparedSet> {
  const manifest = await preparedManifest(store, name)
  const { tensors, metadata } = parseSafetensors(await store.read(SIGNALS), `${name}/${SIGNALS}`)
  if (metadata.digest !== manifest.digest) {
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
  const trials = manifest.trials.map(({ music: hasMusic, ...rest }, i): PreparedTrial => {
    const vector = hasMusic ? music?.[i] : undefined
    return { ...rest, signals: signals[i]!, ...(vector && { music: vector }) }
  })
  const { digest: _, ...set } = manifest
  return { ...set, decomposition: set.decomposition ?? 'unknown', trials } // of before digests were recorded
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
  return Array.from({ length: count }, (_, i) => data.slice(i * size, (i + 1) * size))
}
