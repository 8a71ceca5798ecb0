import { Command } from 'commander'
import { makeRecording, makeTrialTable } from '../src/datasets/synthetic.ts'
import { EDA_KINDS, edaFiles, makeEda, type EdaKind } from '../src/datasets/synthetic_eda.ts'
import { toDocument } from '../src/formats/documents.ts'
import { UsageError } from '../src/runtime/errors.ts'
import { NodeStore } from '../src/store/node.ts'
import { Output, type OutputOptions } from './shared/output.ts'
import { integer, oneOf, positive, real } from './shared/values.ts'

interface MakeOptions extends OutputOptions {
  subjects: number
  effect: number
  seed: number
  trials: number
  seconds?: number
  kind: EdaKind
  rate?: number
}

const KINDS = Object.keys(EDA_KINDS) as EdaKind[]

export function fixturesCommand(): Command {
  const make = new Command('make')
    .description('Generate a synthetic recording, or a study with a known truth.')
    .argument(
      '<kind>',
      'recording; responses (a recording and its true responses); trials (a study with music vectors)',
    )
    .argument('<dir>', 'folder to write')
    .option('--seed <s>', 'seed', integer('--seed'), 1)
    .option(
      '--seconds <s>',
      'length of the recording (120; with responses 600, of wear a day), mean length of a trial (40)',
      real('--seconds'),
    )
    .option('--subjects <n>', 'listeners', integer('--subjects'), 12)
    .option('--effect <x>', 'how strongly emotion shows, 0 (not at all) to 1', real('--effect'), 1)
    .option('--trials <n>', 'trials per subject', integer('--trials'), 12)
    .option('--kind <name>', `of recording with responses: ${KINDS.join(', ')}`, oneOf('--kind', KINDS), 'clean')
    .option('--rate <hz>', 'of the recording with responses (4)', positive('--rate'))
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  galvani fixtures make recording first\n  galvani fixtures make responses known --kind noisy --rate 128\n  galvani fixtures make trials study --subjects 12 --effect 1 --seed 1',
    )
    .action(makeAction)
  return new Command('fixtures').description('Small data sets with a known truth.').addCommand(make)
}

async function makeAction(kind: string, dir: string, options: MakeOptions, command: Command): Promise<void> {
  const { seed, seconds } = options
  const length = seconds === undefined ? {} : { seconds }
  const output = new Output(options)
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
    throw new UsageError(`fixtures make: kind '${kind}' is unknown; use recording, responses or trials`)
  const { subjects, effect, trials } = options
  const files = makeTrialTable({ subjects, effect, seed, trialsPerSubject: trials, ...length })
  const store = new NodeStore(dir)
  for (const [name, text] of Object.entries(files)) await store.write(name, text)
  const result = { dir, files: Object.keys(files), synthetic: true, subjects, effect, seed }
  output.result(
    toDocument('fixtures', result),
    `wrote a synthetic study of ${subjects} subjects (effect ${effect}, seed ${seed}) to ${dir}`,
  )
}

/** @throws UsageError naming an option that only another kind has */
function requireNoneOf(command: Command, names: readonly string[], owner: string): void {
  const given = names.find((name) => command.getOptionValueSource(name) === 'cli')
  if (given !== undefined) throw new UsageError(`--${given} belongs to ${owner}`)
}
