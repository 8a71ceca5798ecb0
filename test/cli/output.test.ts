// Results go to stdout, all else to stderr: notes, progress lines and the bar of a terminal.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { facts, Output, percent, table } from '../../cli/shared/output.ts'
import { toDocument } from '../../src/formats/documents.ts'

const REPORT = toDocument('report', { report: 'a.html' })
const REPORT_TEXT = '{\n "schema": 1,\n "report": "a.html"\n}\n'

let printed = { stdout: '', stderr: '' }
beforeEach(() => {
  printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      printed[name] += String(text)
      return true
    })
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  process.stderr.isTTY = isTTY
})

/** The clock of the progress, in seconds. */
const clock = (): { seconds: number } => {
  const time = { seconds: 0 }
  vi.spyOn(performance, 'now').mockImplementation(() => 1000 * time.seconds)
  return time
}

const { isTTY } = process.stderr
const terminal = (is: boolean): void => {
  process.stderr.isTTY = is
}

describe.each([{ json: true }, { json: false }])('with %o', (options) => {
  it('a result is all that stdout gets', () => {
    terminal(false)
    const output = new Output(options)
    output.note('note')
    output.result(REPORT, 'wrote it')
    expect(printed).toEqual({ stdout: options.json ? REPORT_TEXT : 'wrote it\n', stderr: 'note\n' })
  })

  it('progress is a line every ten seconds where there is no terminal', () => {
    terminal(false)
    const time = clock()
    const bar = new Output(options).progress('fold', 40)
    bar.update(0)
    time.seconds = 9.9
    bar.update(4)
    expect(printed.stderr).toBe('')
    time.seconds = 10
    bar.update(4, 'epoch 1')
    time.seconds = 15
    bar.update(8)
    expect(printed.stderr).toBe('fold: 10 % | 4/40 | about 1 min 30 s left epoch 1\n')
    time.seconds = 20
    bar.update(10)
    bar.stop()
    expect(printed).toEqual({
      stdout: '',
      stderr: 'fold: 10 % | 4/40 | about 1 min 30 s left epoch 1\nfold: 25 % | 10/40 | about 1 min 0 s left \n',
    })
  })

  it('time left is told by the share of the work that is done, from where it was taken up', () => {
    terminal(false)
    const time = clock()
    const bar = new Output(options).progress('files', 2)
    bar.update(1, '', 0.5)
    time.seconds = 30
    bar.update(1.2, '', 0.75)
    bar.stop()
    expect(printed.stderr).toBe('files: 75 % | 1/2 | about 30 s left \n')
  })

  it.each([true, false])('several things that are being done have a line each, on a terminal or not: %s', (is) => {
    terminal(is)
    const time = clock()
    const bar = new Output(options).progress('jobs', 4)
    bar.update(0, ['a: begins'])
    time.seconds = 20
    bar.update(1, ['a: epoch 2', `b: ${'baselines '.repeat(30)}`])
    bar.stop()
    expect(printed.stderr).toMatch(/jobs.*25 % \| 1\/4 \| about 1 min 0 s left/)
    expect(printed.stderr).toMatch(/ {2}a: epoch 2[^\n]*\n[^\n]* {2}b: baselines/)
    // A line that is longer than the terminal would wrap, and the next drawing would leave a part of it.
    expect(printed.stderr.includes('baselines '.repeat(20))).toBe(!is)
  })

  it('a bar is drawn on a terminal, and notes stand above it', () => {
    terminal(true)
    const output = new Output(options)
    const time = clock()
    const bar = output.progress('fold', 4)
    bar.update(0)
    time.seconds = 20
    bar.update(2, 'half')
    output.note('news')
    bar.stop()
    output.note('later')
    expect(printed.stdout).toBe('')
    expect(printed.stderr).toMatch(/fold .*50 % \| 2\/4/)
    expect(printed.stderr).toContain('2/4 | about 20 s left half')
    expect(printed.stderr).toMatch(/news\n/)
    expect(printed.stderr).toMatch(/later\n$/)
  })

  it('--quiet leaves the result alone', () => {
    terminal(true)
    const output = new Output({ ...options, quiet: true })
    const bar = output.progress('fold', 4)
    bar.update(2)
    output.note('news')
    bar.stop()
    output.result(REPORT, 'one')
    expect(printed).toEqual({ stdout: options.json ? REPORT_TEXT : 'one\n', stderr: '' })
  })
})

it('columns are as wide as their widest cell, the first one to the left', () => {
  expect(
    table(
      ['name', 'n'],
      [
        ['a', '10'],
        ['longer', '1'],
      ],
    ),
  ).toBe('name     n\na       10\nlonger   1')
  expect(
    facts([
      ['a', '1'],
      ['long', '2'],
    ]),
  ).toBe('a     1\nlong  2')
  expect([percent(0.1234), percent(1)]).toEqual(['12.3 %', '100.0 %'])
})
