// `galvani music`: a program with openSMILE's command line is driven (smilextract_stand_in.mjs), or features are made here.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readMusicTables } from '../../src/datasets/music_features.ts'
import { fileSource } from '../../src/store/node_source.ts'
import { needs } from '../support/needs.ts'
import { sine, wavOf } from '../support/sounds.ts'
import { documentOf, refusesHere, start } from './options/start.ts'
import { galvani, json, refuses, succeeds, workFolder, writeFiles, type StartOptions } from './support.ts'

const folder = workFolder()
const path = (...names: string[]): string => join(folder, ...names)
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const stand = path('bin', 'SMILExtract')
mkdirSync(path('bin'))
copyFileSync(here('smilextract_stand_in.mjs'), stand)
chmodSync(stand, 0o755)

/** Sounds of different lengths, so that their features differ. */
const sound = (samples: number): Uint8Array => wavOf([new Float32Array(samples)])
const SONGS = { 'a.wav': sound(10), 'b.WAV': sound(20), 'more/3.wav': sound(30), 'd.wav': sound(40) }

/** A configuration of this feature set; `wrong` says by a song's name what goes wrong with it. */
function config(set: string, wrong: Record<string, string> = {}, features = 20): string {
  writeFiles(path('conf'), { [`${set}.conf`]: JSON.stringify({ features, calls: path('calls'), ...wrong }) })
  return path('conf', `${set}.conf`)
}
const calls = (): string[] =>
  existsSync(path('calls')) ? readFileSync(path('calls'), 'utf8').trim().split('\n').filter(Boolean).sort() : []
const forget = (): void => rmSync(path('calls'), { force: true })

const out = path('music.csv')
const lines = (): string[] => readFileSync(out, 'utf8').trimEnd().split('\n')
const described = (): string[] =>
  lines()
    .slice(1)
    .map((line) => line.split(',')[0]!)
const music = (file: string, ...more: string[]): string[] => {
  return ['music', path('songs'), '--out', out, '--smilextract', stand, '--config', file, ...more]
}

// Processes that are started have their temporary files here: what is killed leaves them behind.
const temporary = path('temporary')
mkdirSync(temporary)
beforeAll(() => void vi.stubEnv('TMPDIR', temporary))
afterAll(() => void vi.unstubAllEnvs())

beforeEach(() => {
  for (const name of ['songs', 'music.csv', 'music.csv.partial']) rmSync(path(name), { recursive: true, force: true })
  forget()
  writeFiles(path('songs'), SONGS)
})

const POSIX = needs(process.platform !== 'win32', 'Windows starts no script by its first line')

