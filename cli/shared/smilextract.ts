// An installed SMILExtract of openSMILE, a process a song. It appends to a file that is there, so each song gets one of its own.
import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { readMusicTables } from '../../src/datasets/music_features.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import { memorySource } from '../../src/store/source.ts'
import type { SongFeatures } from './song_table.ts'

/** Characters of the log that are kept; what went wrong stands near its end. */
const LOG = 1 << 16
/** openSMILE writes `(ERR) [1] component: text`, its older versions `(ERROR) [1] in component : text`. */
const ERROR = /\(ERR(?:OR)?\)\s*(?:\[\d+\]\s*)?(?:in )?(.*)/

/** How SMILExtract is called. */
export interface SmilExtract {
  program: string
  config: string
}

/**
 * The program and the configuration by their full paths.
 * @throws UsageError when one of them is not there
 */
export function findSmilExtract(program: string, config: string): SmilExtract {
  const found = /[/\\]/.test(program) ? [resolve(program)] : onPath(program)
  const path = found.find((each) => existsSync(each) && statSync(each).isFile())
  if (path === undefined)
    throw new UsageError(
      `there is no ${program}; install openSMILE and give the path of its program by --smilextract, or use --builtin`,
    )
  if (!existsSync(config) || !statSync(config).isFile())
    throw new UsageError(
      `--config ${config}: no such file; openSMILE brings it, such as config/is09-13/IS13_ComParE.conf`,
    )
  return { program: path, config: resolve(config) }
}

const onPath = (program: string): string[] =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) =>
      ['', ...(process.platform === 'win32' ? ['.exe'] : [])].map((end) => join(folder, program + end)),
    )

/** The feature set that a configuration makes. */
export const setOfConfig = (config: string): string => basename(config).replace(/\.conf$/i, '')

/** What the features depend on beside the sound, for a digest. */
export async function identityOf({ program, config }: SmilExtract): Promise<string> {
  const { size, mtimeMs } = statSync(program)
  return [program, size, mtimeMs, config, await readFile(config, 'utf8')].join('\n')
}

/**
 * The features of one song.
 * @throws FormatError with what openSMILE says when it fails; the signal's reason when that is aborted
 */
export async function extract(smilextract: SmilExtract, song: string, abort: AbortSignal): Promise<SongFeatures> {
  const folder = await mkdtemp(join(tmpdir(), 'galvani-music-'))
  try {
    const table = join(folder, 'song.arff')
    const { failure, log } = await run(smilextract, resolve(song), table, abort)
    abort.throwIfAborted()
    const said = whatItSays(log)
    if (failure !== undefined) throw new FormatError(`${song}: SMILExtract ${failure}: ${said}`)
    const content = await readFile(table).catch(() => undefined)
    if (!content) throw new FormatError(`${song}: SMILExtract wrote no features: ${said}`)
    return await featuresIn(content, smilextract, song, said)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function featuresIn(
  content: Uint8Array,
  { config }: SmilExtract,
  song: string,
  said: string,
): Promise<SongFeatures> {
  const table = await readMusicTables([memorySource('song.arff', content)], { set: setOfConfig(config) }).catch(
    (error: unknown) => {
      if (!(error instanceof FormatError)) throw error
      throw new FormatError(`${song}: what SMILExtract wrote cannot be used (${error.message}); it says: ${said}`)
    },
  )
  const [values] = table.byStem.values()
  return { names: table.names, values: values! }
}

/** `failure` is how it ended, if not well. */
function run(
  { program, config }: SmilExtract,
  song: string,
  table: string,
  signal: AbortSignal,
): Promise<{ failure?: string; log: string }> {
  const args = ['-C', config, '-I', song, '-O', table, '-instname', 'song', '-nologfile', '1']
  return new Promise((done, fail) => {
    signal.throwIfAborted()
    // Configurations of older versions name what they include from their own folder on.
    const child = spawn(program, args, {
      cwd: dirname(config),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      signal,
      killSignal: 'SIGKILL',
    })
    let log = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-LOG)))
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) fail(signal.reason as Error)
      else fail(new UsageError(`${program} cannot be started (${error.code ?? error.message})`))
    })
    child.on('close', (code, killedBy) => {
      if (code === 0) done({ log })
      else done({ failure: killedBy ? `was ended by ${killedBy}` : `failed with exit code ${code}`, log })
    })
  })
}

/** The first error of a log, or else its last line. */
function whatItSays(log: string): string {
  const lines = log
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter(Boolean)
  const error = lines.map((line) => ERROR.exec(line)?.[1]).find((text) => text)
  return error ?? lines.at(-1) ?? 'nothing'
}
