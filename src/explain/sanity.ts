// Whether maps may be believed: do they change when nothing is learned, and is what they name what the model needs?
import { checkNames, type Known } from '../runtime/arguments.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Random } from '../runtime/random.ts'
import { SANITY_STREAM } from '../evaluation/random_streams.ts'
import type { HostTensors } from '../model/weights.ts'
import { Predictor } from '../train/predictor.ts'
import type { TrainedModel } from '../train/checkpoint.ts'
import { ModelInputs } from '../train/inputs.ts'
import { checkCompute, type ComputeHooks, type TrainedRun } from '../train/trained_run.ts'
import { assignTrials } from './assign.ts'
import { deletionCurves, randomOrders, segmentOrder } from './deletion.ts'
import { checkSteps, modulesOf, STEPS, type ExplainedTrials } from './explain.ts'
import { winnerOf } from './explain_fold.ts'
import { foldTrials, using, withNetwork, type FoldTrials } from './fold_models.ts'
import type { Maps } from './map_array.ts'
import type { Module } from './maps.ts'
import { randomisedFromTop } from './randomised.ts'
import { SanityTally, type Sanity } from './sanity_tally.ts'
import { TrialMaps, type MapSettings } from './trial_maps.ts'

/** Random orders that a map's own is compared with: better than all of them happens once in twenty times by chance. */
const ORDERS = 19

/** How maps are checked. */
export interface SanityOptions extends Omit<ComputeHooks, 'onBaselines'> {
  fold?: string
  modules?: readonly Module[]
  /** Steps of integrated gradients, default 64; 0 leaves them out. */
  steps?: number
  /** Of random weights and orders; default the run's seed and 1, which no layer of it began with. */
  seed?: number
  /** A run of the same settings trained with `control`, labels shuffled within each person; without it that check is left out. */
  permuted?: TrainedRun
  /** Told how many models have been looked at, of all. */
  onChecked?: (done: number, total: number) => void
}

const OPTIONS: Known<SanityOptions> = {
  ...{ fold: true, modules: true, steps: true, seed: true, permuted: true, onChecked: true },
  ...{ onProgress: true, onWarning: true, signal: true },
}

/**
 * Checks every kind of map on trials of a run: against maps of models whose layers are random, one more each time from the top; against
 * those of a model that learned shuffled labels; and by what the class's probability does when the segments that the map names are
 * deleted or inserted first. All maps are of the class that the trained model predicts.
 * @throws UsageError, FormatError as `explain`; UsageError for a run of other settings as `permuted`
 */
export async function checkMaps(
  gpu: Gpu,
  run: TrainedRun,
  { dataset, trials }: ExplainedTrials,
  options: SanityOptions = {},
): Promise<Sanity> {
  checkNames('checkMaps', options, OPTIONS)
  const {
    fold,
    permuted,
    steps = STEPS,
    seed = run.config.seed + 1,
    onProgress,
    onWarning,
    signal,
    onChecked,
  } = options
  const hooks = { ...(onProgress && { onProgress }), ...(onWarning && { onWarning }), ...(signal && { signal }) }
  checkCompute('checkMaps', gpu, hooks)
  checkSteps('checkMaps', steps)
  if (permuted) requireControl(run, permuted)
  const assignments = await assignTrials(run, dataset, { trials, fold })
  const modules = modulesOf(run, options.modules)
  const folds = await foldTrials(gpu, run, dataset, assignments, hooks)
  const tally = new SanityTally(seed)
  let done = 0
  const plans = folds.map((of) => ({ of, others: othersOf(of, permuted, seed) }))
  const total = plans.reduce((sum, { others }) => sum + 1 + others.length, 0)
  for (const { of, others } of plans) {
    const settings = { modules, steps, batch: Math.min(of.config.batch, of.trials.length) }
    await checkFold({ gpu, of, settings, seed, signal }, others, tally, () => onChecked?.(++done, total))
  }
  return tally.report()
}

