// `galvani inspect` says of a file what `galvani decompose` would, before anything is solved.
import { describe, expect, it } from 'vitest'
import { succeeds, workFolder, writeFiles } from './support.ts'

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
