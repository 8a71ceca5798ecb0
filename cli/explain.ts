import { resolve } from 'node:path'
import { Command } from 'commander'
import { assignTrials } from '../src/explain/assign.ts'
import { explain, explainedRun, type ExplainedTrials, type ExplainOptions } from '../src/explain/explain.ts'
import { saveExplanation, saveGroup } from '../src/explain/explained_files.ts'
import { GROUPINGS, type Explanation, type Grouping } from '../src/explain/explanation.ts'
import { MODULES, type Module } from '../src/explain/maps.ts'
import { checkMaps } from '../src/explain/sanity.ts'
import type { Sanity } from '../src/explain/sanity_tally.ts'
import { toDocument } from '../src/formats/documents.ts'
import { UsageError } from '../src/runtime/errors.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import type { OpenOptions } from '../src/runtime/node.ts'
import { NodeStore } from '../src/store/node.ts'
import { loadRun, requireReadable, type TrainedRun } from '../src/train/trained_run.ts'
import { adapterOption, computing, interruptible, withGpu } from './shared/context.ts'
import { addDataOptions, DATA, openDataset, requireFolder, type DataSource } from './shared/data_options.ts'
import { PageWriter } from './shared/explain_pages.ts'
import { explainedText, sanityText } from './shared/explain_text.ts'
import { lateBar, Output, type OutputOptions } from './shared/output.ts'
import { gsrDoubt } from './shared/run_folder.ts'
import { integer, oneOf } from './shared/values.ts'

interface ExplainFlags extends OutputOptions, OpenOptions, DataSource {
  run: string
  trial?: string
  trials?: string[]
  fold?: string
  module: Module | 'both'
  by?: Grouping
  steps?: number
  sanity?: boolean
  permuted?: string
  seed?: number
  out?: string
}

/** Trials whose maps are checked, from the first on: each is explained under a dozen models. */
const MOST_CHECKED = 20

export function explainCommand(): Command {
  const command = new Command('explain')
    .description(
      'What the models of a run saw in trials: maps of the attention modules and gradients over time (docs/explain.md).',
    )
    .requiredOption('--run <dir>', 'run folder')
    .requiredOption('--data <dir>', `${DATA}, or the output of \`galvani prepare\``)
    .option('--trial <id>', 'the trial to explain')
    .option('--trials <ids...>', 'several trials (default: all that the run tested)')
    .option('--fold <name>', 'the fold whose model explains (default: the one that was tested on the trial)')
    .option('--module <name>', 'attention module: sca, rnta or both', oneOf('--module', [...MODULES, 'both']), 'both')
    .option('--by <what>', 'also means over the trials of each class, subject or fold', oneOf('--by', GROUPINGS))
    .option('--steps <n>', 'steps of integrated gradients (64); 0: none', integer('--steps'))
    .option('--sanity', `check the maps of the first ${MOST_CHECKED} trials: random weights, deletion and insertion`)
    .option('--permuted <dir>', 'with --sanity: a run of the same settings trained with --control, for permuted labels')
    .option('--seed <s>', "with --sanity: of random weights and orders (the run's and 1)", integer('--seed'))
    .option('--out <dir>', 'folder for the maps (explain, in the run folder)')
  return addDataOptions(command)
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      '\nExamples:\n  galvani explain --run runs/arousal --data pmemo --trial 1_100184_A\n' +
        '  galvani explain --run runs/arousal --data pmemo --by class --sanity --json',
    )
    .action(explainAction)
}

