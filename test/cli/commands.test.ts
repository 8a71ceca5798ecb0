// The command line: good paths, and for every bad input one clear line and the right exit code. One of each kind is a process of its own.
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { presets } from '../../src/model/config.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { expectedKernelRuns } from '../verify/kernel_runs.ts'
import { serializeSafetensors } from '../../src/formats/safetensors.ts'
import {
  filesUnder,
  galvani,
  json,
  preload,
  refuses,
  SMALL,
  SMALL_TRAINING,
  succeeds,
  withoutAdapter,
  workFolder,
  writeFiles,
  writeStudy,
} from './support.ts'
import { documentOf, refusesHere, start } from './options/start.ts'
import { call, concat, global, PROTO, stateDict, STOP, text, zipContainer } from '../formats/torch_writer.ts'
import { needs } from '../support/needs.ts'

const FAILED = 1
const USAGE = 2
const BAD_DATA = 3
const NO_GPU = 4
const CHECK_FAILED = 5

const folder = workFolder()
const path = (...names: string[]): string => join(folder, ...names)

/** A recording as CSV: times in seconds, and what stands in each row of the other column. */
const csv = (
  times: number[],
  value: (i: number) => number | string = (i) => 2 + Math.sin(i / 10),
  header = 'time_s,eda_us',
): string => [header, ...times.map((time, i) => `${time},${value(i)}`)].join('\n')
const even = (samples: number): number[] => Array.from({ length: samples }, (_, i) => i / 4)

const study = path('a study')
const run = path('a run')
const train = (...more: string[]): string[] => [
  'train',
  '--data',
  study,
  '--folds',
  'subject:3',
  ...SMALL_TRAINING,
  '--epochs',
  '1',
  ...more,
]

beforeAll(async () => {
  writeStudy(study)
  await succeeds(train('--out', run))
})

/** A copy of the run with one file replaced. */
function damagedRun(name: string, file: string, content: string | Uint8Array): string {
  cpSync(run, path(name), { recursive: true })
  writeFiles(path(name), { [file]: content })
  return path(name)
}

