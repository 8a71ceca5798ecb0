import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { TOLERANCES } from '../../bench/peer_agreement.ts'
import { findPeers, ownProgram, PEERS, type PeerName } from '../../bench/peer_programs.ts'
import { CHECKED_STEPS, comparePeers, type PeersResult, type PeerTimes } from '../../bench/peers.ts'
import { toDocument } from '../../src/formats/documents.ts'
import { CheckError, DeviceError, UsageError } from '../../src/runtime/errors.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import { count, milliseconds } from './options.ts'
import { adapterOption, interruptible } from '../shared/context.ts'
import { Output, percent, table, type OutputOptions } from '../shared/output.ts'
import { oneOf } from '../shared/values.ts'

interface Options extends OutputOptions, OpenOptions {
  batch: number
  rounds: number
  peers?: PeerName[]
  python: string
  threads: number
}

const notes = `
Every program runs in a process of its own and has the machine to itself during its steps: one of ours, one of each peer, round
after round. Slow ones get fewer rounds. The answers must agree.

The JavaScript ones are installed by \`npm ci --prefix bench/peers\`.

Examples:
  galvani bench peers --batch 8 --peers jax-js,tfjs-webgpu
  galvani bench peers --peers torch --python /usr/bin/python3 --json`

export function benchPeersCommand(): Command {
  return new Command('peers')
    .description(
      'Time a training step (preset paper) beside PyTorch, jax-js and TensorFlow.js, as far as they are installed.',
    )
    .option('--batch <n>', 'trials of a step', count('--batch'), 32)
    .option('--rounds <n>', 'steps that are timed, after a first one', rounds, 7)
    .option(
      '--peers <names>',
      `of ${PEERS.join(', ')}, separated by commas (default: all that are installed)`,
      peerNames,
    )
    .option('--python <program>', 'an interpreter with PyTorch', 'python3')
    .option('--threads <n>', 'of PyTorch on a CPU (default: one a core)', count('--threads'), availableParallelism())
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', notes)
    .action(peersAction)
}

function rounds(text: string): number {
  const value = count('--rounds')(text)
  if (value >= CHECKED_STEPS - 1) return value
  throw new UsageError(
    `--rounds is ${value}, expected at least ${CHECKED_STEPS - 1}: answers are compared after ${CHECKED_STEPS} steps`,
  )
}

const peerNames = (text: string): PeerName[] => [...new Set(text.split(',').map(oneOf('--peers', PEERS)))]

async function peersAction(options: Options): Promise<void> {
  const output = new Output(options)
  const { programs, missing } = findPeers(options.peers, options)
  if (programs.length === 0) throw new UsageError(`no peer is installed (${missing.join('; ')})`)
  for (const line of missing) output.note(line)
  const { batch, threads } = options
  const bar = output.progress('peers', (programs.length + 1) * (options.rounds + 1))
  const result = await comparePeers({
    ...{ ours: ownProgram(options), peers: programs, batch, rounds: options.rounds, threads },
    signal: interruptible(),
    onProgress: (done, name) => bar.update(done, name),
  }).finally(bar.stop)
  output.result(toDocument('bench-peers', result), resultText(result))
  check(result)
}

function resultText({ batch, ours, peers, failed }: PeersResult): string {
  const header = ['', 'first step', '(CPU)', 'a step', 'least', 'spread', '(CPU)', 'rounds', 'ratio', 'agrees']
  const row = (times: PeerTimes, ratio: string, agrees: string): string[] => [
    times.name,
    ...[seconds(times.first_step_ms / 1000), seconds(times.first_step_cpu_s)],
    ...[
      milliseconds(times.ms_median),
      milliseconds(times.ms_min),
      percent(times.spread),
      milliseconds(times.cpu_ms_median),
    ],
    ...[`${times.rounds}`, ratio, agrees],
  ]
  const rows = peers.map((peer) => row(peer, `${peer.ratio.toPrecision(3)} x`, peer.agrees ? 'yes' : 'NO'))
  const about = [ours, ...peers].map(
    ({ name, versions, adapter }) =>
      `${name}: ${[adapter, ...Object.entries(versions).map(([what, version]) => `${what} ${version}`)].join(', ')}`,
  )
  const failures = failed.map(({ message }) => message)
  const title = `One training step, preset paper, batch ${batch}; ratio: how many times as long as ours`
  return [title, table(header, [row(ours, '', ''), ...rows]), '', ...about, ...failures].join('\n')
}

const seconds = (value: number): string => `${Number(value.toPrecision(3))} s`

/** @throws CheckError unless all agree; DeviceError if one failed */
function check({ peers, failed }: PeersResult): void {
  const wrong = peers.find(({ agrees }) => !agrees)
  if (wrong) {
    const [loss, change] = [wrong.loss_error.toExponential(1), wrong.change_error.toExponential(1)]
    throw new CheckError(
      `${wrong.name} computes something else: losses differ by ${loss} (allowed ${TOLERANCES.loss}), the parameters' changes by ` +
        `${change} (allowed ${TOLERANCES.change}); its times say nothing`,
    )
  }
  if (failed[0]) throw new DeviceError(failed[0].message)
}