describe('an installed openSMILE', POSIX, () => {
  it('is given each song, and its rows become one table', async () => {
    const made = await json(music(config('tiny'), '--jobs', '2'))
    expect(made).toMatchObject({
      engine: 'openSMILE',
      feature_set: 'tiny',
      features: 20,
      songs: 4,
      kept: 0,
      skipped: [],
    })
    expect(calls()).toEqual(['3.wav', 'a.wav', 'b.WAV', 'd.wav'])
    expect(described()).toEqual(['a', 'b', 'd', '3'])
    const { set, dim, byStem, names } = await readMusicTables([await fileSource(out)])
    expect([set, dim, names[1]]).toEqual(['tiny', 20, 'lld_sma[1]_amean'])
    // As the stand-in makes them: the file's bytes and the feature's number, in seven digits.
    const bytes = SONGS['more/3.wav'].length
    expect(byStem.get('3')).toEqual(
      Float32Array.from({ length: 20 }, (_, f) => Number((bytes + f / 1024).toExponential(6))),
    )
    expect(readdirSync(folder).sort()).toEqual(['bin', 'calls', 'conf', 'music.csv', 'songs', 'temporary'])
    expect(readdirSync(temporary)).toEqual([])
    expect(readdirSync(path('conf'))).toEqual(['tiny.conf'])
  })

  it('is found on the PATH', async () => {
    const options: StartOptions = { env: { PATH: `${path('bin')}:${process.env['PATH'] ?? ''}` } }
    const { stdout } = await succeeds(
      ['music', path('songs'), '--out', out, '--config', config('tiny'), '--quiet'],
      options,
    )
    expect(stdout).toBe(`wrote 4 songs with 20 features of tiny to ${out}\n`)
  })

  it('has a set of its name, which must have its size', async () => {
    await start(music(config('IS13_ComParE', {}, 6373)))
    const table = await readMusicTables([await fileSource(out)])
    expect([table.set, table.dim]).toEqual(['IS13_ComParE', 6373])
    await refusesHere(
      music(config('IS13_ComParE', {}, 20), '--resume'),
      3,
      /none of 4 songs .* 20 feature columns, expected 6373/,
    )
  })

  it('that fails for a song leaves the others, says why in one line, and ends with a code', async () => {
    writeFiles(path('songs'), { 'e.mp3': 'no wave', 'f.wav': sound(50), 'g.wav': sound(60), 'h.wav': sound(70) })
    const wrong = { 'f.wav': 'writes half', 'g.wav': 'writes nothing', 'h.wav': 'dies' }
    const {
      code,
      stdout,
      lines: said,
    } = await galvani(music(config('tiny', wrong), '--json'), {
      progress: /^openSMILE: /, // where the machine is slow
    })
    const song = (name: string): string => path('songs', name)
    const { skipped, songs } = JSON.parse(stdout) as { skipped: { file: string; reason: string }[]; songs: number }
    expect([code, songs, skipped.map(({ file }) => file)]).toEqual([
      3,
      4,
      ['e.mp3', 'f.wav', 'g.wav', 'h.wav'].map(song),
    ])
    expect(skipped.map(({ reason }) => reason)).toEqual([
      `${song('e.mp3')}: SMILExtract failed with exit code 1: cWaveSource: failed reading wave header from file '${song('e.mp3')}'! Maybe this is not a WAVE file?`,
      expect.stringMatching(/f\.wav: what SMILExtract wrote cannot be used .*: 11 cells, expected 22 as in the header/),
      `${song('g.wav')}: SMILExtract wrote no features: (MSG) [1] SMILExtract: openSMILE starting!`,
      `${song('h.wav')}: SMILExtract was ended by SIGSEGV: (MSG) [1] SMILExtract: openSMILE starting!`,
    ])
    expect(said).toEqual([`galvani: 4 of 8 songs were skipped; the first: ${skipped[0]!.reason}`])
    expect(described()).toEqual(['a', 'b', 'd', '3'])
  })

  it('is not asked again for what is done', async () => {
    const file = config('tiny')
    await start(music(file))
    const first = readFileSync(out, 'utf8')
    await refusesHere(music(file), 2, `${out} is there already; name another file, or go on with it by --resume`)
    forget()
    // Another name for a song that is known, a new song, and one that is gone.
    renameSync(path('songs', 'a.wav'), path('songs', 'c.wav'))
    rmSync(path('songs', 'd.wav'))
    writeFiles(path('songs'), { 'e.wav': sound(50) })
    const { kept } = await documentOf(music(file, '--resume'))
    expect([kept, calls(), described()]).toEqual([3, ['e.wav'], ['b', 'c', 'e', '3']])
    const numbers = (text: string, song: string) =>
      text
        .split('\n')
        .find((line) => line.startsWith(`${song},`))!
        .split(',')
        .slice(3)
    expect(numbers(readFileSync(out, 'utf8'), 'c')).toEqual(numbers(first, 'a'))
    forget()
    expect((await documentOf(music(config('tiny', { x: 'of no effect' }), '--resume'))).kept).toBe(0)
    expect(calls()).toHaveLength(4)
  })

  it('is asked again for a song that was changed', async () => {
    await start(music(config('tiny')))
    forget()
    writeFiles(path('songs'), { 'a.wav': sound(99) })
    expect((await documentOf(music(config('tiny'), '--resume'))).kept).toBe(3)
    expect(calls()).toEqual(['a.wav'])
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGKILL', null],
  ] as const)('that hangs ends with us on %s, and the next call goes on', async (signal, code) => {
    const hanging = music(config('tiny', { 'd.wav': 'hangs' }), '--jobs', '4')
    const { code: ended, lines: said } = await galvani(hanging, {
      onStart: (child) => {
        const timer = setInterval(() => {
          const rows = existsSync(`${out}.partial`) ? readFileSync(`${out}.partial`, 'utf8').split('\n').length : 0
          if (rows < 5 || calls().length < 4) return
          clearInterval(timer)
          child.kill(signal)
        }, 20)
        child.on('close', () => clearInterval(timer))
      },
    })
    expect([ended, existsSync(out), said.length]).toEqual([code, false, code === null ? 0 : 1])
    if (code !== null) await expect.poll(standIns).toEqual([])
    // What was stopped in the middle of a line.
    writeFileSync(`${out}.partial`, ',tiny,0123', { flag: 'a' })
    forget()
    // The same configuration, as a person would go on; it is known by its text.
    const { lines: again } = await galvani([...music(path('conf', 'tiny.conf')), '--jobs', '4'], {
      onStart: (child) => {
        const timer = setInterval(() => {
          if (calls().length > 0) child.kill('SIGKILL')
        }, 20)
        child.on('close', () => clearInterval(timer))
      },
    })
    expect([calls(), again]).toEqual([['d.wav'], []])
    for (const left of standIns()) process.kill(left, 'SIGKILL')
  })

  it('that is not there, or does not start, is said before anything is done', async () => {
    const file = config('tiny')
    await refusesHere(
      ['music', path('songs'), '--out', out, '--smilextract', path('none'), '--config', file],
      2,
      'there is no ',
    )
    await refusesHere(music(path('none.conf')), 2, `--config ${path('none.conf')}: no such file`)
    await refusesHere(['music', path('songs'), '--out', out], 2, 'give --config FILE')
    writeFiles(path('songs'), { plain: '' })
    await refusesHere(
      ['music', path('songs'), '--out', out, '--smilextract', path('songs', 'plain'), '--config', file],
      2,
      'cannot be started (EACCES)',
    )
    expect(existsSync(out)).toBe(false)
  })

  it('leaves alone what is not its own', async () => {
    writeFiles(folder, { 'music.csv': 'song,f\n1,2\n' })
    await refusesHere(music(config('tiny'), '--resume'), 2, 'music.csv was not written by galvani music')
    expect(readFileSync(out, 'utf8')).toBe('song,f\n1,2\n')
  })
})

