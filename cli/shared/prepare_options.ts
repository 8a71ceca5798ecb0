// How a dataset becomes a prepared one, beside its length: the options of every command that prepares.
import type { Command } from 'commander'
import { DIMENSIONS, type Dimension } from '../../src/datasets/trial.ts'
import { QUALITY_FLAGS, type QualityFlag } from '../../src/datasets/trial_quality.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { NodeStore } from '../../src/store/node.ts'
import type { PrepareFolderOptions } from '../../src/train/prepare_folder.ts'
import { addDataOptions, datasetOptions, type DataSource } from './data_options.ts'
import { oneOf } from './values.ts'

/** What these options say. */
export interface PrepareFlags extends Omit<DataSource, 'data'> {
  pass?: Dimension
  antialias?: boolean
  resize?: 'released'
  exclude?: QualityFlag[]
  cache?: string
}

/** They decide what is prepared: of what is prepared already they say nothing any more. */
export const PREPARED_WITH = [
  'rate',
  'gsr',
  'resample',
  'features',
  'musicFeatures',
  'pass',
  'antialias',
  'resize',
  'exclude',
] as const

export function addPrepareOptions(command: Command): Command {
  return addDataOptions(command)
    .option('--pass <dimension>', 'of two listenings only this one', oneOf('--pass', DIMENSIONS))
    .option('--antialias', "filter what the model's points cannot follow; the paper does not")
    .option(
      '--resize <kind>',
      "released: folded and resized as the authors' code does, for its checkpoints only",
      oneOf('--resize', ['released'] as const),
    )
    .option(
      '--exclude <rule>',
      `leave out doubtful trials, quality: and one or more of ${QUALITY_FLAGS.join(', ')}`,
      exclusion,
    )
    .option('--cache <dir>', 'folder in which decompositions are kept')
}

/** `quality:zero,flat`. @throws UsageError */
function exclusion(text: string): QualityFlag[] {
  const [kind, flags = ''] = text.split(':')
  const names = flags.split(',')
  const known = QUALITY_FLAGS.filter((flag) => names.includes(flag))
  if (kind === 'quality' && known.length === new Set(names).size) return known
  throw new UsageError(`--exclude is '${text}', expected quality: and one or more of ${QUALITY_FLAGS.join(',')}`)
}

/** The same as the library takes it. @throws UsageError, FormatError for a file that cannot be read */
export async function preparationOf(
  data: string,
  { pass, antialias, resize, exclude, cache, ...source }: PrepareFlags,
  { length, drop: dropSeconds }: { length: number; drop: number },
): Promise<PrepareFolderOptions> {
  if (antialias && resize)
    throw new UsageError('--antialias and --resize are two ways to one number of points; give one')
  const interpolation = resize ?? (antialias ? ('antialias' as const) : undefined)
  return {
    dataset: { ...(await datasetOptions({ ...source, data })), ...(pass && { pass }) },
    length,
    dropSeconds,
    ...(interpolation && { interpolation }),
    ...(exclude && { exclude }),
    ...(cache !== undefined && { cache: new NodeStore(cache) }),
  }
}
