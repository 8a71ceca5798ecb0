// Every kernel, as the model, the optimizers and the solver launch it, in wgsl_reflect's lockstep race detector: no GPU needed.
import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { detectRaces } from 'wgsl_reflect/wgsl_reflect.module.js'
import { recordCopies, recordFma } from '../../bench/probes.ts'
import { admm } from '../../src/cvxeda/admm.ts'
import { decomposeOn } from '../../src/cvxeda/decompose_on.ts'
import { interiorPoint } from '../../src/cvxeda/interior_point.ts'
import { createProblem } from '../../src/cvxeda/problem.ts'
import { batchNorm, batchNormBackward, batchNormVariants } from '../../src/kernels/batchnorm.ts'
import { conv1d, conv1dBackwardInput, conv1dBackwardWeight, conv1dVariants } from '../../src/kernels/conv1d/conv1d.ts'
import { optimizerStep } from '../../src/kernels/optimizer.ts'
import { clipMean, clipMeanBackward } from '../../src/kernels/clip_mean.ts'
import { clipBounds } from '../../src/kernels/clip_bounds.ts'
import { attentionVariants, attention, attentionBackward } from '../../src/kernels/attention.ts'
import { gradients } from '../../src/kernels/gradients.ts'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { Rtcan1d } from '../../src/model/rtcan1d.ts'
import { solveQp } from '../../src/qp/dense.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { Gpu } from '../../src/runtime/gpu.ts'
import { Plan, type Launch } from '../../src/runtime/plan.ts'
import { Random } from '../../src/runtime/random.ts'
import { packParams, specialise, type Constants, type Shader, type ShaderTypes } from '../../src/runtime/shader.ts'
import { shaderValues } from '../../src/runtime/shader_values.ts'
import type { Tensor } from '../../src/runtime/tensor.ts'
import { sizeOf } from '../../src/runtime/shape.ts'
import { choicesOf } from '../../src/verify/kernels.ts'
import { OpContext } from '../../src/verify/op_context.ts'
import { opCases, opRecords, type ListedCase } from '../../src/verify/op_list.ts'
import { describe as describeShader, shaderNames } from '../../tools/wgsl.mjs'
import { kernelChoices } from '../../src/kernels/choices.ts'

interface Dispatch {
  shader: Shader
  entry: string
  tensors: Readonly<Record<string, Tensor>>
  params: Readonly<Record<string, number>>
  constants: Constants
  groups: number
}

type FakeBuffer = { size: number; bytes: Uint8Array }

/** As much of a device as recording a plan needs: buffers that hold what is written to them. Subgroups have four lanes. */
function recordingDevice(): GPUDevice {
  const fake = {
    limits: { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 28, maxComputeWorkgroupStorageSize: 2 ** 14 },
    features: new Set(['subgroups']),
    adapterInfo: { subgroupMinSize: 4, subgroupMaxSize: 4 },
    lost: new Promise(() => {}),
    addEventListener: () => {},
    pushErrorScope: () => {},
    popErrorScope: () => Promise.resolve(null),
    createBuffer: ({ size, usage }: { size: number; usage: number }) => ({
      size,
      usage,
      bytes: new Uint8Array(size),
      destroy: () => {},
    }),
    queue: {
      writeBuffer: ({ bytes }: FakeBuffer, at: number, data: ArrayBuffer, from: number, count: number) =>
        bytes.set(new Uint8Array(data, from, count), at),
    },
  }
  return fake as unknown as GPUDevice
}

/** A small network, of either preset, in training and as it predicts; gradients of parameters and signals. */
function recordModel(gpu: Gpu, change: Partial<ModelConfig>, training: boolean): void {
  const small = {
    channels: 5,
    stage_channels: [6],
    units_per_stage: 1,
    length: 29,
    clips: 2,
    sca_reduction: 2,
    final_stride: 1,
  }
  const config = { ...presets[change.preset ?? 'paper'], ...small, final_pool: 1, music_dim: 3, hidden: [4], ...change }
  const plan = new Plan(gpu)
  const inputs = { eda: plan.input('eda', [2, config.in_channels, config.length]), music: plan.input('music', [2, 3]) }
  const forward = new Rtcan1d(gpu, config).forward(plan, inputs, { training, gradients, inputGradient: true })
  forward.backward(forward.loss(plan.input('targets', [2, config.classes])).dlogits)
}

