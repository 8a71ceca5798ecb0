// The options of `decompose`.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { json } from '../support.ts'
import { asksForAdapter, documentOf, DOCUMENTS, isQuiet, path, recordings, start, type Checks } from './start.ts'

const CPU = ['--device', 'cpu']
const recording = (): string => join(recordings(), 'a.csv')

interface Decomposed {
  files: { file: string; features: Record<string, number>; quality: Record<string, number>; zscore?: object }[]
}
const table = (...names: string[]): string => readFileSync(path(...names), 'utf8')

/** The document and the table of a recording. */
async function decompose(
  more: string[],
  file = recording(),
): Promise<{ of: Decomposed['files'][number]; rows: string }> {
  rmSync(path('decomposed'), { recursive: true, force: true })
  const { files } = await documentOf<Decomposed>(['decompose', file, '--out', path('decomposed'), ...more])
  return { of: files[0]!, rows: table('decomposed', 'a.csv') }
}

/** An option that is told in the document and changes the table. */
const changes = (option: string, value: string, told: object) => async (): Promise<void> => {
  const { of, rows } = await decompose([...CPU, option, value])
  expect(of).toMatchObject(told)
  const plain = await decompose(CPU)
  expect(plain.of).not.toMatchObject(told)
  expect(rows).not.toBe(plain.rows)
}