describe('wrong usage', () => {
  const decompose = ['decompose', 'x.csv']
  const cases: [string, string[], string | RegExp][] = [
    ['unknown command', ['trian'], "unknown command 'trian' (Did you mean train?)"],
    ['unknown subcommand', ['fixtures', 'mkae'], "unknown command 'mkae'"],
    ['unknown option', ['doctor', '--nope'], "unknown option '--nope'"],
    ['missing argument', ['fixtures', 'make'], "missing required argument 'kind'"],
    ['missing option', decompose, "required option '--out <dir>' not specified"],
    ['no penalty', [...decompose, '--out', path('o'), '--gamma', '0'], "--gamma is '0', expected a positive number"],
    ['a rate of data that are known', ['eval', '--run', run, '--rate', '4'], '--rate belongs to --data'],
    ['a model that does not fit itself', ['summary', '--set', 'length=20'], 'is too short; use a longer signal'],
    ['text for a number', [...decompose, '--out', path('o'), '--rate', 'fast'], "--rate is 'fast', expected a number"],
    [
      'a rate of nothing',
      [...decompose, '--out', path('o'), '--rate', '0'],
      "--rate is '0', expected a positive number",
    ],
    [
      'half a subject',
      ['fixtures', 'make', 'trials', path('o'), '--subjects', '2.5'],
      "--subjects is '2.5', expected an integer",
    ],
    ['unknown kind', ['fixtures', 'make', 'noise', path('o')], "kind 'noise' is unknown"],
    [
      'listeners of one recording',
      ['fixtures', 'make', 'recording', path('o'), '--subjects', '3'],
      '--subjects belongs to a study',
    ],
    [
      'effect above 1',
      ['fixtures', 'make', 'trials', path('o'), '--effect', '2'],
      'effect 2: expected a number from 0',
    ],
    [
      'unknown dimension',
      train('--out', path('o'), '--dimension', 'joy'),
      "--dimension is 'joy', expected arousal, valence",
    ],
    ['unknown folds', train('--out', path('o'), '--folds', 'people'), "folds 'people' are unknown"],
    [
      'folds without subjects',
      train('--out', path('o'), '--folds', 'subject:50'),
      'a fold would have no subjects, there are 6',
    ],
    [
      'folds by a missing column',
      train('--out', path('o'), '--folds', 'column:fold'),
      "trials.csv has no column 'fold'",
    ],
    [
      'a fold with no subjects',
      train('--out', path('o'), '--only-fold', 'nope'),
      "fold 'nope' has no subjects; the folds are 0, 1, 2",
    ],
    ['unknown labels', train('--out', path('o'), '--labels', 'mine'), "labels 'mine' are unknown"],
    ['unknown model setting', train('--out', path('o'), '--set', 'colour=1'), "--set 'colour=1': expected KEY=VALUE"],
    ['a word for a list', train('--out', path('o'), '--set', 'hidden=3'), 'model setting hidden is 3, expected a list'],
    [
      'a signal too short for the model',
      train('--out', path('o'), '--set', 'length=20'),
      'is too short; use a longer signal',
    ],
    [
      'a classifier of three',
      train('--out', path('o'), '--set', 'classes=3'),
      'model setting classes is 3, expected 2',
    ],
    ['no epoch', train('--out', path('o'), '--epochs', '0'), 'epochs is 0, expected a positive integer'],
    ['no data', ['train', '--out', path('o')], '--data is missing'],
    ['nothing to resume', ['train', '--out', path('o'), '--resume'], 'o holds no run to resume'],
    ['an existing run', train('--out', run), 'a run already holds a run; add --resume'],
    [
      'other settings of a run',
      ['train', '--out', run, '--resume', '--epochs', '9'],
      '--epochs: this run was started with other settings',
    ],
    [
      'other model of a run',
      ['train', '--out', run, '--resume', '--set', 'channels=4'],
      '--set: this run was started with other settings',
    ],
  ]
  /** Started as a process: what Commander refuses, what an option's parser does, and what the command does itself. */
  const started = ['unknown command', 'unknown option', 'missing option', 'no penalty', 'an existing run']
  it.each(cases)('%s', async (name, args, says) => {
    const before = filesUnder(run).length
    if (started.includes(name)) await refuses(args, USAGE, says, { cwd: folder })
    else await refusesHere(args, USAGE, says)
    expect(existsSync(path('o'))).toBe(false)
    expect(filesUnder(run)).toHaveLength(before)
  })

  it('is told from a failure: of writing, or of our own', async () => {
    writeFiles(folder, { 'a file': '' })
    await refuses(['fixtures', 'make', 'recording', path('a file', 'o')], FAILED, /synthetic.csv: cannot be written \(/)
    const node = preload('broken.mjs', "JSON.stringify = () => { throw new TypeError('of two\\n  lines') }")
    await refuses(['summary', '--json'], FAILED, /^galvani: of two lines$/, { node })
  })

  it('no command at all shows the commands', async () => {
    const { code, lines } = await galvani([])
    expect(lines.join('\n')).toContain('Exit codes: 0 done')
    expect(code).toBe(USAGE)
  })
})

describe('bad data', () => {
  const file = (name: string): string => readFileSync(join(study, name), 'utf8')
  const badStudy = (name: string, change: (trials: string, eda: string) => Record<string, string>): string => {
    writeFiles(path(name), {
      'trials.csv': file('trials.csv'),
      'eda.csv': file('eda.csv'),
      ...change(file('trials.csv'), file('eda.csv')),
    })
    return path(name)
  }
  const trainOn = (data: string): string[] => ['train', '--data', data, '--out', path('o'), ...SMALL_TRAINING]

  it('no folder', () => refuses(trainOn(path('nowhere')), BAD_DATA, /nowhere: no such folder/))
  it('a file for a folder', () =>
    refusesHere(trainOn(join(study, 'eda.csv')), BAD_DATA, /eda.csv is a file; a folder is expected/))
  it('a folder of something else', () =>
    refusesHere(
      trainOn(run),
      BAD_DATA,
      /a run is no dataset that is known: looked for trials.csv and eda.csv .*; found baselines, config\.json, /,
    ))

  it('a wrong column', () => {
    const data = badStudy('no subject', (trials) => ({ 'trials.csv': trials.replace('subject', 'person') }))
    return refusesHere(
      trainOn(data),
      BAD_DATA,
      /no subject\/trials.csv: no column 'subject'; the columns are trial, person/,
    )
  })

  it('text where a number belongs', () => {
    const data = badStudy('text', (_, eda) => ({ 'eda.csv': eda.replace(/^(.*\n.*\n.*,).*/, '$1high') }))
    return refusesHere(trainOn(data), BAD_DATA, "text/eda.csv:3: column 'eda_us' is 'high', expected a number")
  })

  it('music of other stimuli', async () => {
    const data = badStudy('silent', () => ({
      'music.csv': file('music.csv').replaceAll('synthetic1_song', 'other_song'),
    }))
    const says = "none of 36 trials has any; the first: stimulus 'synthetic1_song"
    await refusesHere(['predict', '--run', run, '--data', data], BAD_DATA, says)
    await refusesHere(['eval', '--run', run, '--data', data], BAD_DATA, says)
    await refusesHere(trainOn(data), BAD_DATA, says)
  })

  it('signals of another preparation than the manifest', async () => {
    writeStudy(path('again'), 2)
    await start(['prepare', '--data', study, '--out', path('torn'), '--length', '320'])
    await start(['prepare', '--data', path('again'), '--out', path('newer'), '--length', '320'])
    cpSync(path('newer', 'signals.safetensors'), path('torn', 'signals.safetensors'))
    await refusesHere(
      trainOn(path('torn')),
      BAD_DATA,
      'torn: manifest.json and signals.safetensors are not of one preparation; run `galvani prepare` again',
    )
  })

  it('one trial only', () => {
    const data = badStudy('one', (trials) => ({ 'trials.csv': trials.split('\n').slice(0, 2).join('\n') }))
    return refusesHere(trainOn(data), BAD_DATA, /rating/)
  })

  it('nothing that is long enough', () => {
    const short = (eda: string): string =>
      eda
        .split('\n')
        .filter((line) => /,[0-9],|trial/.test(line))
        .join('\n')
    const data = badStudy('short', (_, eda) => ({ 'eda.csv': short(eda) }))
    return refusesHere(
      ['prepare', '--data', data, '--out', path('o')],
      BAD_DATA,
      /none of 36 trials can be used; the first: .*too short/,
    )
  })

  it('weights that are none', () =>
    refusesHere(
      [...train('--out', path('o')), '--weights', join(study, 'eda.csv')],
      BAD_DATA,
      'it is truncated or not a safetensors file',
    ))

  it('data prepared for another model', async () => {
    await start(['prepare', '--data', study, '--out', path('other length'), '--length', '300'])
    await refusesHere(
      ['predict', '--run', run, '--data', path('other length')],
      BAD_DATA,
      'was prepared with --length 300',
    )
    await refusesHere(['prepare', '--data', path('other length'), '--out', path('o')], USAGE, 'is prepared already')
    await refusesHere(['prepare', '--data', study, '--out', join(study, '.')], USAGE, 'is the dataset itself')
    await refusesHere(['prepare', '--data', study, '--out', path('o'), '--length', '0'], USAGE, 'expected 2 to')
    writeFileSync(path('other length', 'manifest.json'), '{')
    await refusesHere(['predict', '--run', run, '--data', path('other length')], BAD_DATA, 'manifest.json is not JSON')
    expect(existsSync(path('o'))).toBe(false)
  })
})

describe('a damaged run', () => {
  const model = 'folds/fold-0/model.safetensors'
  const bytes = (): Uint8Array => readFileSync(join(run, model))

  it('has half a model', async () => {
    const damaged = damagedRun('half', model, bytes().subarray(0, bytes().length / 2))
    await refusesHere(
      ['predict', '--run', damaged, '--data', study],
      BAD_DATA,
      /folds\/fold-0\/model.safetensors: .*truncated/,
    )
    await refusesHere(['eval', '--run', damaged], BAD_DATA, /folds\/fold-0\/model.safetensors: .*truncated/)
  })

  it.each([
    ['config.json', ['predict', '--data', study]],
    ['source.json', ['eval']],
    ['result.json', ['report']],
    ['folds/fold-1/result.json', ['eval']],
  ])('has a bad %s', async (name, [command = '', ...more]) => {
    const damaged = damagedRun(`bad ${name.replaceAll('/', ' ')}`, name, '{"folds": [')
    await refusesHere([command, '--run', damaged, ...more], BAD_DATA, `${name} is not JSON`)
    writeFileSync(join(damaged, name), '{}')
    await refusesHere([command, '--run', damaged, ...more], BAD_DATA, `${name} is damaged: it has no '`)
  })

  it('is no run', () => refuses(['report', '--run', study], BAD_DATA, 'a study holds no run'))

  it('is of other data', async () => {
    writeStudy(path('other study'), 2)
    const moved = damagedRun('moved', 'source.json', JSON.stringify({ data: path('other study') }))
    await refusesHere(
      ['eval', '--run', moved],
      BAD_DATA,
      /its trials, labels, folds or recordings are not those of other study now/,
    )
  })
})

describe('verify', () => {
  it('fails a hostile checkpoint and runs nothing of it', async () => {
    const marker = path('marker')
    const config = {
      ...presets.released,
      channels: 8,
      stage_channels: [8, 8, 8, 8],
      length: 64,
      final_pool: 1,
      music_dim: 0,
    }
    const evil = stateDict({ w: call(global('posix', 'system'), text(`touch '${marker}'`)) })
    const bare = concat(PROTO, call(global('os', 'system'), text(`touch '${marker}'`)), STOP)
    const expected = (name: string) =>
      serializeSafetensors(new Map([[name, { shape: [1, 3, 64], data: new Float32Array(192) }]]))
    const cases = [
      ...['zip', 'bare'].map((id) => ({
        id,
        kind: 'checkpoint',
        file: 'in.safetensors',
        checkpoint: `${id}.pt`,
        config,
        expect: {},
      })),
      {
        id: 'relu',
        kind: 'op',
        op: 'relu',
        file: 'relu.safetensors',
        attrs: {},
        expect: { y: { atol: 0, rel_l2: 0 } },
      },
    ]
    const relu = new Map(
      ['x', 'y', 'upstream.y'].map((name) => [name, { shape: [1, 1, 1], data: new Float32Array([1]) }]),
    )
    writeFiles(path('hostile'), {
      'index.json': JSON.stringify({ cases }),
      'in.safetensors': expected('input.eda'),
      'relu.safetensors': serializeSafetensors(relu),
      'zip.pt': zipContainer(evil, {}),
      'bare.pt': bare,
    })
    const { code, stdout, lines } = await galvani(['verify', '--fixtures', path('hostile'), '--json'])
    expect(existsSync(marker)).toBe(false)
    const result = JSON.parse(stdout) as { cases: { name: string; status: string; error: unknown }[] }
    expect(result).toMatchObject({ passed: 1, failed: 2, skipped: 0 })
    expect(result.cases.map(({ name, status }) => [name, status])).toEqual([
      ['zip', 'failed'],
      ['bare', 'failed'],
      ['relu', 'passed'],
    ])
    expect(result.cases[0]?.error).toMatch(/posix.system/)
    expect(result.cases[1]?.error).toMatch(/os.system/)
    expect(lines).toEqual(['galvani: 2 of 3 cases failed'])
    expect(code).toBe(CHECK_FAILED)
  })

  it('needs an index', () =>
    refuses(['verify', '--fixtures', study], BAD_DATA, 'a study is no fixture folder: it has no index.json'))

  it('needs an index of cases', async () => {
    writeFiles(path('no cases'), { 'index.json': '{"cases": [null]}' })
    await refuses(['verify', '--fixtures', path('no cases')], BAD_DATA, "has no list 'cases' of cases with a name")
  })

  it('passes every kernel of this machine', async () => {
    const result = await json<{
      passed: number
      failed: number
      skipped: number
      cases: { name: string; kind: string }[]
    }>(['verify'])
    const gpu = await openGpu()
    const { count } = expectedKernelRuns(gpu)
    await gpu.close()
    const counted = (kind: string) => result.cases.filter((entry) => entry.kind === kind).length
    expect(result).toMatchObject({ failed: 0, skipped: 0, passed: count + counted('qp') })
    expect(counted('kernel')).toBe(count)
    expect(counted('qp')).toBe(500)
  })
})

describe('no adapter', () => {
  it('of the name that is asked for', async () => {
    writeFiles(folder, { 'good.csv': csv(even(80)) })
    const args = ['decompose', path('good.csv'), '--out', path('o'), '--adapter', 'no such adapter']
    await refuses(args, NO_GPU, /^galvani: no adapter has 'no such adapter' in its name; this machine has: /)
    expect(existsSync(path('o'))).toBe(false)
  })

  it('at all', needs(process.platform === 'linux', 'only Linux has a software adapter to hide'), async () => {
    await refuses(
      train('--out', path('o')),
      NO_GPU,
      'no WebGPU adapter: this machine has no GPU driver; run `npm run setup`',
      withoutAdapter(),
    )
    expect(existsSync(path('o'))).toBe(false)
    const { code, stdout } = await galvani(['doctor', '--json'], withoutAdapter())
    expect(JSON.parse(stdout)).toMatchObject({
      adapter: null,
      problem: expect.stringContaining('no WebGPU adapter') as string,
    })
    expect(code).toBe(NO_GPU)
  })
})

describe('good paths', () => {
  it('goes from made trials to predictions, in another folder', async () => {
    const at = { cwd: folder }
    await json(['fixtures', 'make', 'trials', 'made', '--subjects', '4', '--trials', '4', '--seconds', '20'], at)
    expect(filesUnder(path('made')).sort()).toEqual(['README.md', 'eda.csv', 'music.csv', 'trials.csv'])
    const prepared = await json(['prepare', '--data', 'made', '--out', 'ready', '--length', '320'], at)
    expect(prepared).toMatchObject({ usable: 16, skipped: [] })
    interface Trained {
      results: unknown[]
      folds: { count: number }
      config: { model: { length: number } }
    }
    const settings = [
      '--data',
      'ready',
      '--folds',
      'subject:loo',
      '--only-fold',
      'synthetic1_01',
      '--epochs',
      '1',
      ...SMALL,
    ]
    const trained = await json<Trained>(['train', '--out', 'new run', ...settings], at)
    expect(trained.folds.count).toBe(4)
    expect(trained.results).toHaveLength(1)
    expect(trained.config.model.length).toBe(320)
    const { predictions } = await json<{ predictions: { probability: number }[] }>(
      ['predict', '--run', 'new run', '--data', 'made'],
      at,
    )
    expect(predictions).toHaveLength(16)
    expect(predictions.every(({ probability }) => probability >= 0 && probability <= 1)).toBe(true)
  })

  it('names of folds stay inside the run', async () => {
    const [head = '', ...rows] = readFileSync(join(study, 'trials.csv'), 'utf8').trim().split('\n')
    const subject = head.split(',').indexOf('subject')
    const group = (row: string): string => (Number(row.split(',')[subject]?.slice(-1)) % 2 ? '..' : 'a/b')
    const trials = [`${head},group`, ...rows.map((row) => `${row},${group(row)}`)].join('\n')
    cpSync(study, path('grouped'), { recursive: true })
    writeFileSync(path('grouped', 'trials.csv'), trials)
    const settings = ['--data', path('grouped'), '--folds', 'column:group', '--epochs', '1', ...SMALL_TRAINING]
    await start(['train', '--out', path('dots'), ...settings])
    expect(readdirSync(path('dots')).sort()).toEqual([
      'baselines',
      'config.json',
      'events.jsonl',
      'folds',
      'kernels.json',
      'report.html',
      'result.json',
      'source.json',
    ])
    expect(readdirSync(path('dots', 'folds')).sort()).toEqual(['fold-..', 'fold-a%2Fb'])
    const { models } = await documentOf<{ models: string[] }>(['predict', '--run', path('dots'), '--data', study])
    expect(models).toEqual(['..', 'a/b'])
    writeFileSync(path('grouped', 'trials.csv'), trials.replaceAll(',..', ',c'))
    await refusesHere(
      ['eval', '--run', path('dots')],
      BAD_DATA,
      /folds\/fold-..\/result.json: .* folds or recordings are not those of grouped now/,
    )
  })

  it('stops quietly when its reader has gone', async () => {
    const { code, lines } = await galvani(['predict', '--run', run, '--data', study, '--json'], {
      onStart: ({ stdout }) => stdout?.destroy(),
    })
    expect(lines).toEqual([])
    expect(code).toBe(0)
  })

  it('starts as npx galvani inside the clone', () => {
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    const { stdout, status } = spawnSync('npx', ['--no-install', 'galvani', '--version'], {
      cwd,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(status).toBe(0)
  })
})
