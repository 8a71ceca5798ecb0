// `galvani experiment figures5-8`: from finished models to pictures; nothing is trained.
import { ATTENTION_FIGURES, attentionFigures } from '../../src/experiments/attention_figures.ts'
import { toDocument } from '../../src/formats/documents.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { computing, withGpu } from './context.ts'
import { openDataset, requireFolder } from './data_options.ts'
import type { ExperimentCommandOptions } from './experiment_options.ts'
import type { Output } from './output.ts'
import { writeRendered } from './png.ts'

/** @throws UsageError for options of other experiments' making, and where the folder lacks the models */
export async function drawAttention(
  out: string,
  options: ExperimentCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { data = [], protocol, trial } = options
  const [folder, other] = data
  if (folder === undefined || other !== undefined)
    throw new UsageError(`${ATTENTION_FIGURES}: give one folder with --data, the one that table8 in --out was made of`)
  if (protocol === 'all') throw new UsageError(`${ATTENTION_FIGURES} are of one protocol; name it with --protocol`)
  const store = requireFolder(out)
  await withGpu(options, async (gpu) => {
    const {
      trial: shown,
      notes,
      files,
    } = await computing(
      output,
      signal,
    )((hooks) =>
      attentionFigures(
        gpu,
        { store, name: out },
        {
          ...{ protocol, hooks, datasetOf: (dimension) => openDataset({ data: folder }, dimension) },
          ...(trial !== undefined && { trial }),
        },
      ),
    )
    const { paths, note } = await writeRendered(store, files, signal)
    const said = [...notes, ...(note === undefined ? [] : [note])]
    for (const line of said) output.note(line)
    const document = { out, trial: shown, protocol, files: paths, notes: said }
    output.result(
      toDocument('experiment-figures', document),
      `figures 5 to 8 of trial ${shown}, in ${out}: ${paths.join(', ')}`,
    )
  })
}
