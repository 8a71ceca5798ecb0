// bench/gpu.sh on a project in which everything but the script and its summary is a stand-in: no GPU, no time to judge.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { workFolder, writeFiles } from '../cli/support.ts'
import { needs } from '../support/needs.ts'

const LINUX_X64 = process.platform === 'linux' && process.arch === 'x64'
const folder = workFolder()
const project = join(folder, 'project')
const pack = join(folder, 'pack')

/** Says what it was asked, and answers as told by FAILS (a part's first words) and HANGS; ADAPTER is none, software or hardware. */
const GALVANI = `
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'

const args = process.argv.slice(2)
const { FAILS, HANGS, ADAPTER, ASKED, GALVANI_CACHE, VK_DRIVER_FILES = 'default' } = process.env
const command = args.join(' ')
const after = (option) => args[args.indexOf(option) + 1]
appendFileSync(ASKED, (args[0] === 'doctor' ? 'doctor ' + VK_DRIVER_FILES.split('/').at(-1) : command) + '\\n')
process.stderr.write('says ' + args[0] + '\\n')
if (HANGS && command.startsWith(HANGS)) setInterval(() => undefined, 1000)
else answer()

function answer() {
  const counts = { passed: 7, failed: 1, skipped: 0 }
  const ms = { ms_median: 2, ms_min: 1, first_step_ms: 9 }
  const answers = {
    doctor: {
      ...{ galvani: '1', node: 'v', platform: 'linux-x64', features: ['subgroups'] },
      adapter: { description: 'Fast 1', is_fallback_adapter: ADAPTER !== 'hardware' },
    },
    verify: { ...counts, cases: [{ name: 'relu 3', status: 'failed', tensor: 'y', error: 2, tolerance: 1 }] },
    tune: { file: 'x', entries: { 'conv 1': { variant: 'tile', ms: 1, default_ms: 3, tried: [{ variant: 'reg' }] } } },
    'bench step': { batch: Number(after('--batch')), ...ms, floor_ms: 0.5, dispatches: 160, js_ms: 0.1, fma_peak_gflops: 60000, copy_gbps: 4000 },
    'bench all': { targets: [{ row: 'conv', required: 0.4, bound: 'least', unit: 'of FMA peak', measured: 0.5, met: true }] },
    'bench kernels': { kernels: [], rejected: [] },
    'bench peers': { batch: 256, ours: { name: 'galvani', ...ms }, peers: [{ name: after('--peers'), ...ms, ratio: 1.5, agrees: true }] },
  }
  if (ADAPTER === 'none') return process.exit(4)
  if (args[0] === 'tune') {
    mkdirSync(GALVANI_CACHE, { recursive: true })
    writeFileSync(GALVANI_CACHE + '/kernels-fast-1.json', '{}')
  }
  if (args.includes('--html')) writeFileSync(after('--html'), '<html>')
  process.stdout.write(JSON.stringify(answers[command.match(/^(bench )?\\w+/)[0]], null, 1))
  process.exitCode = FAILS && command.startsWith(FAILS) ? 5 : 0
}
`

/** Programs that the script finds first: their answers do not depend on this machine. */
const PROGRAMS = {
  node: `#!/bin/sh\nif [ "$2" = process.execPath ]; then echo "$0"; else exec '${process.execPath}' "$@"; fi\n`,
  ldconfig: `#!/bin/sh\n[ -n "$NO_LOADER" ] || printf '\\tlibvulkan.so.1 (libc6,x86-64) => ${project}/loader\\n'\n`,
  python3: `#!/bin/sh\n[ -n "$TORCH" ] && printf 'torch torch-compile\\n/its/python\\n'\n`,
  'nvidia-smi': '#!/bin/sh\necho "Fast 1, 570.1"\n',
  // With a file CLOCK for a clock, time goes by only where a part hangs: as much as it is given.
  date: '#!/bin/sh\nif [ -n "$CLOCK" ] && [ "$1" = +%s ]; then exec cat "$CLOCK"; fi\nPATH=${PATH#*:} exec date "$@"\n',
  timeout: `#!/bin/sh
[ -n "$CLOCK" ] || PATH=\${PATH#*:} exec timeout "$@"
limit=$3
shift 3
case "$*" in *"$HANGS"*) ;; *) exec "$@" ;; esac
PATH=\${PATH#*:} timeout -k 1 1 "$@"
status=$?
echo $(($(cat "$CLOCK") + limit)) >"$CLOCK"
exit $status
`,
}

function script(file: string, args: string[], env: Record<string, string> = {}) {
  const temporary = join(folder, 'temporary')
  mkdirSync(temporary, { recursive: true })
  const settings = {
    PATH: `${join(folder, 'programs')}:${process.env['PATH']}`,
    TMPDIR: temporary,
    ASKED: join(folder, 'asked'),
    ADAPTER: 'hardware',
  }
  const result = spawnSync('bash', [file, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, ...settings, ...env },
  })
  expect(readdirSync(temporary), 'nothing is left behind').toEqual([])
  return result
}