export const decomposeChecks: Checks = {
  'decompose --out': async () => {
    // By relative paths, and inside the folder of the recordings: a second call does not read what the first one wrote.
    recordings()
    const args = ['decompose', 'recordings', '--out', 'recordings/its own', ...CPU]
    const first = await json(args, { cwd: path() })
    expect(table('recordings', 'its own', 'a.csv')).toMatch(/EDA_Phasic/)
    expect(await json(args, { cwd: path() })).toEqual(first)
    rmSync(path('recordings', 'its own'), { recursive: true })
  },
  'decompose --format': async () => {
    await start(['decompose', recording(), '--out', path('npz'), '--format', 'npz', ...CPU])
    expect(readFileSync(path('npz', 'a.npz')).length).toBeGreaterThan(0)
  },
  'decompose --columns': async () => {
    const { of, rows } = await decompose([...CPU, '--columns', 'EDA_Phasic, time_s'])
    expect(of).toMatchObject({ columns: ['EDA_Phasic', 'time_s'] })
    const column = (text: string, name: string): string[] => {
      const [head, ...lines] = text.trimEnd().split('\n')
      const at = head!.split(',').indexOf(name)
      return lines.map((line) => line.split(',')[at]!)
    }
    expect(rows.split('\n', 1)).toEqual(['EDA_Phasic,time_s'])
    const plain = await decompose(CPU)
    expect(plain.of).not.toHaveProperty('columns')
    for (const name of ['EDA_Phasic', 'time_s']) expect(column(rows, name)).toEqual(column(plain.rows, name))
    const asked = (...more: string[]) => decompose([...CPU, '--columns', ...more])
    await expect(asked('time_s,EDA_phasc')).rejects.toThrow(
      "columns: 'EDA_phasc' is none of NAME.csv; did you mean EDA_Phasic? It has time_s, EDA_Raw, ",
    )
    await expect(asked('time_s,time_s')).rejects.toThrow('time_s is named twice')
    await expect(asked('time_s', '--format', 'npz')).rejects.toThrow('format npz does not write; leave them out')
  },
  'decompose --gaps': async () => {
    const rows = Array.from({ length: 240 }, (_, i) => (i < 110 || i >= 120 ? `${2 + Math.sin(i / 9)}` : 'NaN'))
    writeFileSync(path('a.csv'), ['time_s,eda_us', ...rows.map((value, i) => `${i / 4},${value}`)].join('\n'))
    await expect(decompose(CPU, path('a.csv'))).rejects.toThrow(/2.50 s of samples are missing/)
    expect((await decompose([...CPU, '--gaps', 'split'], path('a.csv'))).of).toMatchObject({ status: 'solved' })
  },
  'decompose --time-out': async () => {
    const rows = Array.from({ length: 240 }, (_, i) => `${1.7e12 + 250 * i},${2 + Math.sin(i / 9)}`)
    writeFileSync(path('a.csv'), ['timestamp,eda_us', ...rows].join('\n'))
    const [head, first] = (await decompose([...CPU, '--time-out', 'absolute'], path('a.csv'))).rows.split('\n')
    expect([head!.split(',')[0], first!.split(',')[0]]).toEqual(['time', '2023-11-14T22:13:20.000Z'])
    expect((await decompose(CPU, path('a.csv'))).rows).toMatch(/^time_s,/)
  },
  'decompose --no-zscore': async () => {
    const [plain, scaled] = [await decompose([...CPU, '--no-zscore']), await decompose(CPU)]
    expect([plain.of.zscore, typeof scaled.of.zscore]).toEqual([undefined, 'object'])
    expect(plain.rows).not.toBe(scaled.rows)
  },
  'decompose --min-amplitude': async () => {
    const { of } = await decompose([...CPU, '--min-amplitude', '100'])
    expect(of).toMatchObject({ min_amplitude: 100, features: { SCR_Peaks_N: 0 } })
    expect((await decompose(CPU)).of.features['SCR_Peaks_N']).toBeGreaterThan(0)
  },
  'decompose --off-skin': async () => {
    const rows = Array.from({ length: 400 }, (_, i) => (i < 180 || i >= 240 ? 2 + Math.sin(i / 9) : 0))
    writeFileSync(path('a.csv'), ['time_s,eda_us', ...rows.map((value, i) => `${i / 4},${value}`)].join('\n'))
    const share = async (...more: string[]) =>
      (await decompose([...CPU, ...more], path('a.csv'))).of.quality['off_skin']
    expect([await share(), await share('--off-skin', '0')]).toEqual([0, expect.closeTo(0.25)])
  },
  'decompose --events': async () => {
    const amplitudes = async (...more: string[]): Promise<string> => {
      await decompose([...CPU, ...more])
      return table('decomposed', 'a.events.csv')
    }
    expect(await amplitudes('--events', 'phasic')).toBe(await amplitudes())
    expect(await amplitudes('--events', 'driver')).not.toBe(await amplitudes())
  },
  'decompose --events-file': async () => {
    writeFileSync(path('events.csv'), 'onset,duration,label\n5,20,first\n12,,second\n')
    await decompose([...CPU, '--events-file', path('events.csv')])
    const lines = (kind: string) => table('decomposed', `a.${kind}.csv`).trim().split('\n')
    expect(lines('epochs').map((line) => line.split(',')[0])).toEqual(['Label', 'first', 'second'])
    expect(lines('intervals')).toHaveLength(2)
    const plain = table('decomposed', 'a.epochs.csv')
    writeFileSync(path('events.csv'), '\uFEFFonset,duration,label\n5,20,first\n12,,second\n', 'utf16le')
    await decompose([...CPU, '--events-file', path('events.csv')])
    expect(table('decomposed', 'a.epochs.csv')).toBe(plain)
    await decompose(CPU)
    expect(() => lines('epochs')).toThrow('ENOENT')
  },
  'decompose --epochs': async () => {
    writeFileSync(path('events.csv'), 'onset\n5\n')
    const peak = async (...more: string[]): Promise<string> => {
      await decompose([...CPU, '--events-file', path('events.csv'), ...more])
      return table('decomposed', 'a.epochs.csv').split('\n')[1]!
    }
    expect(await peak()).toBe(await peak('--epochs', '-1:9'))
    expect(await peak('--epochs', '-1:50')).not.toBe(await peak())
    await expect(peak('--epochs', '9')).rejects.toThrow("--epochs is '9', expected seconds before and after an event")
  },
  'decompose --tau0': changes('--tau0', '3', { parameters: { tau0: 3 } }),
  'decompose --tau1': changes('--tau1', '0.5', { parameters: { tau1: 0.5 } }),
  'decompose --knots': changes('--knots', '8', { parameters: { delta_knot: 8 } }),
  'decompose --alpha': changes('--alpha', '0.02', { parameters: { alpha: 0.02 } }),
  'decompose --gamma': changes('--gamma', '0.5', { parameters: { gamma: 0.5 } }),
  'decompose --baseline': changes('--baseline', '0', { parameters: { baseline_correction: 0 } }),
  'decompose --solver': async () => {
    expect((await decompose(['--solver', 'admm'])).of).toMatchObject({ solver: 'admm' })
    expect((await decompose([])).of).toMatchObject({ solver: 'interior-point' })
  },
  'decompose --form': async () => {
    const [one, other] = [await decompose(['--form', 'per-signal']), await decompose(['--form', 'along-time'])]
    expect([one.of, other.of]).toMatchObject([{ form: 'per-signal' }, { form: 'along-time' }])
    expect(one.rows).not.toBe(other.rows)
  },
  'decompose --device': async () => {
    expect((await decompose(CPU)).of).toMatchObject({ device: 'cpu' })
    expect((await decompose(['--device', 'gpu'])).of).toMatchObject({ device: 'gpu', form: 'per-signal' })
    // A recording of a minute is the CPU's on any machine.
    expect([(await decompose(['--device', 'auto'])).of, (await decompose([])).of]).toMatchObject([
      { device: 'cpu' },
      { device: 'cpu' },
    ])
  },
  'decompose --resume': async () => {
    const first = await decompose(CPU)
    const before = statSync(path('decomposed', 'a.csv')).mtimeMs
    const again = async (...more: string[]): Promise<number> => {
      const args = ['decompose', recording(), '--out', path('decomposed'), ...CPU, ...more]
      expect((await documentOf<Decomposed>(args)).files[0]!.features).toEqual(first.of.features)
      return statSync(path('decomposed', 'a.csv')).mtimeMs
    }
    expect(await again('--resume')).toBe(before)
    expect(await again()).toBeGreaterThan(before)
  },
  'decompose --adapter': asksForAdapter(() => ['decompose', recording(), '--out', path('o')]),
  'decompose --json': DOCUMENTS,
  'decompose --quiet': isQuiet(() => ['decompose', recording(), '--out', path('o'), ...CPU]),
}
