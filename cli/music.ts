import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { Command } from 'commander'
import { songKey } from '../src/datasets/music_features.ts'
import { toDocument } from '../src/formats/documents.ts'
import { FormatError, UsageError } from '../src/runtime/errors.ts'
import { interruptible } from './shared/context.ts'
import { requireFolder } from './shared/data_options.ts'
import { Output, type OutputOptions, type Progress } from './shared/output.ts'
import { extract, findSmilExtract, identityOf, setOfConfig } from './shared/smilextract.ts'
import { SongTable, type SongFeatures } from './shared/song_table.ts'
import { integer } from './shared/values.ts'

interface MusicOptions extends OutputOptions {
  out: string
  config?: string
  smilextract?: string
  builtin?: boolean
  jobs?: number
  resume?: boolean
}

const SOUND = /\.(wav|mp3|flac|ogg|m4a)$/i

const help = `
The table has a row a song: stimulus (the file's name without its ending), feature_set, digest, and a column a feature. A study
reads it as its music.csv, and trials find their song by its name. What is done is kept in FILE.partial until all is, so a
call that was stopped goes on where it was.

openSMILE is not part of galvani: install it, and name its program and the configuration of the feature set. Only WAV is sure to be
read by it. --builtin needs no openSMILE; its features are others, and every table and report names them galvani-builtin-1.

Examples:
  galvani music songs --out music.csv --config opensmile/config/is09-13/IS13_ComParE.conf
  galvani music songs --out music.csv --builtin`

export function musicCommand(): Command {
  return new Command('music')
    .description(
      'Describe songs by features, for models that hear the music too: by an installed openSMILE, or without.',
    )
    .argument('<audio>', 'folder of songs (.wav, .mp3, .flac, .ogg, .m4a), and folders in it')
    .requiredOption('--out <file>', 'table to write, CSV')
    .option('--config <file>', "openSMILE's configuration of the feature set, such as IS13_ComParE.conf")
    .option('--smilextract <path>', "openSMILE's program (default: SMILExtract on the PATH)")
    .option('--builtin', "galvani's own features, which are not openSMILE's")
    .option('--jobs <n>', 'songs that openSMILE is given at a time (default: the cores)', integer('--jobs'))
    .option('--resume', 'replace --out, keeping the rows of songs and settings that are as they were')
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', help)
    .action(musicAction)
}

/** How features are made. */
interface Engine {
  name: 'openSMILE' | 'builtin'
  set: string
  /** All that they depend on beside the sound. */
  identity: string
  jobs: number
  describe: (song: string, bytes: Uint8Array, abort: AbortSignal) => Promise<SongFeatures>
}

interface Song {
  file: string
  stimulus: string
}

async function musicAction(folder: string, options: MusicOptions): Promise<void> {
  const output = new Output(options)
  const engine = await engineOf(options)
  const songs = songsIn(folder)
  const table = await SongTable.open(options.out, engine.set, options.resume === true)
  const abort = interruptible()
  const bar = output.progress(engine.name, songs.length)
  const { done, kept, skipped } = await describeAll(songs, engine, table, abort, bar).finally(bar.stop)
  const [first] = skipped
  if (done.length === 0)
    throw new FormatError(`none of ${songs.length} songs could be described; the first: ${first!.reason}`)
  const features = await table.finish(done)
  const { name, set } = engine
  output.result(
    toDocument('music', {
      out: options.out,
      engine: name,
      featureSet: set,
      features,
      songs: done.length,
      kept,
      skipped,
    }),
    [
      ...skipped.map(({ reason }) => `skipped ${reason}`),
      `wrote ${done.length} songs${kept > 0 ? ` (${kept} were done before)` : ''} with ${features} features of ${set}` +
        `${name === 'builtin' ? ", which are not openSMILE's," : ''} to ${options.out}`,
    ].join('\n'),
  )
  if (first)
    throw new FormatError(`${skipped.length} of ${songs.length} songs were skipped; the first: ${first.reason}`)
}

