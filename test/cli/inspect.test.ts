// `galvani inspect` says of a file what `galvani decompose` would, before anything is solved.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { needs, NO_SHARED } from '../support/needs.ts'
import { galvani, refuses, succeeds, workFolder, writeFiles, writeStudy } from './support.ts'

const folder = workFolder()
const table = (value: (i: number) => string): string =>
  ['time,eda', ...Array.from({ length: 480 }, (_, i) => `${i / 4},${value(i)}`)].join('\n')
const wave = (i: number): number => 5 + 0.3 * Math.sin(i / 40)

interface Said {
  files: { warnings?: string[]; recordings?: { notes: string[] }[] }[]
}
const said = async (words: string[]): Promise<string[]> => {
  const { stdout } = await succeeds([...words, '--json'], { cwd: folder })
  const [file] = (JSON.parse(stdout) as Said).files
  return file!.warnings ?? file!.recordings!.flatMap(({ notes }) => notes)
}

describe('inspect', () => {
  it.each([
    ['values below 0', (i: number) => (wave(i) - 5).toFixed(4), 'values below 0'],
    ['samples that do not change', (i: number) => wave(i > 100 && i < 200 ? 100 : i).toFixed(4), 'without any change'],
    ['missing samples', (i: number) => (i === 99 ? '' : wave(i).toFixed(4)), undefined],
  ])('warns of %s as decompose does', async (_, value, doubt) => {
    writeFiles(folder, { 'a.csv': table(value) })
    const inspected = await said(['inspect', 'a.csv'])
    const decomposed = await said(['decompose', 'a.csv', '--out', 'out', '--device', 'cpu'])
    expect(decomposed.slice(0, inspected.length)).toEqual(inspected)
    if (doubt !== undefined) expect(inspected.join('\n')).toContain(doubt)
  })

  it('says of what decompose refuses why', async () => {
    writeFiles(folder, { 'gap.csv': table((i) => (i > 100 && i < 200 ? '' : wave(i).toFixed(4))) })
    expect(await said(['inspect', 'gap.csv'])).toEqual([
      expect.stringMatching(/^galvani decompose refuses it: gap\.csv:103: 24\.8 s of samples are missing/),
    ])
  })
})

