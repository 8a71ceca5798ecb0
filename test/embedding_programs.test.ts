// The programs of docs/embedding.md, one after the other in a process of its own, on the packed package and a device with WebGPU's default
// limits; and what that document says a call costs.
import { transform } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { decompose, Gpu, Plan, relu } from '../src/index.ts'
import { decomposeOn } from '../src/solvers.ts'
import { openGpu } from '../src/runtime/node.ts'
import { writeFiles } from './cli/support.ts'
import { installPacked, manifest } from './support/packed.ts'

const home = mkdtempSync(join(tmpdir(), 'galvani embedding-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const text = readFileSync(fileURLToPath(new URL('../docs/embedding.md', import.meta.url)), 'utf8')

/** What the programs take for given, as globals. */
const GIVEN = `
  import { openGpu } from 'galvani/node'
  import { Gpu, presets, Rtcan1d, initialise } from 'galvani'
  import { loadDataset, makeTask, prepareDataset, resolveRun, trainRun } from 'galvani/training'
  import { makeTrialTable, MemoryStore } from 'galvani/files'
  import { create, globals } from 'webgpu'

  await (await openGpu()).close() // a driver that only a package brings is there from now on
  export const dawn = create([])
  const device = await (await dawn.requestAdapter()).requestDevice()
  export const errors = []
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message))

  const signal = (seed, n) => Float64Array.from({ length: n }, (_, i) => 3 + Math.sin(i / 60) + Math.exp(-((i + seed) % 90) / 12))
  const eda = signal(0, 480)
  const samples = new Float32Array(8 * 960)
  for (let i = 0; i < 8; i++) samples.set(signal(5 * i, 960), 960 * i)
  const { STORAGE, COPY_DST } = globals.GPUBufferUsage
  const [recordings, phasicBuffer] = [1, 2].map(() => device.createBuffer({ size: samples.byteLength, usage: STORAGE | COPY_DST }))
  device.queue.writeBuffer(recordings, 0, samples)

  const gpu = Gpu.fromDevice(device)
  const config = { ...presets.paper, music_dim: 0 }
  const model = new Rtcan1d(gpu, config)
  model.weights.load(initialise(config, model.summary, 'he', 1), 'initial weights')

  const study = (subjects, seed) =>
    new MemoryStore(makeTrialTable({ subjects, seed, trialsPerSubject: 4, stimuli: 4, seconds: 12, effect: 1 }))
  const trained = new MemoryStore()
  const dataset = await loadDataset(study(4, 1), { name: 'study' })
  const small = { channels: 8, stage_channels: [8], length: 160, final_pool: 1, hidden: [4], unit_sca: false }
  const settings = resolveRun({ dimension: 'arousal', folds: 'subject:2', epochs: 1, batch: 8, model: small }, dataset.set)
  const task = makeTask(await prepareDataset(gpu, dataset, settings), settings)
  await trainRun(gpu, trained, task, { name: 'arousal' })

  const batch = Float32Array.from({ length: 8 * 3 * 2500 }, (_, i) => Math.sin(i / 40))
  Object.assign(globalThis, { device, gpu, eda, batch, recordings, phasicBuffer, model, trained, store: study(2, 2) })
`

beforeAll(async () => {
  const { dependencies, peerDependencies } = manifest
  await installPacked(home, Object.keys({ ...dependencies, ...peerDependencies }))
})

it('the programs run', async () => {
  const programs = [...text.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code]) => code!)
  expect(programs.length).toBeGreaterThanOrEqual(6)
  const names = programs.map((_, i) => `program_${i}.mjs`)
  for (const [i, code] of programs.entries()) {
    const { code: script } = await transform(code, { loader: 'ts', format: 'esm', target: 'es2022' })
    writeFiles(home, { [names[i]!]: script })
  }
  const runner = `
    import { errors } from './given.mjs'
    for (const name of ${JSON.stringify(names)}) {
      await import('./' + name)
      await device.queue.onSubmittedWorkDone()
      console.log('ran', name)
    }
    await gpu.idle()
    if (errors.length > 0) throw new Error(errors.join('; '))
    await gpu.close()
    device.destroy()
    await device.lost
  `
  writeFiles(home, { 'given.mjs': GIVEN, 'runner.mjs': runner })
  const { stdout, stderr, status } = spawnSync(process.execPath, ['runner.mjs'], { cwd: home, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  expect(stdout.match(/^ran .*/gm)).toEqual(names.map((name) => `ran ${name}`))
  expect(stdout).toMatch(/^\S+ 0\.\d+ (low|high)$/m) // of a prediction
})

/** The rows of the table, by their call: submits, readbacks, uploads, buffers made. */
const TOLD = Object.fromEntries(
  [...text.matchAll(/^\| `([^`]+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$/gm)].map(([, call, ...counts]) => [
    call!,
    counts.map(Number),
  ]),
)

it('a call costs what the document says', async () => {
  const owner = await openGpu()
  const { device } = owner
  let counts = [0, 0, 0, 0]
  const watch = <T extends object>(object: T, name: keyof T & string, place: number): void => {
    const act = (object[name] as (...args: unknown[]) => unknown).bind(object)
    Object.assign(object, { [name]: (...args: unknown[]) => (counts[place]!++, act(...args)) })
  }
  watch(device.queue, 'submit', 0)
  watch(device.queue, 'writeBuffer', 2)
  const createBuffer = device.createBuffer.bind(device)
  device.createBuffer = (descriptor) => {
    counts[3]!++
    const buffer = createBuffer(descriptor)
    watch(buffer, 'mapAsync', 1)
    return buffer
  }
  const found: Record<string, number[]> = {}
  const count = async <T>(call: string, act: () => T | Promise<T>): Promise<T> => {
    counts = [0, 0, 0, 0]
    const result = await act()
    found[call] = [...counts]
    return result
  }

  const gpu = await count('Gpu.fromDevice(device)', () => Gpu.fromDevice(device))
  const buffer = createBuffer({ size: 800, usage: 0x80 | 4 | 8 })
  const tensor = await count('gpu.wrap(buffer, shape)', () => gpu.wrap(buffer, [1, 200]))
  const plan = new Plan(gpu)
  plan.output('y', relu(plan, plan.input('x', [4, 4])))
  await count('plan.compile()', () => plan.compile())
  await count('plan.write(name, data)', () => plan.write('x', new Float32Array(16)))
  await count('plan.run()', () => plan.run())
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  await count('plan.encode(pass)', () => plan.encode(pass))
  pass.end()
  await count('plan.read(name)', () => plan.read('y'))
  await count('gpu.idle()', () => gpu.idle())
  const signal = Float64Array.from({ length: 200 }, (_, i) => Math.sin(i / 9) + ((3 * i) % 37) / 20)
  const [result] = await count('decompose(gpu, signals, …)', () => decompose(gpu, [signal], { sampleRate: 8 }))
  expect(Math.ceil((result!.iterations + 1) / 4)).toBe(4)
  gpu.write(tensor, signal)
  const into = Object.fromEntries(
    ['phasic', 'tonic', 'driver', 'residual'].map((name) => [name, gpu.tensor([1, 200], 'f32', name)]),
  )
  await count('decomposeOn(gpu, signals, { into, … })', () => decomposeOn(gpu, tensor, { sampleRate: 8, into }))
  expect(found).toEqual(TOLD)
  await owner.close()
})