function recordOptimizers(gpu: Gpu): void {
  const vector = () => gpu.tensor([70])
  const slabs = (state: Tensor[]) => ({ parameter: vector(), gradient: vector(), stepRate: gpu.tensor([4]), state })
  optimizerStep(new Plan(gpu), { name: 'sgd', momentum: 0.9, weightDecay: 0.1 }, slabs([vector()]))
  optimizerStep(new Plan(gpu), { name: 'adam', weightDecay: 0.1 }, slabs([vector(), vector()]))
  optimizerStep(new Plan(gpu), { name: 'adamw', weightDecay: 0.1 }, slabs([vector(), vector()]))
}

function recordProbes(gpu: Gpu): void {
  const plan = new Plan(gpu)
  for (const chains of [8, 24] as const) recordFma(plan, gpu.tensor([64]), chains, 1)
  recordCopies(plan, [gpu.tensor([256]), gpu.tensor([256])], 64, 1)
}

/** The solvers record their plans, then wait for their compilation, which ends them here. */
async function recordSolvers(gpu: Gpu): Promise<void> {
  const compile = vi.spyOn(Plan.prototype, 'compile').mockRejectedValue(new Error('recorded'))
  const problem = createProblem(6, 4, { deltaKnot: 8 })
  const signals = Array.from({ length: 2 }, () => ({ y: new Float64Array(problem.n).fill(1), alpha: 0.01 }))
  for (const form of ['per-signal', 'along-time'] as const) {
    await expect(interiorPoint.solve(gpu, problem, signals, { form, onProgress: () => {} })).rejects.toThrow('recorded')
  }
  const recordings = gpu.tensor([2, problem.n])
  for (const form of ['per-signal', 'along-time'] as const) {
    await expect(decomposeOn(gpu, recordings, { sampleRate: 4, deltaKnot: 8, form })).rejects.toThrow('recorded')
  }
  await expect(admm.solve(gpu, problem, signals, { onProgress: () => {} })).rejects.toThrow('recorded')
  const program = { P: [1, 0, 0, 1], q: [1, 1], A: [1, 1], l: [0], u: [1] }
  await expect(solveQp(gpu, [program, program])).rejects.toThrow('recorded')
  compile.mockRestore()
}

/** Normalisation by each variant, alone and at the end of a residual unit. */
function recordNormalisation(gpu: Gpu): void {
  const [x, vector] = [gpu.tensor([2, 7, 5]), () => gpu.tensor([5])]
  const tensors = { gamma: vector(), beta: vector(), runningMean: vector(), runningVar: vector() }
  for (const { name } of batchNormVariants.batchnorm) {
    for (const op of Object.keys(batchNormVariants)) kernelChoices(gpu).named.set(op, name)
    for (const join of [{}, { join: { skip: gpu.tensor(x.shape), relu: true } }]) {
      const plan = new Plan(gpu)
      const { y, saved } = batchNorm(plan, x, tensors, { training: true, relu: true, ...join })
      batchNormBackward(plan, y, saved, { dgamma: vector(), dbeta: vector() })
    }
  }
  kernelChoices(gpu).named.clear()
}