describe('inspect of a folder', () => {
  interface Dataset {
    folder: string
    status: string
    kind?: string
    reason?: string
    summary?: { trials: number; subjects: number }
    labels?: { scheme: string; dimension: string; trials?: number; subjects?: { threshold?: number }[] }[]
  }
  const datasets = async (words: string[]): Promise<Dataset[]> =>
    JSON.parse((await succeeds(['inspect', ...words, '--json'], { cwd: folder })).stdout).datasets as Dataset[] // prettier-ignore
  const eda = (ids: readonly string[], value: (i: number) => string): string =>
    ['trial,i,eda_us', ...ids.flatMap((id) => Array.from({ length: 60 }, (_, i) => `${id},${i},${value(i)}`))].join(
      '\n',
    )
  const lively = (i: number): string => wave(7 * i).toFixed(4)

  it('says what a study is, what needs a look, and what can be done', async () => {
    writeStudy(join(folder, 'study'))
    const { stdout } = await succeeds(['inspect', 'study', '--quiet'], { cwd: folder })
    expect(stdout).toMatch(
      /^folder +study\nwhat +a table of trials, the open form\ntrials +36 of 6 subjects and 8 stimuli\n/,
    )
    expect(stdout).toMatch(/\ntwo-means +arousal +36 +50\.0 % +0 of 6 subjects\n/)
    expect(stdout).toMatch(
      /\nDoubts and assumptions:\n {2}The data are generated: results say nothing about people\.\n/,
    )
    expect(stdout).toMatch(/\nprepare +yes {2}36 of 36 trials\.\n/)
    const [found, ...others] = await datasets(['study'])
    expect(others).toEqual([])
    expect(found).toMatchObject({
      folder: 'study',
      status: 'read',
      kind: 'trials',
      summary: { trials: 36, subjects: 6 },
    })
    expect(found!.labels!.find(({ scheme }) => scheme === 'two-means')!.subjects).toHaveLength(6)
  })

  it('names a few of many trials, and all of them in the document', async () => {
    const ids = Array.from({ length: 23 }, (_, i) => `t${i}`)
    writeFiles(join(folder, 'lost'), {
      'trials.csv': ['trial,subject,sample_rate_hz', ...ids.map((id) => `${id},a,4`)].join('\n'),
      'eda.csv': eda(ids, (i) => (i === 30 ? '0' : lively(i))),
    })
    const { stdout } = await succeeds(['inspect', 'lost'], { cwd: folder, progress: /./ })
    const listed = /\nTrials that need a look, 23 of 23:\n((?: {2}.*\n)+)/.exec(stdout)![1]!.trimEnd().split('\n')
    expect(listed).toHaveLength(21)
    expect(listed[0]).toBe('  t0: zero 1.7 %')
    expect(listed[20]).toBe('  and 3 more; --json has all')
    expect(stdout).toMatch(/\ntrain and eval +no {3}No trial is rated;/)
    const [found] = (await datasets(['lost'])) as (Dataset & { trials_to_look_at: unknown[] })[]
    expect(found!.trials_to_look_at).toHaveLength(23)
  })

  it('tells of the others where one is refused, and ends as a refusal does', async () => {
    writeFiles(join(folder, 'broken'), { 'trials.csv': 'trial,subject\na,s\n', 'eda.csv': 'trial,i,eda_us\na,0,1\n' })
    const { code, stdout, lines } = await galvani(['inspect', 'broken', 'study', '--quiet'], { cwd: folder })
    expect([code, lines.join()]).toEqual([3, expect.stringMatching(/^galvani: 1 of 2 paths were refused; the first: broken/)]) // prettier-ignore
    expect(stdout).toMatch(/\nwhat +a table of trials/)
    await refuses(['inspect', '.git-is-no-dataset-either'], 3, 'no such file', { cwd: folder })
    writeFiles(join(folder, 'none'), { 'notes.pdf': 'x' })
    await refuses(['inspect', 'none'], 3, 'none is no dataset that is known', { cwd: folder })
  })

  it('knows a prepared folder, and has no figure of it', async () => {
    await succeeds(['prepare', '--data', 'study', '--out', 'ready', '--length', '64', '--device', 'cpu', '--quiet'], {
      cwd: folder,
      progress: /./,
    })
    const { stdout } = await succeeds(['inspect', 'ready'], { cwd: folder })
    expect(stdout).toMatch(/\nwhat +prepared by galvani from study, generated data; train, eval and predict read it\n/)
    expect(stdout).toMatch(
      /\ntrials +36 of 36, of 6 subjects and 8 stimuli\ninput +three channels of 64 points, without the first 3 s\n/,
    )
    expect(stdout).toMatch(/\ntwo-means +valence +36 /)
    expect(await datasets(['ready'])).toMatchObject([{ status: 'prepared', name: 'study', trials: 36, length: 64 }])
    const figure = ['--subject', 'synthetic1_01', '--figure', 'f.svg']
    await refuses(['inspect', 'ready', ...figure], 2, 'ready is prepared; --figure needs the dataset', { cwd: folder })
  })

  it('says of a part of a dataset what it is a part of, and of another file beside it what is wrong with it', async () => {
    writeFiles(join(folder, 'deap'), { 's01.dat': Uint8Array.of(0x80, 2), 'broken.csv': 'a,b\nc,d\n' })
    const part = (name: string, kind: string): string =>
      `${name} is no recording by itself but a part of a dataset (${kind}); give its folder: galvani inspect `
    await refuses(['inspect', 'deap/s01.dat'], 3, part('deap/s01.dat', 'deap'), { cwd: folder })
    await refuses(['inspect', 'study/trials.csv'], 3, part('study/trials.csv', 'trials'), { cwd: folder })
    await refuses(['inspect', 'deap/broken.csv'], 3, /broken\.csv: (?!.*part of)/, { cwd: folder })
  })
})

describe('the overview of decompose', () => {
  it('has the rate and the duration of each recording of a table', async () => {
    const rows = ['a', 'b'].flatMap((id, k) =>
      Array.from({ length: 240 }, (_, i) => `${id},${i / (4 + 4 * k)},${wave(i).toFixed(4)}`),
    )
    writeFiles(folder, { 'two.csv': ['id,time,eda', ...rows].join('\n') })
    const { stdout } = await succeeds(['decompose', 'two.csv', '--out', 'two', '--device', 'cpu'], { cwd: folder })
    expect(stdout).toMatch(/^two\.csv \(a\) +solved +4 +60 /m)
    expect(stdout).toMatch(/^two\.csv \(b\) +solved +8 +30 /m)
  })
})

const mini = fileURLToPath(new URL('../../../shared/data/pmemo-mini', import.meta.url))
it('says of PMEmo as its page shows it what hinders, and what to do', needs(existsSync(mini), NO_SHARED), async () => {
  const { code, stdout } = await galvani(['inspect', mini])
  expect(code).toBe(3)
  expect(stdout).toContain('108_EDA.csv: time steps are 0.08 to 0.10 s; need an even rate. Add --resample.')
  expect(stdout).toContain(
    'PMEmo2019 has no per-listener ratings, which labels "two-means" need: use the 2018/01 release, or --labels song.',
  )
  const even = await succeeds(['inspect', mini, '--resample'])
  expect(even.stdout).toMatch(/trials +8 of 8 subjects and 2 stimuli/)
  expect(even.stdout).toMatch(/train and eval .*--labels song/)
})