/** @throws UsageError for options that do not go together, and where openSMILE is not found */
async function engineOf(options: MusicOptions): Promise<Engine> {
  const { builtin, config, smilextract, jobs } = options
  if (jobs !== undefined && jobs < 1) throw new UsageError(`--jobs is ${jobs}, expected 1 or more`)
  const ofOpenSmile = Object.entries({ config, smilextract, jobs }).find(([, value]) => value !== undefined)
  if (builtin && ofOpenSmile)
    throw new UsageError(`--${ofOpenSmile[0]} is for openSMILE, which --builtin does without; give one of the two`)
  if (builtin) {
    const { BUILTIN_SET, BUILTIN_NAMES, builtinFeatures } = await import('../src/music/builtin.ts')
    const { decodeSound } = await import('../src/music/decode.ts')
    return {
      name: 'builtin',
      set: BUILTIN_SET,
      identity: BUILTIN_SET,
      jobs: 1,
      describe: async (song, bytes, abort) => ({
        names: BUILTIN_NAMES,
        values: await builtinFeatures(await decodeSound(bytes, song), song, abort),
      }),
    }
  }
  if (config === undefined)
    throw new UsageError(
      'give --config FILE, the configuration of openSMILE to use (such as IS13_ComParE.conf), or --builtin for features without openSMILE',
    )
  const program = findSmilExtract(smilextract ?? 'SMILExtract', config)
  return {
    name: 'openSMILE',
    set: setOfConfig(config),
    identity: await identityOf(program),
    jobs: jobs ?? availableParallelism(),
    describe: (song, _, abort) => extract(program, song, abort),
  }
}

/**
 * The sounds in a folder and those below it, in order of their names; what begins with a dot is hidden.
 * @throws FormatError for a folder without any, and for two of one name
 */
function songsIn(folder: string): Song[] {
  requireFolder(folder)
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && SOUND.test(entry.name) && !entry.name.startsWith('.'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
  if (files.length === 0)
    throw new FormatError(`${folder}: no song in this folder or below (.wav, .mp3, .flac, .ogg, .m4a)`)
  const seen = new Map<string, string>()
  return files.map((file) => {
    const key = songKey(file)
    const other = seen.get(key)
    if (other !== undefined)
      throw new FormatError(
        `${folder}: ${other} and ${file} are both song '${key}' by their names; rename one, or move it away`,
      )
    seen.set(key, file)
    return { file: join(folder, file), stimulus: file.replace(/^.*[/\\]/, '').replace(SOUND, '') }
  })
}

interface Described {
  done: { stimulus: string; digest: string }[]
  /** Songs of an earlier call. */
  kept: number
  skipped: { file: string; reason: string }[]
}

/** Several songs at a time; one that cannot be described leaves the others alone. */
async function describeAll(
  songs: readonly Song[],
  engine: Engine,
  table: SongTable,
  abort: AbortSignal,
  bar: Progress,
): Promise<Described> {
  const digests: (string | undefined)[] = []
  const reasons: (string | undefined)[] = []
  let [next, finished, kept] = [0, 0, 0]
  // The first error that is not of one song stops all the others.
  const stop = new AbortController()
  const either = AbortSignal.any([abort, stop.signal])
  const worker = async (): Promise<void> => {
    while (next < songs.length) {
      either.throwIfAborted()
      const index = next++
      const { file } = songs[index]!
      try {
        const bytes = await readSong(file)
        const digest = digestOf(engine.identity, bytes)
        if (table.has(digest)) kept++
        else await table.add(digest, await engine.describe(file, bytes, either))
        digests[index] = digest
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        reasons[index] = error.message
      }
      bar.update(++finished, file)
    }
  }
  const workers = Array.from({ length: Math.min(engine.jobs, songs.length) }, async () => {
    await worker().catch((error: unknown) => stop.abort(error))
  })
  await Promise.all(workers)
  either.throwIfAborted()
  return {
    done: songs.flatMap(({ stimulus }, i) => (digests[i] === undefined ? [] : [{ stimulus, digest: digests[i] }])),
    kept,
    skipped: songs.flatMap(({ file }, i) => (reasons[i] === undefined ? [] : [{ file, reason: reasons[i] }])),
  }
}

const readSong = (file: string): Promise<Uint8Array> =>
  readFile(file).catch(({ code, message }: NodeJS.ErrnoException) => {
    throw new FormatError(`${file} cannot be read (${code ?? message})`)
  })

/** Of a sound and of what is done to it. */
const digestOf = (identity: string, bytes: Uint8Array): string =>
  createHash('sha256').update(`${identity}\n${bytes.length}\n`).update(bytes).digest('hex')