async function explainAction(flags: ExplainFlags): Promise<void> {
  checkFlags(flags)
  const output = new Output(flags)
  const store = requireFolder(flags.run)
  const run = await loadRun(store, flags.run)
  const permuted =
    flags.permuted === undefined ? {} : { permuted: await loadRun(requireFolder(flags.permuted), flags.permuted) }
  const dataset = await openDataset(flags, run.config.dimension)
  requireReadable(run, dataset) // refuses before any work is spent
  const otherwise = await gsrDoubt(store, flags, dataset)
  if (otherwise !== undefined) output.note(otherwise)
  const trials = flags.trial === undefined ? flags.trials : [flags.trial]
  const asked = { dataset, ...(trials && { trials }) }
  await withGpu(flags, async (gpu) => {
    const out = flags.out ?? resolve(flags.run, 'explain')
    const sanity = flags.sanity ? await checkSome(gpu, run, asked, { ...permuted, flags, output }) : undefined
    const explained = await explainInto(gpu, run, asked, { flags, output, out, sanity })
    output.result(
      toDocument('explain', { run: flags.run, out, ...explained, ...(sanity && { sanity }) }),
      [explainedText(explained, out), ...(sanity ? [sanityText(sanity)] : [])].join('\n\n'),
    )
  })
}

/** @throws UsageError when options do not go together */
function checkFlags({ trial, trials, sanity, permuted, seed }: ExplainFlags): void {
  if (trial !== undefined && trials !== undefined)
    throw new UsageError('--trial names one trial and --trials several; use one of them')
  if (!sanity && permuted !== undefined) throw new UsageError('--permuted belongs to --sanity')
  if (!sanity && seed !== undefined) throw new UsageError('--seed belongs to --sanity')
}

const sharedOptions = ({ fold, module, steps }: ExplainFlags): Pick<ExplainOptions, 'fold' | 'modules' | 'steps'> => ({
  ...(fold !== undefined && { fold }),
  ...(module !== 'both' && { modules: [module] }),
  ...(steps !== undefined && { steps }),
})

/** Explains the trials, writing each as it is done; what is returned has the files' names in the place of the maps. */
async function explainInto(
  gpu: Gpu,
  run: TrainedRun,
  asked: ExplainedTrials,
  { flags, output, out, sanity }: { flags: ExplainFlags; output: Output; out: string; sanity: Sanity | undefined },
) {
  const store = new NodeStore(out)
  const abort = interruptible()
  const shared = sharedOptions(flags)
  const pages = new PageWriter(store, explainedRun(run, asked.dataset, shared.modules), sanity, abort)
  const files = new Map<string, string>()
  const visit = async (explanation: Explanation): Promise<void> => {
    const path = await saveExplanation(store, explanation)
    files.set(explanation.trial, path)
    await pages.trial(explanation, path)
  }
  const bar = lateBar(output, 'explain')
  const options = { ...shared, ...(flags.by && { by: flags.by }), visit, onExplained: bar.update }
  const found = await computing(
    output,
    abort,
  )(({ onBaselines: _, ...hooks }) => explain(gpu, run, asked, { ...options, ...hooks })).finally(bar.stop)
  const explanations = found.explanations.map(({ maps: _, ...facts }) => ({ ...facts, file: files.get(facts.trial)! }))
  const groups: { name: string; trials: string[]; file: string }[] = []
  for (const group of found.groups) {
    const file = await saveGroup(store, found.by!, group)
    groups.push({ name: group.name, trials: group.trials, file })
    await pages.group(found.by!, group, file)
  }
  const page = await pages.home()
  for (const note of pages.notes) output.note(note)
  return { ...found, explanations, groups, page }
}

/** Checks the maps of the first trials. */
async function checkSome(
  gpu: Gpu,
  run: TrainedRun,
  { dataset, trials }: ExplainedTrials,
  { flags, output, permuted }: { flags: ExplainFlags; output: Output; permuted?: TrainedRun },
) {
  const all = await assignTrials(run, dataset, { trials, fold: flags.fold })
  const asked = { dataset, trials: all.slice(0, MOST_CHECKED).map(({ id }) => id) }
  const bar = lateBar(output, 'sanity')
  const seed = flags.seed === undefined ? {} : { seed: flags.seed }
  const options = { ...sharedOptions(flags), ...seed, ...(permuted && { permuted }), onChecked: bar.update }
  return computing(output)(({ onBaselines: _, ...hooks }) =>
    checkMaps(gpu, run, asked, { ...options, ...hooks }),
  ).finally(bar.stop)
}