/** @throws UsageError unless the other run is this one with shuffled labels */
function requireControl({ config }: TrainedRun, { config: other }: TrainedRun): void {
  if (!other.control)
    throw new UsageError(
      'the run for the check with permuted labels was not trained with --control, which shuffles them',
    )
  for (const field of ['model', 'signals', 'folds', 'drop', 'dimension'] as const) {
    if (JSON.stringify(config[field]) !== JSON.stringify(other[field]))
      throw new UsageError(
        `the run for the check with permuted labels has another ${field}; train it with the settings of this one and --control`,
      )
  }
}

/** A model that is compared with the trained one. */
interface Other {
  /** A randomised layer, or null for permuted labels. */
  layer: string | null
  weights: HostTensors
  inputs: ModelInputs
}

/** @throws UsageError where the run with permuted labels lacks the fold */
function othersOf(
  { fold, config, model, set, inputs }: FoldTrials,
  permuted: TrainedRun | undefined,
  seed: number,
): Other[] {
  const randomised = randomisedFromTop(config.model, model.weights, seed).map((of): Other => ({ ...of, inputs }))
  if (!permuted) return randomised
  const place = permuted.folds.indexOf(fold)
  if (place < 0)
    throw new UsageError(
      `the run for the check with permuted labels has no trained fold '${fold}'; it has ${permuted.folds.join(', ')}`,
    )
  const { weights, scaling, listeners }: TrainedModel = permuted.models[place]!
  return [...randomised, { layer: null, weights, inputs: new ModelInputs(set, config.signals, scaling, listeners) }]
}

interface FoldCheck {
  gpu: Gpu
  of: FoldTrials
  settings: MapSettings
  seed: number
  signal: AbortSignal | undefined
}

async function checkFold(
  check: FoldCheck,
  others: readonly Other[],
  tally: SanityTally,
  onChecked: () => void,
): Promise<void> {
  const { of, settings, signal } = check
  const { classes, maps } = await trainedMaps(check, tally)
  onChecked()
  for (const { layer, weights, inputs } of others) {
    await withNetwork(check.gpu, of.config, weights, (network) =>
      using(TrialMaps.create(check.gpu, network, settings), (made) =>
        made.visit(inputs, { trials: of.trials, classOf: (trial) => classes.get(trial)!, signal }, (trial, now) =>
          tally.compare(layer, maps.get(trial)!, now),
        ),
      ),
    )
    onChecked()
  }
}

/** Maps of the trained model, and the classes that all maps are of; leaves the curves of deletion in the tally. */
async function trainedMaps({ gpu, of, settings, seed, signal }: FoldCheck, tally: SanityTally) {
  const { config, model, inputs, trials, assignments } = of
  const maps = new Map<number, Maps>()
  return withNetwork(gpu, config, model.weights, (network) =>
    using(Predictor.create(gpu, network, settings.batch), async (predictor) => {
      const rows = await predictor.predict(inputs, trials, signal)
      const classes = new Map(trials.map((trial, i) => [trial, winnerOf(rows[i]!)]))
      const classOf = (trial: number): number => classes.get(trial)!
      await using(TrialMaps.create(gpu, network, settings), (made) =>
        made.visit(inputs, { trials, classOf, signal }, (trial, own) => void maps.set(trial, own)),
      )
      for (const [i, trial] of trials.entries()) {
        const known = tally.begin(assignments[i]!.id, maps.get(trial)!)
        const own = known.map((name) => segmentOrder(maps.get(trial)![name]!))
        const orders = [
          ...own,
          ...own.map((order) => [...order].reverse()),
          ...randomOrders(ORDERS, new Random(seed, SANITY_STREAM + tally.trials.length)),
        ]
        const asked = { trial, class: classOf(trial), length: config.model.length, orders }
        tally.addCurves(known, await deletionCurves(predictor, inputs, asked, signal))
      }
      return { classes, maps }
    }),
  )
}
