// The same training step by several programs: galvani and its peers run in processes of their own, one at a time, round after round,
// and their answers are compared. The programs and what they are told: peers/README.md.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseSafetensors, serializeSafetensors } from '../src/formats/safetensors.ts'
import { presets } from '../src/model/config.ts'
import { initialise } from '../src/model/init.ts'
import { summarise } from '../src/model/summary.ts'
import { DeviceError, GalvaniError } from '../src/runtime/errors.ts'
import { Random } from '../src/runtime/random.ts'
import { changeError, lossError, TOLERANCES, type NamedData } from './peer_agreement.ts'
import { converse, type Conversation } from './peer_process.ts'
import { timingOf } from './timing.ts'

/** Answers are compared after this many steps. */
export const CHECKED_STEPS = 3
/** A program gets no further rounds once its steps have taken this long together. */
const BUDGET_MS = 60_000
/** Before each step: threads of a program that is done (OpenMP's, OpenBLAS's) keep a core busy for a while, waiting for more. */
const QUIET_MS = 200
const RATE = 0.001
const MOMENTUM = 0.9

/** How a program is started; it also gets the arguments that all have in common. */
export interface PeerProgram {
  name: string
  command: string
  args: readonly string[]
}

export interface PeersOptions {
  ours: PeerProgram
  peers: readonly PeerProgram[]
  batch: number
  /** Timed steps after the first one, at least CHECKED_STEPS - 1; slow programs get fewer. */
  rounds: number
  /** Threads that programs on the CPU may use. */
  threads: number
  signal?: AbortSignal | undefined
  /** Hears whose step begins, and how many are done. */
  onProgress?: (done: number, name: string) => void
}

/** What a program says of itself. */
export interface PeerAbout {
  versions: Readonly<Record<string, string>>
  /** GPU or CPU. */
  adapter: string
}

/** Times of one program, in its own measure: from the call until the device has finished. */
export interface PeerTimes extends PeerAbout {
  name: string
  /** Timed steps it got. */
  rounds: number
  /** With compilation; caches of compilers are empty unless the environment names their folder. */
  first_step_ms: number
  first_step_cpu_s: number
  ms_median: number
  ms_min: number
  /** (largest - least) / median. */
  spread: number
  cpu_ms_median: number
}

export interface PeerResult extends PeerTimes {
  /** Its median over ours of the same rounds. */
  ratio: number
  /** Largest relative difference of a loss in the first CHECKED_STEPS steps. */
  loss_error: number
  /** Difference of the parameters' changes in these steps, for the worst tensor (peer_agreement.ts). */
  change_error: number
  agrees: boolean
}

/** The figures of `galvani bench peers`, under the names of its JSON document. */
export interface PeersResult {
  preset: 'paper'
  batch: number
  rounds: number
  ours: PeerTimes
  peers: PeerResult[]
  failed: { name: string; message: string }[]
}

/**
 * Runs all programs. One that fails is reported as such, and the others go on without it.
 * @throws DeviceError when our own program fails
 */
export async function comparePeers(options: PeersOptions): Promise<PeersResult> {
  const { ours, peers, batch, rounds } = options
  const folder = await mkdtemp(join(tmpdir(), 'galvani-peers-'))
  const runs = [ours, ...peers].map((program) => new PeerRun(program, folder, options))
  try {
    const before = await writeProblem(folder, batch)
    await inTurn(runs, options)
    const [own, ...others] = runs as [PeerRun, ...PeerRun[]]
    const failed = others.flatMap(({ program: { name }, failure }) =>
      failure === null ? [] : [{ name, message: failure.message }],
    )
    const results = others.filter(({ failure }) => failure === null).map((run) => resultOf(run, own, before))
    return { preset: 'paper', batch, rounds, ours: own.times(), peers: results, failed }
  } finally {
    await Promise.all(runs.map((run) => run.end()))
    await rm(folder, { recursive: true, force: true })
  }
}

/** First steps, then the rounds; whoever is not in turn waits. */
async function inTurn(runs: readonly PeerRun[], { rounds, signal: abort, onProgress }: PeersOptions): Promise<void> {
  let done = 0
  for (const run of runs) await run.start()
  for (let round = 0; round <= rounds; round++) {
    for (const run of runs) {
      await pause(QUIET_MS)
      abort?.throwIfAborted()
      onProgress?.(done++, run.program.name)
      await run.step()
    }
  }
}

/** A program and what it has answered so far. */
class PeerRun {
  /** Why it takes no further part. */
  failure: Error | null = null
  readonly steps: StepAnswer[] = []
  /** After CHECKED_STEPS steps. */
  parameters: NamedData = new Map()
  private about: PeerAbout = { versions: {}, adapter: '' }
  private conversation: Conversation | null = null

  constructor(
    readonly program: PeerProgram,
    private readonly folder: string,
    private readonly options: PeersOptions,
  ) {}

