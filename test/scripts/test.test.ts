// scripts/test.mjs in a project whose checks are stand-ins: what fails is counted, whatever else goes well.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { workFolder, writeFiles } from '../cli/support.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const project = join(workFolder(), 'project')

/** A script that notes what it was asked, and fails where FAILS names it. */
const standIn = (name: string, then = ''): string => `
  const { appendFileSync, writeFileSync } = await import('node:fs')
  appendFileSync('asked', ${JSON.stringify(name)} + ' ' + process.argv.slice(2).join(' ') + '\\n')
  if (process.env.FAILS?.includes(${JSON.stringify(name)})) {
    console.log(${JSON.stringify(name)} + ' has a complaint')
    process.exitCode = 1
  }
  ${then}`

/** Writes the sums that it is given, if any, and ends as it is told. */
const VITEST = standIn(
  'vitest',
  `
  if (process.env.SUMS) writeFileSync(process.env.TALLY, process.env.SUMS)
  if (process.env.DIES) process.kill(process.pid, 'SIGKILL')`,
)

const sums = (passed: number, failed: number, skipped: [string, number][] = []): string =>
  JSON.stringify({ passed, failed, skipped, problems: [], seconds: [] })

beforeEach(() => {
  rmSync(project, { recursive: true, force: true })
  for (const path of [
    'scripts/test.mjs',
    'scripts/lib/run.mjs',
    'scripts/lib/tests.mjs',
    'test/support/tally.ts',
    'test/support/needs.ts',
  ]) {
    cpSync(join(root, path), join(project, path))
  }
  writeFiles(project, {
    'package.json': '{ "type": "module" }',
    'scripts/setup.mjs': `import { appendFileSync } from 'node:fs'
      export async function setup() {
        appendFileSync('asked', 'setup \\n')
        if (process.env.FAILS === 'setup') throw new Error('no setup')
      }`,
    'node_modules/typescript/bin/tsc': standIn('tsc'),
    'node_modules/eslint/bin/eslint.js': standIn('eslint'),
    'node_modules/prettier/bin/prettier.cjs': `import('./stand_in.mjs')`,
    'node_modules/prettier/bin/stand_in.mjs': standIn('prettier'),
    'node_modules/vitest/vitest.mjs': VITEST,
    'tools/gen.mjs': standIn('gen'),
    'tools/api.mjs': standIn('api'),
  })
})

function test(args: string[], env: Record<string, string> = {}) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|TALLY)/.test(name)))
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/test.mjs', ...args], {
    cwd: project,
    encoding: 'utf8',
    env: { ...clean, ...env },
  })
  const asked = readFileSync(join(project, 'asked'), 'utf8').trimEnd().split('\n')
  return {
    status,
    asked,
    stderr,
    stdout,
    last: stdout.trimEnd().split('\n').at(-1),
    parts: stderr.match(/^[A-Za-z -]+: (ok|FAILED)(?= \(\d+\.\d s\)$)/gm),
  }
}

/** The set-up comes first and the tests last; the checks between them, beside each other. */
const ALL = [
  'setup ',
  'api --check',
  'eslint .',
  'gen --check',
  'prettier --check --log-level warn .',
  'tsc --noEmit',
  'vitest run',
]
const inTurn = <T>([first, ...others]: readonly T[]): T[] => [first!, ...others.slice(0, -1).sort(), others.at(-1)!]

describe('npm test', () => {
  it('does all parts, says how long each took, and sums up', () => {
    const found = test([], {
      SUMS: sums(12, 0, [
        ['no such adapter', 3],
        ['not installed', 1],
      ]),
    })
    expect(inTurn(found.asked)).toEqual(ALL)
    expect(inTurn(found.parts!)).toEqual([
      'set-up: ok',
      'API pages: ok',
      'format: ok',
      'generated files: ok',
      'lint: ok',
      'types: ok',
      'tests: ok',
    ])
    expect(found.last).toBe('12 passed, 0 failed, 4 skipped: 3 × no such adapter, 1 × not installed')
    expect(found.status).toBe(0)
  })

  it('hands its arguments to vitest', () => {
    const { asked, last, status } = test(['test/runtime/plan.test.ts', '-t', 'a b'], { SUMS: sums(1, 0) })
    expect(asked.at(-1)).toBe('vitest run test/runtime/plan.test.ts -t a b')
    expect({ last, status }).toEqual({ last: '1 passed, 0 failed', status: 0 })
  })

  it.each([
    ['tsc', 'types'],
    ['eslint', 'lint'],
    ['prettier', 'format'],
    ['gen', 'generated files'],
    ['api', 'API pages'],
  ])('counts %s that fails, shows what it said and goes on', (name, part) => {
    const { status, asked, parts, stderr, last } = test([], { FAILS: name, SUMS: sums(5, 0) })
    expect(inTurn(asked)).toEqual(ALL)
    expect(parts).toContain(`${part}: FAILED`)
    expect(parts?.filter((line) => line.endsWith('FAILED'))).toHaveLength(1)
    expect(stderr).toContain(`${name} has a complaint\n`)
    expect({ last, status }).toEqual({ last: '5 passed, 1 failed', status: 1 })
  })

  it('adds up checks and tests that fail', () => {
    const { status, parts, last } = test([], {
      FAILS: 'tsc eslint prettier gen api vitest',
      SUMS: sums(5, 2, [['a', 1]]),
    })
    expect(inTurn(parts!)).toEqual([
      'set-up: ok',
      'API pages: FAILED',
      'format: FAILED',
      'generated files: FAILED',
      'lint: FAILED',
      'types: FAILED',
      'tests: FAILED',
    ])
    expect({ last, status }).toEqual({ last: '5 passed, 7 failed, 1 skipped: 1 × a', status: 1 })
  })

  it.each<[string, Record<string, string>, string, number]>([
    ['a run that leaves no sums', { FAILS: 'vitest' }, 'the test run broke off with exit code 1', 0],
    ['a run that is killed', { DIES: '1' }, 'the test run broke off with exit code 1', 0],
    ['a run that leaves no sums and ends well', {}, 'no test has run', 0],
    ['a run without a test', { SUMS: sums(0, 0, [['a', 9]]) }, 'no test has run', 0],
    [
      'a run that ends badly with nothing failed',
      { FAILS: 'vitest', SUMS: sums(7, 0) },
      'the test run broke off with exit code 1',
      7,
    ],
  ])('counts %s as a failure', (_, env, says, passed) => {
    const { status, last, stderr } = test([], env)
    expect(stderr).toContain(`${says}\n`)
    expect(last).toMatch(new RegExp(`^${passed} passed, 1 failed`))
    expect(status).toBe(1)
  })

  it('does not judge by what an earlier run left', () => {
    expect(test([], { SUMS: sums(3, 0) }).status).toBe(0)
    expect(test([], { DIES: '1' })).toMatchObject({ status: 1, last: '0 passed, 1 failed' })
  })

  it('stops where the set-up fails', () => {
    const { status, asked, stderr, stdout } = test([], { FAILS: 'setup' })
    expect({ status, asked, stdout }).toEqual({ status: 1, asked: ['setup'], stdout: '' })
    expect(stderr).toBe('no setup\n')
  })
})