function run(options: string[], env?: Record<string, string>) {
  const out = join(folder, 'out', String(readdirSync(join(folder, 'out')).length))
  writeFileSync(join(folder, 'asked'), '')
  const result = script(join(pack, 'gpu.sh'), ['run', out, ...options], env)
  const asked = readFileSync(join(folder, 'asked'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.replace(/ --json$/, ''))
  const file = (name: string): string => readFileSync(join(out, name), 'utf8')
  const outcomes = Object.fromEntries(
    result.stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t').slice(0, 2)),
  )
  return { ...result, out, asked, file, outcomes }
}

describe('gpu.sh', needs(LINUX_X64, 'gpu.sh is for Linux on x64'), () => {
  beforeAll(() => {
    const named = (name: string): string => JSON.stringify({ name, version: '1.0.0' })
    writeFiles(join(folder, 'programs'), PROGRAMS)
    for (const name of Object.keys(PROGRAMS)) chmodSync(join(folder, 'programs', name), 0o755)
    writeFiles(project, {
      'package.json': JSON.stringify({
        type: 'module',
        dependencies: { '@scope/used': '1', webgpu: '1' },
        devDependencies: { tool: '1' },
      }),
      'scripts/lib/build.mjs': `import { writeFileSync } from 'node:fs'\nexport const build = () => writeFileSync(new URL('../../dist/cli.js', import.meta.url), '')\n`,
      ...{
        'bin/galvani.js': GALVANI,
        'dist/index.js': '',
        'dist/index.js.map': '',
        loader: 'the loader',
        'cases/index.json': '[]',
      },
      ...{ 'bench/peers/galvani.mjs': '', 'bench/peers/node_modules/peer/index.js': '' },
      ...{
        'node_modules/tool/package.json': named('tool'),
        'node_modules/@scope/used/package.json': named('@scope/used'),
      },
      'node_modules/webgpu/package.json': named('webgpu'),
      ...{
        'node_modules/webgpu/dist/linux-x64/dawn.node': '',
        'node_modules/webgpu/dist/darwin-universal/dawn.node': '',
      },
    })
    for (const name of ['gpu.sh', 'gpu_summary.mjs'])
      cpSync(new URL(`../../bench/${name}`, import.meta.url), join(project, 'bench', name))
    mkdirSync(join(folder, 'out'))
    expect(
      script(join(project, 'bench', 'gpu.sh'), ['pack', pack, '--fixtures', join(project, 'cases')]),
    ).toMatchObject({ status: 0, stderr: '' })
  })

  it('packs what it takes at run time, for this platform', () => {
    const { stdout } = spawnSync('tar', ['-tzf', join(pack, 'galvani.tar.gz')], { encoding: 'utf8' })
    expect(
      stdout
        .split('\n')
        .filter((name) => /[^/]$/.test(name))
        .sort(),
    ).toEqual([
      './bench/gpu_summary.mjs',
      './bench/peers/galvani.mjs',
      './bin/galvani.js',
      './dist/cli.js',
      './dist/index.js',
      './fixtures/index.json',
      './lib/libvulkan.so.1',
      './node',
      './node_modules/@scope/used/package.json',
      './node_modules/webgpu/dist/linux-x64/dawn.node',
      './node_modules/webgpu/package.json',
      './package.json',
    ])
  })

  it('says what is missing, and refuses a folder that grew too large', () => {
    const large = join(folder, 'large')
    writeFiles(large, { 'other.bin': '' })
    truncateSync(join(large, 'other.bin'), 61 * 2 ** 20)
    const packing = (args: string[], env?: Record<string, string>) =>
      script(join(project, 'bench', 'gpu.sh'), ['pack', ...args], env)
    expect(packing([large]).stderr).toMatch(/large has 6[12] MiB, more than 60/)
    expect(packing([large, '--fixtures', folder])).toMatchObject({
      status: 2,
      stderr: `gpu.sh: ${folder} has no index.json\n`,
    })
    expect(packing([large], { NO_LOADER: '1' }).stderr).toMatch(
      /libvulkan\.so\.1 is not installed \(Debian: apt-get install libvulkan1\)/,
    )
    expect(packing([]).status).toBe(2)
  })

  it('runs all parts, and sums them up', () => {
    const { status, asked, out, file, stderr } = run([], { TORCH: '1' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const html = /--html \S.*?bench-256.html/
    expect(asked.map((line) => line.replace(html, '--html PAGE').replace(/--fixtures .*/, '--fixtures DIR'))).toEqual([
      'doctor default',
      'verify',
      'verify --fixtures DIR',
      'bench step --batch 256 --rounds 20',
      'bench step --batch 32 --rounds 20',
      ...['torch', 'torch-compile'].map(
        (name) => `bench peers --peers ${name} --python /its/python --batch 256 --rounds 20`,
      ),
      'tune --batch 256 --budget 45',
      'tune --batch 32 --budget 45',
      'bench all --tuned --batch 256 --rounds 20 --html PAGE',
      'bench all --tuned --batch 32 --rounds 20',
      ...['torch', 'torch-compile'].map(
        (name) => `bench peers --peers ${name} --python /its/python --batch 32 --rounds 20`,
      ),
      'bench kernels --batch 256 --all-variants',
    ])
    expect(readdirSync(out).sort()).toEqual([
      'bench-256.html',
      'bench-256.json',
      'bench-32.json',
      'kernels-fast-1.json',
      'log.txt',
      'results.json',
      'summary.md',
    ])
    const results = JSON.parse(file('results.json')) as { schema: number; parts: object }
    expect(results.schema).toBe(2)
    expect(Object.keys(results.parts)).toEqual([
      'doctor',
      'verify',
      'fixtures',
      'step-256',
      'step-32',
      'torch-256',
      'torch-compile-256',
      'tune-256',
      'tune-32',
      'torch-32',
      'torch-compile-32',
      'variants-256',
    ])
    const summary = file('summary.md')
    expect(summary).toMatch(/^# galvani 1 on Fast 1\n\n- Date: 20\d\d-/)
    for (const line of [
      ': Fast 1, 570.1',
      '| kernels | 7 | 1 | 0 |',
      '- failed: relu 3, y: 2, allowed 1',
      '| 256 | 2 | 1 | 0.5 | 25 % | 160 | 0.1 | 9 | 60000 | 4000 |',
      '| 256 | torch-compile | 2 | 1 | 9 | 1.5 | yes |',
      '| conv 1 | reg | 3 | tile | 1 |',
      '| conv | least 0.4 | 0.5 | of FMA peak | yes |',
    ])
      expect(summary).toContain(`${line}\n`)
    expect(file('log.txt')).toContain('== step-256: galvani bench step --batch 256 --rounds 20\nsays bench\n')
  })

  it('goes on after a part that failed, and keeps what it printed', () => {
    const { status, stderr, out, outcomes, file } = run(['--quick'], { FAILS: 'verify' })
    expect(outcomes).toEqual({
      ...{
        verify: 'failed (exit code 5)',
        fixtures: 'failed (exit code 5)',
        'step-4': 'done',
        'step-2': 'done',
        'tune-4': 'done',
        'tune-2': 'done',
      },
      ...{ 'bench-4': 'done', 'bench-2': 'done', 'variants-4': 'done' },
    })
    expect(status).toBe(1)
    expect(stderr).toBe(
      `gpu.sh: parts that failed or had no time left: 2; ${out}/summary.md says which, ${out}/log.txt why\n`,
    )
    expect(JSON.parse(file('results.json'))).toMatchObject({
      parts: { verify: { failed: 1 }, fixtures: { failed: 1 } },
    })
  })

  it('stops a part at the end of its time, and starts none without', () => {
    const CLOCK = join(folder, 'clock')
    writeFileSync(CLOCK, '100')
    const { status, outcomes, file } = run(['--seconds', '7'], { HANGS: 'bench step --batch 256', CLOCK })
    expect(status).toBe(1)
    expect(outcomes).toMatchObject({
      verify: 'done',
      'step-256': 'stopped at its limit',
      'step-32': 'no time left',
      'variants-256': 'no time left',
    })
    expect(file('summary.md')).toMatch(/\| step-256 \| stopped at its limit \| 7 s \|/)
  })

  it('wants a GPU, after all places where its driver may be', () => {
    const sentence = /^gpu\.sh: no GPU adapter: .* show a GPU; .*log\.txt has what they said\n$/
    const none = run(['--allow-software'], { ADAPTER: 'none' })
    expect(none.status).toBe(4)
    expect(none.stderr).toMatch(sentence)
    expect(none.asked).toEqual(
      expect.arrayContaining(['doctor default', 'doctor libGLX_nvidia.so.0.json', 'doctor libEGL_nvidia.so.0.json']),
    )
    expect(none.file('log.txt')).toContain('says doctor')
    const software = run([], { ADAPTER: 'software' })
    expect(software.status).toBe(4)
    expect(software.stderr).toMatch(sentence)
    expect(run(['--allow-software', '--quick'], { ADAPTER: 'software' }).status).toBe(0)
  })

  it('explains itself, and refuses what it does not know', () => {
    const gpu = join(pack, 'gpu.sh')
    expect(script(gpu, ['--help']).stdout).toMatch(/bench\/gpu\.sh pack FOLDER[^]*Exit codes/)
    expect(script(gpu, ['run', 'out', '--fast'])).toMatchObject({
      status: 2,
      stderr: 'gpu.sh: run has no option --fast; gpu.sh --help shows usage\n',
    })
    expect(script(gpu, ['run', 'out', '--seconds', 'many']).stderr).toBe(
      "gpu.sh: --seconds is 'many', expected a number\n",
    )
    expect(script(gpu, ['run', 'out', folder]).stderr).toBe(
      `gpu.sh: ${folder} has no galvani.tar.gz; make it by \`bench/gpu.sh pack FOLDER\`\n`,
    )
  })
})
