// How models are trained and judged, as data: what a table's numbers mean.
import { parseFoldScheme, type FoldPlan } from '../evaluation/folds.ts'
import { canonical } from '../formats/canonical.ts'
import { UsageError } from '../runtime/errors.ts'
import type { RunConfig } from '../train/config.ts'
import { defaultRun, type RunSettings } from '../train/defaults.ts'
import type { GridDataset, Protocol } from './grid.ts'

type Named = Exclude<GridDataset, 'any'>

interface ProtocolData {
  /** The test part has people of the others, or something is chosen on it. */
  leaks: boolean
  /** How it is trained and judged, a clause each. */
  says: readonly string[]
  /** Of every dataset. */
  settings: RunSettings
  /** Of some. */
  of?: Readonly<Record<Named, RunSettings>>
}

/** The paper gives no number of epochs; these are the released code's. */
const EPOCHS = { pmemo: { epochs: 100 }, deap: { epochs: 300 }, amigos: { epochs: 1000 } } as const
/** More than any number of epochs: nothing stops early. */
const NEVER = 1_000_000

const sgd = (momentum: number, weightDecay: number) => ({ name: 'sgd', momentum, weightDecay }) as const

export const protocols: Readonly<Record<Protocol, ProtocolData>> = {
  honest: {
    leaks: false,
    says: [
      'folds by subject: nobody is in the training and the test part',
      'the epoch is chosen on training subjects who were held out',
      'Adam, 30 epochs at most, batches of 32, He initialisation',
    ],
    settings: {},
  },
  paper: {
    leaks: false,
    says: [
      'as section 5.1: 10 folds by subject, SGD without momentum, rate 0.001 times 0.9 every 15 epochs, batches of 256, weights from N(0, 0.01)',
      'nothing held out and no early stopping: the last epoch is tested',
      "epochs are the released code's (100 of PMEmo, 300 of DEAP, 1000 of AMIGOS), since the paper gives none; other data 100",
    ],
    settings: {
      ...{ folds: 'subject:10', validation: 0, init: 'paper', optimizer: sgd(0, 0), patience: NEVER },
      ...{ learningRate: 0.001, decay: 0.9, decayEpochs: 15, batch: 256, epochs: 100 },
    },
    of: EPOCHS,
  },
  released: {
    leaks: true,
    says: [
      'LEAKS, as the released code does: folds by trial, so that the same people are trained on and tested',
      'LEAKS: the epoch is chosen on the test part',
      'all folds are run, where the released code runs the first alone',
      'softmax twice, SGD with momentum 0.9, batches of 300, no decay of the rate; rate, weight decay and epochs by dataset as released (PMEmo 0.001, 0, 100; DEAP 0.1, 0.001, 300; AMIGOS 0.001, 0.01, 1000), other data as PMEmo',
    ],
    settings: {
      ...{ folds: 'random:10', validation: 0, choice: 'test', init: 'he', optimizer: sgd(0.9, 0), patience: NEVER },
      ...{ learningRate: 0.001, decay: 1, batch: 300, epochs: 100, model: { head: 'softmax' } },
    },
    of: {
      pmemo: EPOCHS.pmemo,
      deap: { ...EPOCHS.deap, learningRate: 0.1, optimizer: sgd(0.9, 0.001) },
      amigos: { ...EPOCHS.amigos, optimizer: sgd(0.9, 0.01) },
    },
  },
}

/** What a protocol sets for a dataset. */
export function protocolSettings(protocol: Protocol, dataset: GridDataset): RunSettings {
  const { settings, of } = protocols[protocol]
  return { ...settings, ...(dataset !== 'any' && of?.[dataset]) }
}

/**
 * Under a protocol without a leak nobody is tested who was trained on, and nothing is chosen on the test part, whatever the settings of a row
 * or the values of a column make of it. @throws UsageError naming the setting
 */
export function requireHonest(
  protocol: Protocol,
  { folds, choice }: Pick<RunConfig, 'folds' | 'choice'>,
  { subjectIndependent }: Pick<FoldPlan, 'subjectIndependent'>,
): void {
  if (protocols[protocol].leaks) return
  if (!subjectIndependent)
    throw new UsageError(
      `folds ${folds} test people who were trained on, which protocol ${protocol} never does; use subject:N, or --protocol released`,
    )
  if (choice !== undefined)
    throw new UsageError(
      `choice ${choice} chooses the epoch on the test part, which protocol ${protocol} never does; leave it out, or use --protocol released`,
    )
}

/** Settings of all rows as a protocol takes them: one that parts trials takes the number of `subject:N`. @throws UsageError for folds that do not fit */
export function sharedIn(protocol: Protocol, shared: RunSettings): RunSettings {
  if (shared.folds === undefined || !protocols[protocol].leaks) return shared
  const scheme = parseFoldScheme(shared.folds)
  if (scheme.kind === 'random' || scheme.kind === 'subject') return { ...shared, folds: `random:${scheme.count}` }
  throw new UsageError(
    `--folds ${shared.folds}: protocol ${protocol} parts single trials; use random:N, or subject:N for as many parts`,
  )
}

/** Settings that are no part of a protocol: seeds, the data and the network are told of elsewhere. */
const ELSEWHERE: readonly string[] = ['seed', 'drop', 'labels', 'preset', 'model', 'width']

/** What a protocol says of itself, after what is set for all rows in the place of some of it. */
export function saysOf(protocol: Protocol, shared: RunSettings, datasets: readonly GridDataset[]): string[] {
  const here = sharedIn(protocol, shared)
  const own = datasets.map((dataset): RunSettings => ({ ...defaultRun, ...protocolSettings(protocol, dataset) }))
  const names = (Object.keys(here) as (keyof RunSettings)[]).filter((name) => !ELSEWHERE.includes(name))
  const changed = names.filter((name) => own.some((settings) => canonical(settings[name]) !== canonical(here[name])))
  const said = changed.map((name) => `${name} ${canonical(here[name]).replaceAll('"', '')}`)
  const { says } = protocols[protocol]
  return said.length === 0 ? [...says] : [`HERE, in the place of what follows: ${said.join(', ')}`, ...says]
}
