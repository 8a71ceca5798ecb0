// What gpu.sh has measured so far, from its working folder: few flat files, and a summary that a person reads.
// node gpu_summary.mjs WORK OUT; WORK holds outcomes.tsv, log.txt and what each part printed, as PART.json.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Of results.json, whose parts have schemas of their own; raised as those in src/formats/document_kinds.ts are. */
const SCHEMA = 2
/** No file of OUT is larger; the log loses its beginning. */
const LIMIT = 16 * 2 ** 20
/** Cases and kernels that the summary names. */
const SHOWN = 20
const CHECKS = ['of', 'passed', 'failed', 'skipped']
const STEP = [
  ...['batch', 'median ms', 'least ms', 'floor ms', 'of floor', 'dispatches', 'JavaScript ms', 'first step ms'],
  ...['FMA peak GFLOP/s', 'copy GB/s'],
]
const PEERS = ['batch', 'program', 'median ms', 'least ms', 'first step ms', 'ratio to ours', 'agrees']

const [work, out] = process.argv.slice(2)
const parts = readText('outcomes.tsv')
  .trim()
  .split('\n')
  .map((line) => line.split('\t'))
const measured = Object.fromEntries(
  ['doctor', ...parts.map(([name]) => name)].flatMap((name) => {
    const value = readJson(`${name}.json`)
    return value === null ? [] : [[name, value]]
  }),
)

/** Returns the names of files that were left out. */
function writeFiles() {
  const benches = Object.keys(measured).filter((name) => name.startsWith('bench-'))
  const others = Object.entries(measured).filter(([name]) => !benches.includes(name))
  const cache = join(work, 'cache', 'galvani')
  const tuned = existsSync(cache) ? readdirSync(cache).filter((name) => /^kernels-.*\.json$/.test(name)) : []
  const pages = readdirSync(work).filter((name) => /^bench-\d+\.html$/.test(name))
  const files = [
    ['log.txt', readFileSync(join(work, 'log.txt')).subarray(-LIMIT)],
    ['results.json', `${JSON.stringify({ schema: SCHEMA, parts: Object.fromEntries(others) }, null, 1)}\n`],
    ...benches.map((name) => [`${name}.json`, readFileSync(join(work, `${name}.json`))]),
    ...pages.map((name) => [name, readFileSync(join(work, name))]),
    ...tuned.slice(0, 1).map((name) => [name, readFileSync(join(cache, name))]),
  ]
  return files
    .filter(([name, data]) => {
      const fits = Buffer.byteLength(data) <= LIMIT
      if (fits) writeFileSync(join(out, name), data)
      return !fits
    })
    .map(([name]) => name)
}

function summary() {
  const { doctor, verify, fixtures } = measured
  const of = (prefix) =>
    Object.entries(measured)
      .filter(([name]) => name.startsWith(prefix))
      .map(([, value]) => value)
  const checks = [
    ['kernels', verify],
    ['fixtures', fixtures],
  ].filter(([, value]) => value)
  const sections = [
    () => `# galvani ${doctor.galvani} on ${doctor.adapter.description || doctor.adapter.device}`,
    () => facts(doctor),
    () => section('Parts', ['part', 'outcome', 'took'], parts),
    () =>
      section(
        'Checks against float64',
        CHECKS,
        checks.map(([name, { passed, failed, skipped }]) => [name, passed, failed, skipped]),
      ),
    ...checks.map(
      ([, { cases }]) =>
        () =>
          failures(cases),
    ),
    () => section('Training step, preset paper', STEP, of('step-').map(stepRow)),
    () => section('Beside PyTorch', PEERS, of('torch').flatMap(peerRows)),
    () =>
      section(
        'Tuned kernels that save most',
        ['op and shape', 'default', 'ms', 'best', 'ms'],
        tunedRows(of('tune-').at(-1)),
      ),
    ...Object.entries(measured)
      .filter(([name]) => name.startsWith('bench-'))
      .map(
        ([name, { targets }]) =>
          () =>
            section(`Required, ${name}`, ['', 'required', 'measured', 'unit', 'met'], targets.map(targetRow)),
      ),
    () => tooLarge.length > 0 && `Left out, larger than ${LIMIT / 2 ** 20} MiB: ${tooLarge.join(', ')}`,
  ]
  return `${sections.map(written).filter(Boolean).join('\n\n')}\n`
}

/** A document that is not what was expected costs its own section only. */
function written(make) {
  try {
    return make()
  } catch (error) {
    return `(A section is missing: ${error.message}.)`
  }
}

function facts({ adapter, node, platform, features }) {
  const gpu = readText('nvidia-smi.txt').trim()
  const lines = [
    `Date: ${new Date().toISOString()}`,
    `Adapter: ${[adapter.vendor, adapter.architecture, adapter.device, adapter.description].filter(Boolean).join(', ')}`,
    gpu && `nvidia-smi (name, driver, memory, power limit, largest SM and memory clocks): ${gpu}`,
    `Node ${node}, ${platform}; features ${features.join(', ')}`,
  ]
  return lines
    .filter(Boolean)
    .map((line) => `- ${line}`)
    .join('\n')
}

function section(title, header, rows) {
  if (rows.length === 0) return ''
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [`## ${title}`, '', line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

function failures(cases) {
  const failed = cases.filter(({ status }) => status === 'failed')
  const lines = failed
    .slice(0, SHOWN)
    .map(({ name, tensor, error, tolerance }) => `- failed: ${name}, ${tensor}: ${error}, allowed ${tolerance}`)
  return [...lines, ...(failed.length > SHOWN ? [`- and ${failed.length - SHOWN} more`] : [])].join('\n')
}

const ms = (value) => Number(value.toPrecision(4))

const stepRow = (s) => [
  s.batch,
  ms(s.ms_median),
  ms(s.ms_min),
  ms(s.floor_ms),
  `${((100 * s.floor_ms) / s.ms_median).toFixed(0)} %`,
  s.dispatches,
  ms(s.js_ms),
  ms(s.first_step_ms),
  ms(s.fma_peak_gflops),
  ms(s.copy_gbps),
]

function peerRows({ batch, ours, peers }) {
  const row = (times, ratio, agrees) => [
    batch,
    times.name,
    ms(times.ms_median),
    ms(times.ms_min),
    ms(times.first_step_ms),
    ratio,
    agrees,
  ]
  return [row(ours, '', ''), ...peers.map((peer) => row(peer, ms(peer.ratio), peer.agrees ? 'yes' : 'NO'))]
}

function tunedRows(cache) {
  const better = Object.entries(cache?.entries ?? {}).filter(
    ([, { ms, default_ms }]) => default_ms !== null && ms < default_ms,
  )
  const saved = ([, entry]) => entry.default_ms - entry.ms
  return better
    .sort((a, b) => saved(b) - saved(a))
    .slice(0, SHOWN)
    .map(([key, { variant, ms: best, default_ms, tried }]) => [
      key,
      tried[0]?.variant,
      ms(default_ms),
      variant,
      ms(best),
    ])
}

const targetRow = ({ row, required, bound, unit, measured, met }) => [
  row,
  `${bound} ${required}`,
  measured === null ? '' : ms(measured),
  unit,
  met === null ? '' : met ? 'yes' : 'NO',
]

function readText(name) {
  const file = join(work, name)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** null where the part printed no document, e.g. because it was stopped. */
function readJson(name) {
  const file = join(work, name)
  if (!existsSync(file) || statSync(file).size === 0) return null
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

const tooLarge = writeFiles()
writeFileSync(join(out, 'summary.md'), summary())
