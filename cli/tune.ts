import { Command } from 'commander'
import { toDocument } from '../src/formats/documents.ts'
import { OPENSMILE_FEATURES } from '../src/model/config.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import type { OpenOptions } from '../src/runtime/node.ts'
import { loadTunedKernels } from '../src/train/tuned_kernels.ts'
import { cacheFile, type TuneCache, type TunedEntry } from '../src/tune/cache.ts'
import type { Untuned } from '../src/tune/tune.ts'
import { count, milliseconds } from './bench/options.ts'
import { adapterOption, interruptible, withGpu } from './shared/context.ts'
import { addModelOptions, modelConfig, type ModelOptions } from './shared/model_options.ts'
import { Output, percent, table, type OutputOptions } from './shared/output.ts'
import { cacheStore, tuneFor } from './shared/tuning.ts'
import { oneOf, positive } from './shared/values.ts'

interface TuneCommandOptions extends ModelOptions, OutputOptions, OpenOptions {
  batch: number
  mode: 'on' | 'force'
  budget?: number
  show?: boolean
}

export function tuneCommand(): Command {
  const tune = new Command('tune')
    .description('Find the fastest kernels of this adapter for a model, check them, and keep them for `galvani train`.')
    .option('--batch <n>', 'trials of a step', count('--batch'), 32)
    .option(
      '--mode <name>',
      'on (measure what is missing) or force (everything)',
      oneOf('--mode', ['on', 'force'] as const),
      'on' as const,
    )
    .option(
      '--budget <s>',
      'seconds after which no further kernel is measured (default: 5 on a GPU, 60 on a software adapter)',
      positive('--budget'),
    )
    .option('--show', 'print what is known of this adapter and measure nothing')
  return addModelOptions(tune)
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `
Examples:
  galvani tune
  galvani tune --preset released --batch 64 --budget 300
  galvani tune --show

What is found is kept in ~/.cache/galvani, one file an adapter; GALVANI_CACHE names another folder.`,
    )
    .action(tuneAction)
}

async function tuneAction(options: TuneCommandOptions): Promise<void> {
  const output = new Output(options)
  const workload = { model: modelConfig(options, OPENSMILE_FEATURES), batch: options.batch }
  await withGpu(options, async (gpu) => {
    if (options.show)
      return show(output, gpu, await loadTunedKernels(gpu, cacheStore(), (message) => output.note(message)))
    const { mode, budget } = options
    const { cache, ...untuned } = await tuneFor(
      gpu,
      workload,
      { mode, ...(budget !== undefined && { budget }), signal: interruptible() },
      output,
    )
    show(output, gpu, cache, untuned)
  })
}

function show(output: Output, gpu: Gpu, cache: TuneCache, untuned: Untuned = { left: [], wrong: [] }): void {
  const file = `${cacheStore().root}/${cacheFile(gpu)}`
  const entries = Object.entries(cache.entries)
  const head = `${cache.adapter.description || cache.adapter.device}, kernels ${cache.engine}: ${entries.length} tuned\n${file}`
  const columns = ['op and shape', 'default', 'ms', 'best', 'ms', 'saves']
  const rows = entries.length > 0 ? `\n${table(columns, entries.map(entryRow))}${rejections(entries)}` : ''
  output.result(toDocument('tune', { file, ...cache, ...untuned }), `${head}${rows}${untunedLines(untuned)}`)
}

/** What goes on by the presets, and why. */
export function untunedLines({ left, wrong }: Untuned): string {
  const open = left.length > 0 ? `\nnot measured yet: ${left.length}; run it again, or give it a longer --budget` : ''
  return `${open}${wrong.map((key) => `\nno kernel was right: ${key}`).join('')}`
}

function entryRow([key, { variant, ms, defaultMs, tried }]: [string, TunedEntry]): string[] {
  const byDefault = tried[0]?.variant ?? ''
  const known = defaultMs === null ? 'rejected' : milliseconds(defaultMs)
  if (variant === byDefault) return [key, byDefault, known, '', '', '']
  return [key, byDefault, known, variant, milliseconds(ms), defaultMs === null ? '' : percent(1 - ms / defaultMs)]
}

/** Kernels that do not run or are wrong here, and why. */
function rejections(entries: readonly (readonly [string, TunedEntry])[]): string {
  const lines = entries.flatMap(([key, { tried }]) =>
    tried.flatMap((of) => ('rejected' in of ? [`${key}: ${of.variant}: ${of.rejected}`] : [])),
  )
  return lines.length > 0 ? `\nrejected:\n${lines.join('\n')}` : ''
}
