import { basename, resolve } from 'node:path'
import { Command } from 'commander'
import { toDocument } from '../src/formats/documents.ts'
import { analyseFiles, type OpenDevice } from '../src/recording/batch.ts'
import { contactSheet } from '../src/recording/contact_sheet.ts'
import type { Outcome } from '../src/recording/result.ts'
import { FormatError } from '../src/runtime/errors.ts'
import type { OpenOptions } from '../src/runtime/node.ts'
import { NodeStore } from '../src/store/node.ts'
import { fileSource } from '../src/store/node_source.ts'
import { adapterOption, interruptible } from './shared/context.ts'
import { addDecomposeOptions, batchOptions, epochOptions, type DecomposeFlags } from './shared/decompose_options.ts'
import { listInputs, type Input } from './shared/inputs.ts'
import { openDevice, type Opened } from './shared/open_device.ts'
import { Output, type OutputOptions } from './shared/output.ts'
import { recordingTable } from './shared/recording_table.ts'

interface DecomposeOptions extends DecomposeFlags, OutputOptions, OpenOptions {
  out: string
  resume?: boolean
}

const help = `
NAME.csv has a row a sample: time_s, EDA_Raw (as recorded, short gaps filled), EDA_Tonic, EDA_Phasic, EDA_Driver,
EDA_Residual, and NeuroKit2's columns SCR_Onsets, SCR_Peaks, SCR_Height, SCR_Amplitude, SCR_RiseTime, SCR_Recovery,
SCR_RecoveryTime. NAME.events.csv has a row a response, in doubt or not, NAME.json how it was solved, the threshold of a response, level,
response and quality figures. docs/events.md says what counts and what is left out.

z-scoring: alpha weighs the driver against the residual, so it suits numbers of one size only; its default is meant for a
recording of mean 0 and deviation 1. The recording is therefore z-scored, decomposed, and all parts are given back in its
own unit: EDA_Raw = EDA_Tonic + EDA_Phasic + EDA_Residual. --no-zscore decomposes the numbers as they are.

Examples:
  galvani decompose EDA.csv --out out
  galvani decompose study --out out --gaps split --format npz
  galvani decompose a.csv b.csv --rate 50 --min-amplitude 0.01 --out out --json`

export function decomposeCommand(): Command {
  const decompose = new Command('decompose')
    .description(
      'Decompose skin-conductance recordings into phasic, tonic and driver (cvxEDA), and find their responses.',
    )
    .argument('<files...>', 'files of recordings (docs/recordings.md lists what is read), or folders of these')
    .requiredOption(
      '--out <dir>',
      'folder for the tables, a JSON and an SVG per recording, and a page over all of them',
    )
  return addDecomposeOptions(decompose)
    .addOption(adapterOption())
    .option('--resume', 'keep the recordings of --out that have the same samples and settings')
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', help)
    .action(decomposeAction)
}

async function decomposeAction(paths: string[], options: DecomposeOptions): Promise<void> {
  const output = new Output(options)
  const store = new NodeStore(options.out)
  const inputs = listInputs(paths, options.out, options.format)
  const outcomes = await run(inputs, store, options, output)
  const errors = outcomes.flatMap(({ error }) => (error ? [error] : []))
  const [first] = errors
  if (first && inputs.length === 1 && !options.json) throw first
  requireRecordings(outcomes)
  if (outcomes.length > 1 && errors.length < outcomes.length) {
    const title = basename(resolve(paths.length === 1 ? paths[0]! : options.out))
    await store.write(
      'index.html',
      contactSheet(
        title,
        outcomes.map(({ entry }) => entry),
      ),
    )
  }
  output.result(
    toDocument('decompose', {
      out: options.out,
      files: outcomes.map(({ result }) => result),
    }),
    recordingTable(outcomes),
  )
  if (first)
    throw new FormatError(`${errors.length} of ${inputs.length} files were refused; the first: ${first.message}`)
}

/** Decomposes and writes; the device is opened for the first recording that can be read, and closed at the end. */
async function run(
  inputs: readonly Input[],
  store: NodeStore,
  options: DecomposeOptions,
  output: Output,
): Promise<Outcome[]> {
  const abort = interruptible()
  const bar = output.progress('cvxEDA', inputs.length)
  let opened: Opened | undefined
  const device: OpenDevice = async (work, earlier) => (opened = await openDevice(options, work, earlier)).device
  try {
    const files = inputs.map(({ fault, ...input }) => ({
      ...input,
      open: () => (fault ? Promise.reject(fault) : fileSource(input.file)),
    }))
    return await analyseFiles(device, files, store, {
      ...batchOptions(options),
      resume: options.resume === true,
      ...(await epochOptions(options)),
      signal: abort,
      onProgress: (done, _, share) => bar.update(done, '', share),
    })
  } finally {
    bar.stop()
    await opened?.close()
  }
}

/** @throws FormatError if nothing in the folders was a recording */
function requireRecordings(outcomes: readonly Outcome[]): void {
  if (outcomes.some(({ result }) => result.status !== 'skipped')) return
  throw new FormatError(`none of ${outcomes.length} files is a recording; the first: ${outcomes[0]?.result.reason}`)
}