/** Process ids of stand-ins that hang: a parent that was killed could not end them. */
function standIns(): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((id) => {
    if (!/^\d+$/.test(id)) return []
    const command = (() => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'utf8')
      } catch {
        return '' // it has ended meanwhile
      }
    })()
    return command.includes(stand) ? [Number(id)] : []
  })
}

describe('songs', () => {
  const builtin = (...more: string[]): string[] => ['music', path('songs'), '--out', out, '--builtin', ...more]

  it('are in one folder or below, under different names', async () => {
    writeFiles(path('songs'), { 'more/A.mp3': '' })
    await refusesHere(builtin(), 3, "a.wav and more/A.mp3 are both song 'a' by their names")
    await refuses(['music', path('nowhere'), '--out', out, '--builtin'], 3, 'no such folder')
    mkdirSync(path('songs', 'empty'))
    await refusesHere(
      ['music', path('songs', 'empty'), '--out', out, '--builtin'],
      3,
      'no song in this folder or below',
    )
  })

  it('are described without openSMILE, by features that say so', async () => {
    rmSync(path('songs'), { recursive: true })
    const tone = (hertz: number) => wavOf([sine(hertz, 2, 8000)])
    writeFiles(path('songs'), { '1.wav': tone(440), '2.wav': tone(880), '._1.wav': 'hidden', 'cover, front.jpg': '' })
    copyFileSync(here('../music/tone.mp3'), path('songs', 'tone, "500".mp3'))
    const first = await documentOf(builtin())
    expect(first).toMatchObject({ engine: 'builtin', feature_set: 'galvani-builtin-1', features: 315, songs: 3 })
    const { set, byStem } = await readMusicTables([await fileSource(out)])
    expect([set, [...byStem.keys()]]).toEqual(['galvani-builtin-1', ['1', '2', 'tone, "500"']])
    const bytes = readFileSync(out)
    rmSync(out)
    const { stdout } = await start(builtin('--quiet'))
    expect(stdout).toBe(`wrote 3 songs with 315 features of galvani-builtin-1, which are not openSMILE's, to ${out}\n`)
    expect(readFileSync(out).equals(bytes)).toBe(true)
    expect((await documentOf(builtin('--resume'))).kept).toBe(3)
    expect(readFileSync(out).equals(bytes)).toBe(true)
  })

  it('that cannot be described are named', async () => {
    writeFiles(path('songs'), {
      '1.wav': wavOf([sine(440, 2, 8000)]),
      'x.ogg': 'OggS',
      'y.wav': wavOf([new Float32Array(20_000)]),
    })
    const { code, stdout, lines: said } = await galvani(builtin('--json'))
    expect(code).toBe(3)
    expect((JSON.parse(stdout) as { skipped: { reason: string }[] }).skipped.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([
        `${path('songs', 'x.ogg')}: neither WAV, MP3 nor FLAC; convert it first, for example by ffmpeg`,
        expect.stringContaining('y.wav: 0.0 s of sound that is not silence'),
      ]),
    )
    expect(said[0]).toMatch(/6 of 7 songs were skipped; the first/)
    expect(described()).toEqual(['1'])
  })

  it.each([
    [['--config', 'x.conf'], '--config is for openSMILE'],
    [['--smilextract', 'x'], '--smilextract is for openSMILE'],
    [['--jobs', '2'], '--jobs is for openSMILE'],
    [['--jobs', '0'], '--jobs is 0'],
  ])('without openSMILE take no %j', async (more, says) => refusesHere(builtin(...more), 2, says))
})