/** Each variant that the adapter would not choose for the small networks above. */
function recordVariants(gpu: Gpu): void {
  const convolve = (rows: number, channels: number, stride: number) => {
    const plan = new Plan(gpu)
    const [x, w, bias, g] = [
      gpu.tensor([2, rows, channels]),
      gpu.tensor([3, 8, 10]),
      gpu.tensor([10]),
      { stride, padding: 1 },
    ]
    const y = conv1d(plan, x, w, bias, g)
    conv1d(plan, x, w, null, g)
    conv1dBackwardWeight(plan, y, x, gpu.tensor(w.shape), gpu.tensor([10]), g)
    conv1dBackwardWeight(plan, y, x, gpu.tensor(w.shape), null, g)
    conv1dBackwardInput(plan, y, w, x.shape, g)
    conv1dBackwardInput(plan, y, w, x.shape, g, 'added', x)
  }
  const attend = () => {
    const plan = new Plan(gpu)
    const rows = () => gpu.tensor([2, 7, 5])
    const { saved } = attention(plan, rows(), rows(), rows(), clipBounds(7, 2), clipBounds(7, 2))
    attentionBackward(plan, rows(), saved)
  }
  const ops = Object.entries({ ...conv1dVariants, ...attentionVariants })
  for (const [op, variants] of ops) {
    for (const { name } of variants) {
      kernelChoices(gpu).named.set(op, name)
      try {
        if (op.startsWith('attention')) attend()
        else if (name.startsWith('tile'))
          convolve(150, 5, 1) // more rows than one chunk of a weight's gradient has
        else for (const stride of [1, 2]) convolve(4, 5, stride)
      } catch (error) {
        if (!(error instanceof UsageError)) throw error // it is for another class of adapters
      }
      kernelChoices(gpu).named.delete(op)
    }
  }
}

/** Elements of a case's inputs beyond which the detector takes seconds. */
const SMALL_CASE = 700
const isSmall = ({ inputs }: ListedCase): boolean => Object.values(inputs).every((shape) => sizeOf(shape) <= SMALL_CASE)

/** Cases of operators, by each of their kernels; what launches no kernel that was not seen before adds nothing. */
function recordOperators(gpu: Gpu, cases: readonly ListedCase[]): void {
  for (const { attrs, inputs, record } of cases) {
    if (record.run.on !== 'plan') continue
    const arrays = new Map(
      Object.entries(inputs).map(([name, shape]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }]),
    )
    for (const variants of [new Map<string, string>(), ...choicesOf(record)]) {
      variants.forEach((name, op) => kernelChoices(gpu).tuned.set(op, name))
      record.run.record(new OpContext(new Plan(gpu), arrays, attrs))
      kernelChoices(gpu).tuned.clear()
    }
  }
}

/** Tiles small enough for the detector, by shader. */
const SMALL_TILES: Readonly<Record<string, Constants>> = {
  'conv1d/tile': { ROWS: 8, COLUMNS: 4, DEPTH: 2, TM: 2, TN: 2, WORKGROUP: 8, ROW_LOADS: 2, COLUMN_LOADS: 4 },
  'batchnorm/column': { WORKGROUP: 8 },
  sca: { WORKGROUP: 4, LINES: 2 },
  channels: { WORKGROUP: 8 },
  'cvxeda/ends': { WORKGROUP: 8, THREADS: 8 },
  'conv1d/backward_tile': { ROWS: 4, COLUMNS: 4, DEPTH: 4, TM: 1, TN: 2, WORKGROUP: 8, ROW_LOADS: 2, COLUMN_LOADS: 2 },
}

/**
 * Every kernel once for each of its constants. The launch is one workgroup as wide as the whole dispatch: without barriers,
 * invocations of different workgroups are then as unordered as those of one, and the detector sees them all.
 */
