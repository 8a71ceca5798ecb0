// The options by which a file is read, of every command that has them: what they say wins over what the file would be taken for.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { documentOf, path, refusesHere, start, type Checks } from './start.ts'

/** What a command makes of a file, or of each recording in it. */
interface Read {
  sample_rate: number
  samples: number
  unit: string
  least: number
  part?: string
}
type ReadFile = (file: string, more: string[]) => Promise<Read[]>

const inspect: ReadFile = async (file, more) => {
  const { files } = await documentOf<{ files: { recordings: Read[] }[] }>(['inspect', file, ...more])
  return files[0]!.recordings
}
/** The least value stands in the table. */
const decompose: ReadFile = async (file, more) => {
  rmSync(path('read'), { recursive: true, force: true })
  const args = ['decompose', file, '--out', path('read'), '--device', 'cpu', ...more]
  const { files } = await documentOf<{ files: (Read & { outputs: string[] })[] }>(args)
  return files.map((one) => {
    const rows = readFileSync(path('read', one.outputs[0]!), 'utf8').trim().split('\n').slice(1)
    return { ...one, least: Math.min(...rows.map((row) => Number(row.split(',')[1]))) }
  })
}

const N = 120
const value = (i: number): string => (5 + Math.sin(i / 9)).toFixed(4)
const LEAST = Math.min(...Array.from({ length: N }, (_, i) => Number(value(i))))
/** A file of N rows. */
function written(head: string, row: (i: number) => string, encoding: BufferEncoding = 'utf8'): string {
  const rows = Array.from({ length: N }, (_, i) => row(i))
  writeFileSync(path('r.csv'), [...(head === '' ? [] : [head]), ...rows, ''].join('\n'), encoding)
  return path('r.csv')
}

/** The file is refused, or read as something else, without the option; with it, as is said. */
const settles =
  (file: () => string, option: string[], told: Partial<Read>, otherwise: string | Partial<Read>, more: string[] = []) =>
  (command: string, read: ReadFile) =>
  async (): Promise<void> => {
    const found = await read(file(), [...option, ...more])
    expect(found[0]).toMatchObject({ samples: N, ...told })
    if (typeof otherwise === 'object') expect((await read(file(), more))[0]).toMatchObject(otherwise)
    else
      await refusesHere(
        command === 'inspect' ? [command, file(), ...more] : [command, file(), '--out', path('read'), ...more],
        3,
        otherwise,
      )
  }

const near = (x: number): number => expect.closeTo(x, 6) as number
const plain = (): string => written('time,eda', (i) => `${i / 4},${value(i)}`)
const hands = (): string => written('time,left_eda,right_eda', (i) => `${i / 4},${value(i)},${8 + Number(value(i))}`)

const settlings: Readonly<Record<string, ReturnType<typeof settles>>> = {
  '--rate': settles(plain, ['--rate', '8'], { sample_rate: 8 }, { sample_rate: 4 }),
  '--time': settles(
    () => written('time,clock,eda', (i) => `${i / 4},${i / 8},${value(i)}`),
    ['--time', 'clock'],
    { sample_rate: 8 },
    { sample_rate: 4 },
  ),
  '--time-unit': settles(
    () => written('time,eda', (i) => `${i},${value(i)}`),
    ['--time-unit', 's'],
    { sample_rate: 1 },
    "r.csv: column 'time' rises by 1 a row, which may be seconds (1 Hz",
  ),
  '--eda': settles(hands, ['--eda', 'right_eda'], { least: near(8 + LEAST) }, 'give --eda NAME'),
  '--unit': settles(
    () => written('time,eda', (i) => `${i / 4},${(1000 / Number(value(i))).toFixed(6)}`),
    ['--unit', 'kohm'],
    { unit: 'µS', least: expect.closeTo(LEAST, 3) as number },
    'give --unit kohm',
  ),
  '--by': settles(
    () => written('subject,time,eda', (i) => `${i < N / 2 ? 'a' : 'b'},${i / 4},${value(i)}`),
    ['--by', 'none'],
    { sample_rate: 4 },
    "column 'subject' names 2 different ones",
  ),
  '--sep': settles(
    () => written('', (i) => `${i / 4}x${value(i)}`),
    ['--sep', 'x'],
    { sample_rate: 4 },
    'r.csv: no line of it is a row of numbers',
  ),
  '--decimal': settles(
    () =>
      written(
        'eda',
        (i) =>
          `${String(Number(value(i)) / 1000)
            .slice(0, 5)
            .replace('.', ',')}`,
      ),
    ['--decimal', ','],
    { sample_rate: 4 },
    { sample_rate: 4 },
    ['--rate', '4', '--unit', 'x'],
  ),
  '--skip': settles(
    () => written('time,other\ntime,eda', (i) => `${i / 4},${value(i)}`),
    ['--skip', '1'],
    { sample_rate: 4 },
    { sample_rate: 4 },
  ),
  '--encoding': settles(
    () => written('time,Leitfähigkeit (µS)', (i) => `${i / 4},${value(i)}`, 'latin1'),
    ['--encoding', 'windows-1252', '--eda', 'Leitfähigkeit (µS)'],
    { sample_rate: 4 },
    { sample_rate: 4 },
  ),
}

const checksOf = (command: string, read: ReadFile): Checks =>
  Object.fromEntries(
    Object.entries(settlings).map(([option, settle]) => [`${command} ${option}`, settle(command, read)]),
  )

export const readingChecks: Checks = {
  ...checksOf('inspect', inspect),
  ...checksOf('decompose', decompose),
  'inspect --json': async () => {
    const { stdout } = await start(['inspect', plain(), '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      files: [{ status: 'read', recordings: [{ sample_rate: 4 }] }],
    })
  },
}
