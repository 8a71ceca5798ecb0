import { Command } from 'commander'
import { makeRecording, makeTrialTable } from '../src/datasets/synthetic.ts'
import { toDocument } from '../src/formats/documents.ts'
import { UsageError } from '../src/runtime/errors.ts'
import { NodeStore } from '../src/store/node.ts'
import { Output, type OutputOptions } from './shared/output.ts'
import { integer, real } from './shared/values.ts'

interface MakeOptions extends OutputOptions {
  subjects: number
  effect: number
  seed: number
  trials: number
  seconds?: number
}

export function fixturesCommand(): Command {
  const make = new Command('make')
    .description('Generate a synthetic recording, or a study with a known truth.')
    .argument('<kind>', 'what to make: recording, or trials (a trial table with music vectors)')
    .argument('<dir>', 'folder to write')
    .option('--seed <s>', 'seed', integer('--seed'), 1)
    .option('--seconds <s>', 'length of the recording (120), mean length of a trial (40)', real('--seconds'))
    .option('--subjects <n>', 'listeners', integer('--subjects'), 12)
    .option('--effect <x>', 'how strongly emotion shows, 0 (not at all) to 1', real('--effect'), 1)
    .option('--trials <n>', 'trials per subject', integer('--trials'), 12)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  galvani fixtures make recording first\n  galvani fixtures make trials study --subjects 12 --effect 1 --seed 1',
    )
    .action(makeAction)
  return new Command('fixtures').description('Small data sets with a known truth.').addCommand(make)
}

async function makeAction(kind: string, dir: string, options: MakeOptions, command: Command): Promise<void> {
  const { seed, seconds } = options
  const length = seconds === undefined ? {} : { seconds }
  const output = new Output(options)
  if (kind === 'recording') {
    requireNoneOfAStudy(command)
    await new NodeStore(dir).write('synthetic.csv', makeRecording({ seed, ...length }))
    const result = { dir, files: ['synthetic.csv'], synthetic: true, seed }
    return output.result(
      toDocument('fixtures', result),
      `wrote a synthetic recording (seed ${seed}) to ${dir}/synthetic.csv`,
    )
  }
  if (kind !== 'trials') throw new UsageError(`fixtures make: kind '${kind}' is unknown; use recording or trials`)
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

/** @throws UsageError naming an option that only a study has */
function requireNoneOfAStudy(command: Command): void {
  const given = ['subjects', 'effect', 'trials'].find((name) => command.getOptionValueSource(name) === 'cli')
  if (given !== undefined) throw new UsageError(`--${given} belongs to a study: galvani fixtures make trials`)
}
