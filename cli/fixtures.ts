import { Command } from 'commander'
import { makeTrialTable } from '../src/datasets/synthetic.ts'
import { UsageError } from '../src/runtime/errors.ts'
import { NodeStore } from '../src/store/node.ts'
import { Output, type OutputOptions } from './shared/output.ts'
import { integer, real } from './shared/values.ts'

interface MakeOptions extends OutputOptions {
  subjects: number
  effect: number
  seed: number
  trials: number
  seconds: number
}

export function fixturesCommand(): Command {
  const make = new Command('make')
    .description('Generate a synthetic study with a known truth.')
    .argument('<kind>', 'what to make: trials (a trial table with music vectors)')
    .argument('<dir>', 'folder to write')
    .option('--subjects <n>', 'listeners', integer('--subjects'), 12)
    .option('--effect <x>', 'how strongly emotion shows, 0 (not at all) to 1', real('--effect'), 1)
    .option('--seed <s>', 'seed', integer('--seed'), 1)
    .option('--trials <n>', 'trials per subject', integer('--trials'), 12)
    .option('--seconds <s>', 'mean length of a trial', real('--seconds'), 40)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  galvani fixtures make trials study --subjects 12 --effect 1 --seed 1')
    .action(makeAction)
  return new Command('fixtures').description('Small data sets with a known truth.').addCommand(make)
}

async function makeAction(kind: string, dir: string, options: MakeOptions): Promise<void> {
  if (kind !== 'trials') throw new UsageError(`fixtures make: kind '${kind}' is unknown; use trials`)
  const { subjects, effect, seed, trials, seconds } = options
  const files = makeTrialTable({ subjects, effect, seed, trialsPerSubject: trials, seconds })
  const store = new NodeStore(dir)
  for (const [name, text] of Object.entries(files)) await store.write(name, text)
  const result = { dir, files: Object.keys(files), synthetic: true, subjects, effect, seed }
  new Output(options).result(result, `wrote a synthetic study of ${subjects} subjects (effect ${effect}, seed ${seed}) to ${dir}`)
}
