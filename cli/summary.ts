import { Command } from 'commander'
import { toDocument } from '../src/formats/documents.ts'
import { OPENSMILE_FEATURES } from '../src/model/config.ts'
import { formatShape } from '../src/runtime/shape.ts'
import { summariseSettings } from '../src/train/config.ts'
import { addModelOptions, modelConfig, type ModelOptions } from './shared/model_options.ts'
import { Output, table, type OutputOptions } from './shared/output.ts'
import { integer } from './shared/values.ts'

interface SummaryOptions extends OutputOptions, ModelOptions {
  music: number
}

export function summaryCommand(): Command {
  return addModelOptions(new Command('summary'))
    .description('Show the layers of a model: shapes, parameters and FLOPs per sample.')
    .option('--music <n>', 'music features; 0 for EDA only', integer('--music'), OPENSMILE_FEATURES)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExamples:\n  galvani summary\n  galvani summary --preset released --set depth=2 --music 0')
    .action((options: SummaryOptions) => {
      const config = modelConfig(options, options.music)
      const summary = summariseSettings(config)
      const rows = summary.layers.map((layer) => [
        layer.name || '-',
        layer.kind,
        formatShape(layer.output),
        String(layer.parameters),
        (layer.flops / 1e6).toFixed(2),
      ])
      rows.push(['total', '', '', String(summary.parameterCount), (summary.flops / 1e6).toFixed(2)])
      new Output(options).result(
        toDocument('summary', { config, ...summary }),
        table(['layer', 'kind', 'output', 'parameters', 'MFLOP'], rows),
      )
    })
}
