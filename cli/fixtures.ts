import { Command } from 'commander'
import { makeRecording, makeTrialTable } from '../src/datasets/synthetic.ts'
import { LOOKALIKES, makeLookalike, type LookalikeKind } from '../src/datasets/lookalike/make.ts'
import { EDA_KINDS, edaFiles, makeEda, type EdaKind } from '../src/datasets/synthetic_eda.ts'
import { toDocument } from '../src/formats/documents.ts'
import { UsageError } from '../src/runtime/errors.ts'
import { NodeStore } from '../src/store/node.ts'
import { interruptible } from './shared/context.ts'
import { lateBar, Output, type OutputOptions } from './shared/output.ts'
import { given, integer, oneOf, positive, real } from './shared/values.ts'

interface MakeOptions extends OutputOptions {
  subjects?: number
  effect: number
  edaEffect?: number
  musicEffect?: number
  seed: number
  trials: number
  seconds?: number
  kind: EdaKind
  rate?: number
  full?: boolean
}

const KINDS = Object.keys(EDA_KINDS) as EdaKind[]

export function fixturesCommand(): Command {
  const make = new Command('make')
    .description('Generate a synthetic recording, a study with a known truth, or a look-alike of a dataset.')
    .argument(
      '<kind>',
      `recording; responses (a recording and its true responses); trials (a study with music vectors); or a look-alike: ${LOOKALIKES.join(', ')}`,
    )
    .argument('<dir>', 'folder to write')
    .option('--seed <s>', 'seed', integer('--seed'), 1)
    .option(
      '--seconds <s>',
      'length of the recording (120; with responses 600, of wear a day), mean length of a trial (40; of a look-alike its own)',
      real('--seconds'),
    )
    .option('--subjects <n>', 'listeners (12; of a look-alike 6 to 12, with --full all)', integer('--subjects'))
    .option('--effect <x>', 'how strongly emotion shows, 0 (not at all) to 1', real('--effect'), 1)
    .option('--eda-effect <x>', 'of a look-alike: in the skin alone (default: --effect)', real('--eda-effect'))
    .option('--music-effect <x>', 'of a look-alike: in the music alone (default: --effect)', real('--music-effect'))
    .option('--full', "a look-alike of the real set's size: everybody, unless --subjects is given, and every sample")
    .option('--trials <n>', 'trials per subject', integer('--trials'), 12)
    .option('--kind <name>', `of recording with responses: ${KINDS.join(', ')}`, oneOf('--kind', KINDS), 'clean')
    .option('--rate <hz>', 'of the recording with responses (4)', positive('--rate'))
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      '\nLook-alikes are described in docs/look_alikes.md.\n\nExamples:\n  galvani fixtures make recording first\n  galvani fixtures make responses known --kind noisy --rate 128\n  galvani fixtures make trials study --subjects 12 --effect 1 --seed 1\n  galvani fixtures make deap deap-alike --subjects 8 --eda-effect 1 --music-effect 0\n  galvani fixtures make pmemo2018 pmemo-alike --full',
    )
    .action(makeAction)
  return new Command('fixtures').description('Small data sets with a known truth.').addCommand(make)
}

async function makeAction(kind: string, dir: string, options: MakeOptions, command: Command): Promise<void> {
  const { seed, seconds } = options
  const length = given({ seconds })
  const output = new Output(options)
  const lookalike = LOOKALIKES.find((one) => one === kind)
  if (lookalike) return await writeLookalike(lookalike, dir, options, { command, output })
  requireNoneOf(command, ['edaEffect', 'musicEffect', 'full'], `a look-alike: galvani fixtures make ${LOOKALIKES[0]!}`)
  if (kind === 'recording' || kind === 'responses')
    requireNoneOf(command, ['subjects', 'effect', 'trials'], 'a study: galvani fixtures make trials')
  if (kind !== 'responses')
    requireNoneOf(command, ['kind', 'rate'], 'a recording with its truth: galvani fixtures make responses')
  if (kind === 'responses') {
    const rate = options.rate === undefined ? {} : { sampleRate: options.rate }
    const files = edaFiles(makeEda(options.kind, seed, { ...length, ...rate }))
    for (const [name, text] of Object.entries(files)) await new NodeStore(dir).write(name, text)
    return output.result(
      toDocument('fixtures', { dir, files: Object.keys(files), synthetic: true, seed }),
      `wrote a synthetic recording (${options.kind}, seed ${seed}) and its true responses to ${dir}`,
    )
  }
  if (kind === 'recording') {
    await new NodeStore(dir).write('synthetic.csv', makeRecording({ seed, ...length }))
    const result = { dir, files: ['synthetic.csv'], synthetic: true, seed }
    return output.result(
      toDocument('fixtures', result),
      `wrote a synthetic recording (seed ${seed}) to ${dir}/synthetic.csv`,
    )
  }
  if (kind !== 'trials')
    throw new UsageError(
      `fixtures make: kind '${kind}' is unknown; use recording, responses, trials or one of ${LOOKALIKES.join(', ')}`,
    )
  const { subjects = 12, effect, trials } = options
  const files = makeTrialTable({ subjects, effect, seed, trialsPerSubject: trials, ...length })
  const store = new NodeStore(dir)
  for (const [name, text] of Object.entries(files)) await store.write(name, text)
  const result = { dir, files: Object.keys(files), synthetic: true, subjects, effect, seed }
  output.result(
    toDocument('fixtures', result),
    `wrote a synthetic study of ${subjects} subjects (effect ${effect}, seed ${seed}) to ${dir}`,
  )
}

async function writeLookalike(
  kind: LookalikeKind,
  dir: string,
  { subjects, effect, edaEffect, musicEffect, seed, seconds, full }: MakeOptions,
  { command, output }: { command: Command; output: Output },
): Promise<void> {
  requireNoneOf(command, ['trials'], 'a study: galvani fixtures make trials')
  requireNoneOf(command, ['kind', 'rate'], 'a recording with its truth: galvani fixtures make responses')
  const bar = lateBar(output, kind)
  const settings = { kind, name: dir, effect, seed, ...given({ subjects, edaEffect, musicEffect, seconds, full }) }
  const hooks = { onProgress: bar.update, signal: interruptible() }
  const made = await makeLookalike(new NodeStore(dir), settings, hooks).finally(bar.stop)
  output.result(
    toDocument('fixtures', { dir, synthetic: true, ...made }),
    `wrote a synthetic look-alike of ${kind} to ${dir}: ${made.subjects} subjects, ${made.recordings} recordings ` +
      `(EDA effect ${made.edaEffect}, music effect ${made.musicEffect}, seed ${made.seed})`,
  )
}

/** @throws UsageError naming an option that only another kind has */
function requireNoneOf(command: Command, names: readonly string[], owner: string): void {
  const found = names.find((name) => command.getOptionValueSource(name) === 'cli')
  if (found !== undefined)
    throw new UsageError(`--${found.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} belongs to ${owner}`)
}