describe('a run of vitest', () => {
  beforeEach(() => {
    rmSync(join(project, 'node_modules', 'vitest'), { recursive: true })
    mkdirSync(join(project, 'node_modules'), { recursive: true })
    symlinkSync(join(root, 'node_modules', 'vitest'), join(project, 'node_modules', 'vitest'), 'junction')
    const head = "import { describe, expect, it } from 'vitest'\nimport { needs } from './support/needs.ts'\n"
    const files = {
      good: `it('a', () => {}); it('b', () => {}); it('c', needs(true, 'never said'), () => {})
        it('d', needs(false, 'no wings'), () => {}); it('e', ({ skip }) => skip('no fins'))
        describe('f', needs(false, 'no wings'), () => { it.each([1, 2])('%i', () => {}) })`,
      empty_list: `describe('fixtures', needs(false, 'no fixtures'), () => { it.each([])('%i', () => {}) })`,
      bad: `it('a', () => expect(1).toBe(2)); it('b', () => {}); it('c', () => expect(1).toBe(3))`,
      unloaded: `import './absent.ts'; it('a', () => {})`,
      empty: '',
      silent: `it.skip('a', () => {}); it('b', ({ skip }) => skip()); it.todo('c'); describe.skip('d', () => { it('e', () => {}) }); it('f', () => {})`,
      late: `it('a', () => void Promise.reject(new Error('late')))`,
      only: `it.only('a', () => {}); it('b', () => {})`,
    }
    writeFiles(project, {
      'vitest.config.js':
        "import { tallyPlugin } from './test/support/tally.ts'\nexport default { plugins: [tallyPlugin], test: { include: ['test/*.test.ts'], pool: 'threads', isolate: false } }",
      ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`test/${name}.test.ts`, head + text])),
    })
  })

  it('that is good has its skipped tests counted by their reasons', () => {
    const { status, stdout, last } = test(['test/good', 'test/empty_list'])
    expect(last).toBe('3 passed, 0 failed, 5 skipped: 3 × no wings, 1 × no fins, 1 × no fixtures')
    expect(stdout).toContain('skipped: 3 × no wings\n')
    expect(status).toBe(0)
  })

  it.each(['', 'true'])('fails for all that is no test, or goes wrong outside of tests, where CI is "%s"', (CI) => {
    const { status, stderr, last } = test([], { CI })
    // Passed: 3 good, 1 bad, 1 silent, 1 late, 1 only. Failed: 2 bad, 1 unloaded, 1 empty, 4 silent, 1 late, 1 beside the only one.
    expect(last).toBe('7 passed, 10 failed, 5 skipped: 3 × no wings, 1 × no fins, 1 × no fixtures')
    expect(stderr.match(/^failed: .*$/gm)?.sort()).toEqual([
      "failed: test/only.test.ts: 'b' is skipped without a reason",
      ...['a', 'b', 'c', 'd > e'].map((name) => `failed: test/silent.test.ts: '${name}' is skipped without a reason`),
    ])
    expect(status).toBe(1)
  })

  it('fails for a skipped test without a reason alone, and not for those that were not chosen', () => {
    expect(test(['test/silent'])).toMatchObject({ status: 1, last: '1 passed, 4 failed' })
    const alone = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/silent'], {
      cwd: project,
      encoding: 'utf8',
    })
    expect(alone.status, alone.stdout).toBe(1)
    expect(test(['test/silent', '-t', 'f'])).toMatchObject({ status: 0, last: '1 passed, 0 failed' })
  })

  it('fails where no file is found, whatever vitest makes of it', () => {
    expect(test(['no_such_file'])).toMatchObject({ status: 1, last: '0 passed, 1 failed' })
    expect(test(['no_such_file', '--passWithNoTests'])).toMatchObject({ status: 1, last: '0 passed, 1 failed' })
    const { status, last, stderr } = test(['test/empty.test.ts', 'test/good', '--passWithNoTests'])
    expect(stderr).toContain('failed: test/empty.test.ts has no test\n')
    expect({ status, last }).toEqual({ status: 1, last: '3 passed, 1 failed, 4 skipped: 3 × no wings, 1 × no fins' })
  })
})
