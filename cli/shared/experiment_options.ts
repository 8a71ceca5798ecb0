// The options of `experiment`, and the settings that all rows share.
import { Command } from 'commander'
import { PROTOCOLS, type Protocol } from '../../src/experiments/grid.ts'
import { parseShard, type Shard } from '../../src/experiments/shard.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import type { RunSettings } from '../../src/train/defaults.ts'
import { adapterOption } from './context.ts'
import type { OutputOptions } from './output.ts'
import { addPrepareOptions, type PrepareFlags } from './prepare_options.ts'
import { addConfigOptions, type ConfigOptions } from './train_options.ts'
import { integer, oneOf } from './values.ts'

/** All options of `experiment`. */
export interface ExperimentCommandOptions extends ConfigOptions, OutputOptions, OpenOptions, PrepareFlags {
  data?: string[]
  out?: string
  grid?: string
  example?: boolean
  length?: number
  protocol: Protocol | 'all'
  repeats: number
  /** Run every row once more with shuffled labels. */
  control?: true
  plan?: boolean
  jobs: number
  shard?: Shard
  render?: string
  trial?: string
}

/** Options of `train` that a table or the data decide. */
const DECIDED = [
  'dimension',
  'target',
  'levels',
  'signals',
  'music',
  'share',
  'control',
  'foldSeed',
  'freeze',
  'choice',
  'only',
  'classWeights',
  'try',
]
/** Options of `train` that are settings under the same names. */
const SAME = [
  ...(['preset', 'labels', 'folds', 'validation', 'stratify', 'seed', 'drop', 'init', 'decay'] as const),
  ...(['decayEpochs', 'epochs', 'batch', 'patience', 'width'] as const),
]
const OPTIMIZER = ['optimizer', 'momentum', 'weightDecay'] as const

export function addExperimentOptions(command: Command): Command {
  command
    .option('--data <dirs...>', 'folders of PMEmo, DEAP, AMIGOS or another study, as distributed or prepared')
    .option('--out <dir>', 'folder for jobs, tables and figures; what is finished there is not run again')
    .option('--grid <file>', 'a table of your own, as JSON (--example prints one)')
    .option('--example', 'print a grid to begin with')
    .option('--protocol <name>', `${PROTOCOLS.join(', ')} or all`, oneOf('--protocol', [...PROTOCOLS, 'all']), 'honest')
    .option('--repeats <n>', 'seeds, from --seed on, over the same folds', integer('--repeats'), 1)
    .option('--control', 'every row once more with labels shuffled within subjects, which must give chance')
    .option('--plan', 'say what would be run and how long it would take; start nothing')
    .option('--jobs <n>', 'processes that run jobs side by side', integer('--jobs'), 1)
    .option('--shard <part>', 'run this part of the jobs only, such as 1/3', parseShard)
    .option('--render <dir>', 'draw the tables of a folder again; run nothing')
    .option('--trial <id>', "of figures5-8: whose maps they show (default: the paper's, else the first test trial)")
    .option('--length <n>', 'points per channel of what is prepared here (default: 2500)', integer('--length'))
  addPrepareOptions(command)
  for (const option of addConfigOptions(new Command()).options)
    if (!DECIDED.includes(option.attributeName()))
      command.addOption(option.default(undefined, 'as the protocol has it'))
  return command.addOption(adapterOption()).option('--json', 'print one JSON document').option('--quiet', 'no progress')
}

/** The settings that were given; an optimizer takes the place of the protocol's as a whole. @throws UsageError */
export function sharedSettings(options: ExperimentCommandOptions): RunSettings {
  const same = Object.fromEntries(SAME.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])))
  const { optimizer: name, momentum, weightDecay = 0, lr: learningRate, set = {} } = given(options)
  if (name === undefined && OPTIMIZER.some((option) => options[option] !== undefined))
    throw new UsageError('--momentum and --weight-decay are of an optimizer: give --optimizer as well')
  if (name !== undefined && name !== 'sgd' && momentum !== undefined)
    throw new UsageError(`--momentum is of sgd, and --optimizer is ${name}`)
  const optimizer = name && (name === 'sgd' ? { name, momentum: momentum ?? 0, weightDecay } : { name, weightDecay })
  return {
    ...same,
    ...(optimizer && { optimizer }),
    ...(learningRate !== undefined && { learningRate }),
    ...(Object.keys(set).length > 0 && { model: set }),
  }
}

/** Options without a default may be absent, whatever `train` says of them. */
const given = (options: ExperimentCommandOptions): Partial<ConfigOptions> => options

/** @throws UsageError for numbers that are too small */
export function checkCounts({ jobs, repeats }: Pick<ExperimentCommandOptions, 'jobs' | 'repeats'>): void {
  for (const [name, value] of Object.entries({ jobs, repeats }))
    if (value < 1) throw new UsageError(`--${name} is ${value}, expected at least 1`)
}
