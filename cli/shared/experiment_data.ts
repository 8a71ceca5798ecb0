// The datasets of an experiment: prepared where they are not yet, or only read to plan with.
import { basename, resolve } from 'node:path'
import { NodeStore } from '../../src/store/node.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { within } from '../../src/store/within.ts'
import { loadStudy, unpreparedStudy, type Study } from '../../src/experiments/study.ts'
import { presets } from '../../src/model/config.ts'
import { loadDataset } from '../../src/train/dataset.ts'
import { DROP_SECONDS } from '../../src/train/defaults.ts'
import { checkPrepareOptions } from '../../src/train/prepare.ts'
import { prepareFolder, preparedBefore } from '../../src/train/prepare_folder.ts'
import { isPrepared } from '../../src/train/prepared_files.ts'
import { requireFolder } from './data_options.ts'
import type { ExperimentCommandOptions } from './experiment_options.ts'
import { openDevice } from './open_device.ts'
import { lateBar, type Output } from './output.ts'

/** A study, and the folder in which it lies prepared; none where it is only planned with. */
export interface OpenedStudy {
  study: Study
  folder?: string
}

/** What one call of a batch is like: trials of one length, too few for an adapter that is software. */
const CALL = { signals: 32, samples: 1 << 16 }

type Options = Pick<ExperimentCommandOptions, 'data' | 'length' | 'drop' | 'adapter' | 'plan'>

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
  if (await isPrepared(data)) {
    const study = await loadStudy(data, name)
    requirePreparedSo(study, folder, options)
    return { study, folder }
  }
  const { length = presets.paper.length, drop = DROP_SECONDS, adapter, plan = false } = options
  const target = resolve(out, 'data', name)
  const prepared = within(new NodeStore(out), `data/${name}`)
  const settings = { dataset: { name }, length, dropSeconds: drop }
  if (!(await preparedBefore(data, prepared, settings))) {
    if (plan) {
      const { set } = await loadDataset(data, { name })
      output.note(`${name} is not prepared yet, which an experiment does first`)
      return {
        study: unpreparedStudy(
          { ...set, trials: set.trials.map((trial) => ({ eda: new Float64Array(), ...trial })) },
          length,
          drop,
        ),
      }
    }
    await prepare(data, prepared, { ...settings, adapter }, output, signal)
  }
  return { study: await loadStudy(prepared, name), folder: target }
}

/** @throws UsageError where an option says other than the set was prepared with */
function requirePreparedSo({ set }: Study, folder: string, { length, drop }: Pick<Options, 'length' | 'drop'>): void {
  const made = { length: set.length, drop: set.dropSeconds }
  for (const [name, asked] of Object.entries({ length, drop }))
    if (asked !== undefined && asked !== made[name as keyof typeof made])
      throw new UsageError(
        `--${name} ${asked}: ${folder} was prepared with --${name} ${made[name as keyof typeof made]}; leave the option out, or prepare it again`,
      )
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