  /** Waits until it has loaded its libraries and the problem. */
  async start(): Promise<void> {
    const {
      program: { name, command, args },
      options: { threads, signal: abort },
      folder,
    } = this
    const settings = { ...filesOf(folder), answers: this.answers, rate: RATE, momentum: MOMENTUM, threads }
    const common = Object.entries(settings).flatMap(([option, value]) => [`--${option}`, `${value}`])
    const caches = join(folder, `${name}-cache`)
    await mkdir(caches)
    const launch = {
      command,
      args: [...args, ...common],
      env: freshCaches(caches),
      signal: abort,
      startedBy: command,
      name,
    }
    this.conversation = converse(launch)
    await this.attempt(async ({ answer }) => {
      this.about = (await answer()) as PeerAbout
    })
  }

  /** One step more, unless it has failed or has had its time. */
  async step(): Promise<void> {
    const timed = this.steps.slice(1).reduce((sum, { ms }) => sum + ms, 0)
    if (this.steps.length >= CHECKED_STEPS && timed > BUDGET_MS && this.program !== this.options.ours) return
    await this.attempt(async ({ ask, answer }) => {
      ask('step')
      this.steps.push((await answer()) as StepAnswer)
      if (this.steps.length !== CHECKED_STEPS) return
      ask('save')
      await answer()
      this.parameters = await readTensors(this.answers, this.program.name)
    })
  }

  times(): PeerTimes {
    const [first, ...timed] = this.steps as [StepAnswer, ...StepAnswer[]]
    const { median, min, spread } = timingOf(timed.map(({ ms }) => ms))
    return {
      ...{ name: this.program.name, ...this.about, rounds: timed.length },
      ...{ first_step_ms: first.ms, first_step_cpu_s: first.cpu_ms / 1000 },
      ...{ ms_median: median, ms_min: min, spread, cpu_ms_median: timingOf(timed.map(({ cpu_ms }) => cpu_ms)).median },
    }
  }

  async end(): Promise<void> {
    await this.conversation?.end()
  }

  private get answers(): string {
    return join(this.folder, `${this.program.name}-answers.safetensors`)
  }

  /** A failure of ours, and an interruption, end the whole run. */
  private async attempt(work: (conversation: Conversation) => Promise<void>): Promise<void> {
    if (this.failure !== null || this.conversation === null) return
    try {
      await work(this.conversation)
    } catch (error) {
      if (this.program === this.options.ours || !(error instanceof GalvaniError)) throw error
      this.failure = error
    }
  }
}

interface StepAnswer {
  ms: number
  /** CPU time of all threads of the process. */
  cpu_ms: number
  loss: number
}

function resultOf(run: PeerRun, own: PeerRun, before: NamedData): PeerResult {
  const times = run.times()
  const ours = timingOf(own.steps.slice(1, run.steps.length).map(({ ms }) => ms))
  const losses = ({ steps }: PeerRun): number[] => steps.slice(0, CHECKED_STEPS).map(({ loss }) => loss)
  const loss_error = lossError(losses(run), losses(own))
  const change_error = changeError(run.parameters, own.parameters, before)
  const agrees = loss_error <= TOLERANCES.loss && change_error <= TOLERANCES.change
  return { ...times, ratio: times.ms_median / ours.median, loss_error, change_error, agrees }
}

const filesOf = (folder: string): { weights: string; batch: string } => ({
  weights: join(folder, 'weights.safetensors'),
  batch: join(folder, 'batch.safetensors'),
})

/** Writes initial weights and one batch of normal numbers, labels in turn. Returns the weights. */
async function writeProblem(folder: string, batch: number): Promise<NamedData> {
  const config = presets.paper
  const files = filesOf(folder)
  const weights = new Map(
    [...initialise(config, summarise(config), 'he', 1)].map(([name, { shape, data }]) => [
      name,
      { shape, data: Float32Array.from(data) },
    ]),
  )
  await writeFile(files.weights, serializeSafetensors(weights))
  const random = new Random(1)
  const normals = (...shape: number[]) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
  })
  const labels = { shape: [batch], data: Int32Array.from({ length: batch }, (_, i) => i % config.classes) }
  const eda = normals(batch, config.in_channels, config.length)
  const inputs = { eda, music: normals(batch, config.music_dim), labels }
  await writeFile(files.batch, serializeSafetensors(new Map(Object.entries(inputs))))
  return new Map([...weights].map(([name, { data }]) => [name, data]))
}

/** @throws DeviceError if the program did not write them */
async function readTensors(file: string, name: string): Promise<NamedData> {
  const bytes = await readFile(file).catch(() => {
    throw new DeviceError(`${name} did not write its parameters`)
  })
  return new Map([...parseSafetensors(bytes, file).tensors].map(([name, { data }]) => [name, data as Float32Array]))
}

/**
 * Compilers that keep their results on disk find none, unless the environment names the folder: what a first step takes is then the
 * same whatever ran before.
 */
function freshCaches(folder: string): Record<string, string> {
  const variables = [
    'MESA_SHADER_CACHE_DIR',
    '__GL_SHADER_DISK_CACHE_PATH',
    'TORCHINDUCTOR_CACHE_DIR',
    'TRITON_CACHE_DIR',
  ]
  return Object.fromEntries(variables.filter((name) => process.env[name] === undefined).map((name) => [name, folder]))
}