async function recordKernels(): Promise<Map<string, Dispatch>> {
  const found = new Map<string, Dispatch>()
  const dispatch = vi
    .spyOn(Plan.prototype, 'dispatch')
    .mockImplementation((shader, entry, args, launch: Launch<ShaderTypes>) => {
      const { params = {}, ...tensors } = args as { params?: Record<string, number> } & Record<string, Tensor>
      const own = (launch.constants ?? {}) as Constants
      const small = SMALL_TILES[shader.name] && {
        ...own,
        ...SMALL_TILES[shader.name],
        ...('SUMS' in own && { SUMS: 2 * Number(own['C4']) }),
      }
      const told = ['has_bias', 'stride'].flatMap((name) =>
        params[name] === undefined ? [] : [`${name}=${params[name]}`],
      )
      const name = [`${shader.name}.${entry}`, JSON.stringify(small ?? own), ...told].join(' ')
      const groups = typeof launch.groups === 'number' ? launch.groups : launch.groups[0]
      const constants: Constants = small
        ? small
        : isTiled(shader) || 'SG' in shader.constants
          ? own
          : {
              ...own,
              WORKGROUP: shaderValues(shader).WORKGROUP! * groups,
            }
      if (!found.has(name)) found.set(name, { shader, entry, tensors, params, constants, groups })
    })
  const gpu = Gpu.fromDevice(recordingDevice())
  recordNormalisation(gpu) // first: of rows without clips, whose partial statistics the detector can follow
  recordModel(gpu, { shallow: false, attention: 'none' }, false)
  recordModel(gpu, { preset: 'paper' }, true)
  recordModel(gpu, { preset: 'released' }, true)
  recordModel(gpu, { attention: 'parallel', rnta_pool: 'avg2' }, true)
  recordOptimizers(gpu)
  recordProbes(gpu)
  clipMean(new Plan(gpu), gpu.tensor([2, 9, 5]), clipBounds(9, 3))
  clipMeanBackward(new Plan(gpu), gpu.tensor([2, 3, 5]), [2, 9, 5], clipBounds(9, 3))
  recordVariants(gpu)
  recordOperators(gpu, opCases.filter(isSmall))
  const info = { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: true }
  recordVariants(Gpu.fromDevice(recordingDevice(), { info }))
  await recordSolvers(gpu)
  dispatch.mockRestore()
  return found
}

/** Workgroup memory makes the workgroups of a dispatch what they are: it is run as launched. */
const isTiled = ({ source }: Shader): boolean => source.includes('var<workgroup>')

/** The detector knows subgroups only as far as what a broadcast returns, which no address depends on here. */
function withoutSubgroups(source: string, { SG }: Constants, groups: number): string {
  if (SG === undefined) return source
  return source
    .replace('enable subgroups;', '')
    .replaceAll('@workgroup_size(SG)', `@workgroup_size(${Number(SG) * groups})`)
    .replaceAll('group.y * groups.x + group.x', 'thread / SG')
    .replaceAll(
      '@builtin(subgroup_invocation_id) lane: u32) {',
      '@builtin(local_invocation_index) thread: u32) {\n  let lane = thread % SG;',
    )
}

/** The detector stores bools as numbers, and then refuses them as conditions. */
function withoutBoolArrays(source: string): string {
  const names = [...source.matchAll(/var (\w+): array<bool,/g)].map((match) => match[1])
  const reads = new RegExp(`\\b(${names.join('|')})\\[\\w+\\](?! =)`, 'g')
  return names.length === 0 ? source : source.replace(reads, '($& != 0u)').replaceAll('array<bool,', 'array<u32,')
}

/** Arbitrary numbers for floats; tables of clip bounds as the plan uploaded them; a solver state in which no signal is done. */
function contentsOf(name: string, { dtype, byteLength, storage }: Tensor, random: Random): Float32Array | Uint32Array {
  if (dtype !== 'f32') return new Uint32Array((storage.buffer as unknown as FakeBuffer).bytes.buffer, 0, byteLength / 4)
  const values = new Float32Array(byteLength / 4)
  return name === 'state' ? values : values.map(() => 0.5 + random.uniform())
}

function racesOf({ shader, entry, tensors, params, constants, groups }: Dispatch, edit = (source: string) => source) {
  const random = new Random(1)
  const bound: Record<number, unknown> = {}
  for (const [name, { binding }] of Object.entries(shader.entries[entry]!.bindings)) {
    bound[binding] = contentsOf(name, tensors[name]!, random)
  }
  const uniform = new Uint32Array(shader.params!.size / 4)
  packParams(shader, params, new DataView(uniform.buffer), 0)
  bound[shader.params!.binding] = { uniform }
  const source = edit(withoutSubgroups(withoutBoolArrays(specialise(shader, constants)), constants, groups))
  // It cannot add matrices, and prints so; no kernel computes an index from one.
  const print = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { races, errors } = detectRaces(source, entry, [isTiled(shader) ? groups : 1, 1, 1], { 0: bound })
  print.mockRestore()
  // It lets invocations share what is private to each.
  const shared = races.filter(({ bufferId }) => !new RegExp(`var<private> ${bufferId}\\b`).test(source))
  return [...shared.map(({ message }) => message), ...errors]
}

const kernels = await recordKernels()

