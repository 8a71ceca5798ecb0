// A prepared set as two files: manifest.json (trials, options, what was skipped) and signals.safetensors.
import { parseSafetensors, serializeSafetensors } from '../formats/safetensors.ts'
import { FormatError } from '../runtime/errors.ts'
import { CHANNELS } from '../signal/channels.ts'
import type { Store } from '../store/store.ts'
import { digest } from './digest.ts'
import type { PreparedSet, PreparedTrial } from './prepare.ts'

const MANIFEST = 'manifest.json'
const SIGNALS = 'signals.safetensors'
const SCHEMA = 'galvani-prepared/2'

type ManifestTrial = Omit<PreparedTrial, 'signals' | 'music'> & { music: boolean }
interface Manifest extends Omit<PreparedSet, 'trials'> {
  schema: string
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
  await store.write(SIGNALS, serializeSafetensors(tensors, { schema: SCHEMA, digest: content }))
  const trials = set.trials.map(({ signals: _, music: vector, ...rest }): ManifestTrial => ({
    ...rest,
    music: vector !== undefined,
  }))
  const manifest: Manifest = { schema: SCHEMA, digest: content, ...set, trials }
  await store.write(MANIFEST, `${JSON.stringify(manifest, null, 1)}\n`)
}

/** Reads what `savePrepared` wrote. @throws FormatError when a file is missing, truncated, of another schema or of another preparation */
export async function loadPrepared(store: Store, name: string): Promise<PreparedSet> {
  const manifest = parseManifest(await store.readText(MANIFEST), `${name}/${MANIFEST}`)
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
  const { schema: _, digest: __, ...set } = manifest
  return { ...set, decomposition: set.decomposition ?? 'unknown', trials } // of before digests were recorded
}

function parseManifest(text: string, source: string): Manifest {
  let manifest: Partial<Manifest>
  try {
    manifest = JSON.parse(text) as Partial<Manifest>
  } catch {
    throw new FormatError(`${source} is not JSON; run \`galvani prepare\` again`)
  }
  if (manifest.schema !== SCHEMA || !Array.isArray(manifest.trials)) {
    throw new FormatError(
      `${source}: schema is '${String(manifest.schema)}', expected '${SCHEMA}'; run \`galvani prepare\` again`,
    )
  }
  return manifest as Manifest
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
