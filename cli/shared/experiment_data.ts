// The datasets of an experiment: prepared where they are not yet, or only read to plan with.
import { basename, resolve } from 'node:path'
import { alone } from '../../src/store/alone.ts'
import { holderName, type Holder } from '../../src/store/lock.ts'
import { NodeStore } from '../../src/store/node.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { within } from '../../src/store/within.ts'
import { loadStudy, unpreparedStudy, type Study } from '../../src/experiments/study.ts'
import { qualityFlags } from '../../src/datasets/trial_quality.ts'
import { presets } from '../../src/model/config.ts'
import { loadDataset } from '../../src/train/dataset.ts'
import { DROP_SECONDS } from '../../src/train/defaults.ts'
import { checkPrepareOptions } from '../../src/train/prepare.ts'
import { prepareFolder, preparedBefore, type PrepareFolderOptions } from '../../src/train/prepare_folder.ts'
import { isPrepared } from '../../src/train/prepared_files.ts'
import { flagOf, requireFolder } from './data_options.ts'
import type { ExperimentCommandOptions } from './experiment_options.ts'
import { openDevice } from './open_device.ts'
import { lateBar, type Output } from './output.ts'
import { preparationOf, PREPARED_WITH, type PrepareFlags } from './prepare_options.ts'

/** A study, and the folder in which it lies prepared; none where it is only planned with. */
export interface OpenedStudy {
  study: Study
  folder?: string
}

/** What one call of a batch is like: trials of one length, too few for an adapter that is software. */
const CALL = { signals: 32, samples: 1 << 16 }

type Options = Pick<ExperimentCommandOptions, 'data' | 'length' | 'drop' | 'adapter' | 'plan' | keyof PrepareFlags>

/** @throws UsageError where two folders have one name or an option is not as a set was prepared, FormatError for what is no dataset */
export async function openStudies(
  options: Options,
  out: string,
  output: Output,
  signal: AbortSignal,
): Promise<OpenedStudy[]> {
  const folders = (options.data ?? []).map((folder) => resolve(folder))
  const given = folders.find((folder, i) => folders.indexOf(folder) < i)
  if (given !== undefined) throw new UsageError(`--data: ${given} is given twice; name it once`)
  const names = folders.map((folder) => basename(folder))
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw new UsageError(`--data: two folders are called ${twice}; rename one of them`)
  checkPrepareOptions({ length: options.length ?? presets.paper.length, dropSeconds: options.drop ?? DROP_SECONDS })
  const studies: OpenedStudy[] = []
  for (const folder of folders) studies.push(await openStudy(folder, options, out, output, signal))
  return studies
}

async function openStudy(
  folder: string,
  options: Options,
  out: string,
  output: Output,
  signal: AbortSignal,
): Promise<OpenedStudy> {
  const data = requireFolder(folder)
  const name = basename(folder)
  if (await isPrepared(data)) return { study: asAsked(await loadStudy(data, name), folder, options), folder }
  const { length = presets.paper.length, drop = DROP_SECONDS, adapter, plan = false } = options
  const target = resolve(out, 'data', name)
  const prepared = within(new NodeStore(out), `data/${name}`)
  const settings = await preparationOf(folder, options, { length, drop })
  const isDone = async (): Promise<boolean> => (await preparedBefore(data, prepared, settings)) !== undefined
  if (!(await isDone())) {
    if (plan) {
      output.note(`${name} is not prepared yet, which an experiment does first`)
      return { study: await plannedWith(data, settings) }
    }
    const onHeld = (holder: Holder): void => output.note(`${name} is being prepared by ${holderName(holder)}`)
    const work = async (): Promise<void> => {
      if (!(await isDone())) await prepare(data, prepared, { ...settings, adapter }, output, signal)
    }
    await alone(prepared, '', work, { signal, onHeld })
  }
  return { study: await loadStudy(prepared, name), folder: target }
}

/** What is prepared already, if it is what the options ask for. @throws UsageError */
function asAsked(study: Study, folder: string, { length, drop, ...options }: Options): Study {
  const { name, length: points, dropSeconds } = study.set
  const [late] = PREPARED_WITH.filter((option) => options[option] !== undefined)
  if (late !== undefined)
    throw new UsageError(`${name} is prepared already, so ${flagOf(late)} comes too late; give it where it is prepared`)
  for (const [flag, asked, is] of [
    ['length', length, points],
    ['drop', drop, dropSeconds],
  ] as const)
    if (asked !== undefined && asked !== is)
      throw new UsageError(
        `--${flag} ${asked}: ${folder} was prepared with --${flag} ${is}; leave the option out, or prepare it again`,
      )
  return study
}

/** The trials that there will be, as far as recordings alone tell. */
async function plannedWith(
  data: NodeStore,
  { dataset, length, dropSeconds, interpolation, exclude = [] }: PrepareFolderOptions,
): Promise<Study> {
  const { set } = await loadDataset(data, dataset)
  const trials = set.trials
    .map((trial) => ({ eda: new Float64Array(), ...trial }))
    .filter((trial) => !qualityFlags(trial).some((flag) => exclude.includes(flag)))
  return unpreparedStudy({ ...set, trials }, { length, dropSeconds, ...(interpolation && { interpolation }) })
}

async function prepare(
  data: NodeStore,
  target: ReturnType<typeof within>,
  { adapter, ...settings }: Parameters<typeof preparedBefore>[2] & { adapter: string | undefined },
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { device, close } = await openDevice({ device: 'auto', ...(adapter !== undefined && { adapter }) }, CALL)
  const bar = lateBar(output, `preparing ${settings.dataset.name}`)
  try {
    const { notes } = await prepareFolder(device, data, target, { ...settings, signal, onProgress: bar.update })
    for (const note of notes) output.note(note)
  } finally {
    bar.stop()
    await close()
  }
}
