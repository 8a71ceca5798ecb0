// What a command prints: results on stdout, everything else on stderr.
import cliProgress from 'cli-progress'
import { formatDocument, type JsonDocument } from '../../src/formats/documents.ts'
import { largestOf } from '../../src/signal/extremes.ts'
import { lasting } from '../../src/recording/result.ts'

export interface OutputOptions {
  json?: boolean
  quiet?: boolean
}

export interface Progress {
  /**
   * @param note what is being done; where several things are, a line each
   * @param share of the work that is done, where it is not `done` of the total
   */
  update: (done: number, note?: string | readonly string[], share?: number) => void
  stop: () => void
}

/** Seconds between two progress lines where there is no terminal to draw on. */
const LINE_INTERVAL = 10

export class Output {
  private drawn: cliProgress.MultiBar | null = null

  constructor(private readonly options: OutputOptions) {}

  /** The result: a JSON document with --json, else the given text. */
  result(document: JsonDocument, text: string): void {
    process.stdout.write(this.options.json ? formatDocument(document) : `${text}\n`)
  }

  /** A line of news for a person, above the bar if there is one. */
  note(line: string): void {
    if (this.options.quiet) return
    if (this.drawn) this.drawn.log(`${line}\n`)
    else process.stderr.write(`${line}\n`)
  }

  /** A bar with ETA on a terminal, a line every ten seconds elsewhere. */
  progress(label: string, total: number): Progress {
    if (this.options.quiet) return { update: () => undefined, stop: () => undefined }
    return process.stderr.isTTY ? this.bar(label, total) : lines(label, total)
  }

  private bar(label: string, total: number): Progress {
    const format = `${label} {bar} {percentage} % | {done}/${total} {left}{note}`
    // Ctrl-C is the command's own; a bar that changes nothing of the terminal needs no clean-up then.
    const plain = { hideCursor: false, linewrap: true, gracefulExit: false }
    const drawn = new cliProgress.MultiBar({
      format,
      stream: process.stderr,
      clearOnComplete: true,
      forceRedraw: true, // a note moves every line
      ...plain,
    })
    const whole = drawn.create(1, 0, { done: 0, left: '', note: '' })
    const below: cliProgress.SingleBar[] = []
    const left = timeLeft()
    this.drawn = drawn
    let running = true
    return {
      update: (done, note = '', share = done / total) => {
        const [own, several] = typeof note === 'string' ? [note, []] : ['', note]
        whole.update(share, { done: Math.floor(done), left: left(share), note: own })
        while (below.length < several.length) below.push(drawn.create(1, 0, { line: '' }, { format: '  {line}' }))
        for (const [i, bar] of below.entries()) bar.update(0, { line: fitted(several[i] ?? '') })
      },
      stop: () => {
        if (!running) return
        running = false
        drawn.update() // prints what was logged since the last redraw
        drawn.stop()
        if (this.drawn === drawn) this.drawn = null
      },
    }
  }
}

/** A bar that knows its length only at the first step. */
export interface LateBar {
  update: (done: number, total: number, note?: string) => void
  stop: () => void
}

export function lateBar(output: Output, label: string): LateBar {
  let bar: Progress | null = null
  return {
    update: (done, total, note) => (bar ??= output.progress(label, total)).update(done, note),
    stop: () => bar?.stop(),
  }
}

/** Says what is left of work that goes on as it did since the first call, before which a resumed run may have done some. */
function timeLeft(): (share: number) => string {
  let first: { share: number; time: number } | undefined
  return (share) => {
    const time = performance.now()
    first ??= { share, time }
    const done = share - first.share
    return done > 0 ? `| about ${lasting((((time - first.time) / 1000) * (1 - share)) / done)} left ` : ''
  }
}

/** Cut to the terminal: a line that wraps would be drawn over what stands above it. */
const fitted = (line: string): string => line.slice(0, Math.max(1, (process.stderr.columns || 80) - 3))

function lines(label: string, total: number): Progress {
  const left = timeLeft()
  let last = performance.now()
  return {
    update: (done, note = '', share = done / total) => {
      const now = performance.now()
      const remaining = left(share)
      if (now - last < LINE_INTERVAL * 1000 || (share === 0 && note.length === 0)) return
      last = now
      const percentage = Math.floor(100 * share)
      const [own, several] = typeof note === 'string' ? [note, []] : ['', note]
      const whole = `${label}: ${percentage} % | ${Math.floor(done)}/${total} ${remaining}${own}`
      process.stderr.write([whole, ...several.map((line) => `  ${line}`), ''].join('\n'))
    },
    stop: () => undefined,
  }
}

/** Rows as aligned columns; numbers are the caller's to format. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows]
  const widths = header.map((_, c) => largestOf(all.map((row) => (row[c] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0))).join('  ')
  return all.map((row) => line(row).trimEnd()).join('\n')
}

/** Names and what is known of them, one a line. */
export function facts(rows: readonly (readonly [string, string])[]): string {
  const width = largestOf(rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