describe('no two invocations touch one element unordered in', () => {
  it.each([...kernels.keys()])('%s', (name) => expect(racesOf(kernels.get(name)!)).toEqual([]))
})

it('every operator that runs in a plan has a case that is small enough', () => {
  const small = new Set(opCases.filter(isSmall).map(({ op }) => op))
  expect(opRecords.filter(({ op, run }) => run.on === 'plan' && !small.has(op)).map(({ op }) => op)).toEqual([])
})

// The detector sees one workgroup, so what a kernel makes of the number of its workgroup it does not see; verify does, where there are several.
it('every kernel of an operator is launched with several workgroups by some case', () => {
  const most = new Map<string, number>()
  const dispatch = vi.spyOn(Plan.prototype, 'dispatch').mockImplementation((shader, entry, _, { groups }) => {
    const count = typeof groups === 'number' ? groups : groups.reduce((product, of) => product * of, 1)
    const name = `${shader.name}.${entry}`
    most.set(name, Math.max(most.get(name) ?? 0, count))
  })
  recordOperators(Gpu.fromDevice(recordingDevice()), opCases)
  dispatch.mockRestore()
  // The mean loss of a batch is the work of one.
  expect([...most].filter(([, count]) => count === 1).map(([name]) => name)).toEqual([
    'softmax.mean',
    'squared_error.mean',
  ])
})

describe('the detector', () => {
  it('has seen every entry point of every shader', async () => {
    const seen = new Set([...kernels.values()].map(({ shader, entry }) => `${shader.name}.${entry}`))
    const entries = shaderNames().flatMap((name) => {
      const text = readFileSync(new URL(`../../shaders/${name}.wgsl`, import.meta.url), 'utf8')
      return Object.keys(describeShader(text, name).entries).map((entry) => `${name}.${entry}`)
    })
    expect([...seen].sort()).toEqual(entries.sort())
  })

  it('finds two invocations that write one element, also of different workgroups', () => {
    const relu = kernels.get('elementwise.relu {}')!
    expect(racesOf(relu, (source) => source.replaceAll('+ thread;', '+ thread / 2u;'))[0]).toMatch(/^Data race on 'y'/)
    expect(racesOf(relu, (source) => source.replaceAll('+ thread;', '+ thread % 4u;'))[0]).toMatch(/^Data race on 'y'/)
  })

  it.each([
    ['conv1d/lane.forward ', 'thread % SG;', 'thread % SG / 2u;'],
    ['attention/lane.forward ', 'thread % SG;', 'thread % SG / 2u;'],
    ['conv1d/tile.forward ', 'workgroupBarrier();', ''],
    ['batchnorm/column.forward ', 'workgroupBarrier();', ''],
    ['batchnorm/column.backward ', 'workgroupBarrier();', ''],
    ['sca.forward ', 'workgroupBarrier();', ''],
    ['sca_backward.backward ', 'workgroupBarrier();', ''],
    ['partial_sums.add ', '+ thread', '+ thread / 2u'],
    ['conv1d/backward_tile.weight ', 'workgroupBarrier();', ''],
    ['attention/tile.forward ', 'workgroupBarrier();', ''],
    ['channels.moments ', 'workgroupBarrier();', ''],
    ['cvxeda/ends.scale ', 'workgroupBarrier();', ''],
  ])('finds what is wrong with %s when it is', (prefix, right, wrong) => {
    // Once is enough; at others the detector's own stack overflows, so much does it find.
    const broken = [...kernels.keys()]
      .filter((name) => name.startsWith(prefix) && !/has_bias=0|stride=2/.test(name))
      .map((name) => racesOf(kernels.get(name)!, (source) => source.replaceAll(right, wrong)))
    expect(broken.length).toBeGreaterThan(0)
    for (const [first] of broken) expect(first).toMatch(/^Data race/)
  })

  it('finds an element that one invocation reads while another writes it', () => {
    const sgd = kernels.get('optimizer.sgd {}')!
    expect(racesOf(sgd, (source) => source.replace('* first_moment[i]', '* first_moment[i ^ 1u]'))[0]).toMatch(
      /^Data race on 'first_moment'/,
    )
  })
})
