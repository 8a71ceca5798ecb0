// One recording of skin conductance, from a CSV file to its parts, its responses and a picture.
//
//   node examples/decompose.mjs                       in a clone, after `npm run build`: the recording beside this file
//   node node_modules/galvani/examples/decompose.mjs  after `npm install galvani`
//   node decompose.mjs EDA.csv out                    a copy of this file, on your own recording, into your own folder
//
// It writes NAME.csv (a row a sample), NAME.events.csv (a row a response) and NAME.svg, and prints what stands out.
import { parse } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GalvaniError } from 'galvani'
import { fileNames, pictureFile, readRecording, tableFiles } from 'galvani/files'
import { fileSource, NodeStore, openGpu } from 'galvani/node'
import { analyse } from 'galvani/recordings'

const sample = fileURLToPath(new URL('synthetic_recording.csv', import.meta.url))
const [file = sample, out = 'decomposed'] = process.argv.slice(2)

// Whatever the file is, its content tells; what it does not say is given as a second argument, such as { sampleRate: 4 }.
const recording = await readRecording(await fileSource(file))

// Any number of recordings in one call. Without a GPU, analyse('cpu', [recording]) does the same in float64.
const gpu = await openGpu()
const [analysis] = await analyse(gpu, [recording], { gaps: 'split' }).finally(() => gpu.close())
// What is wrong with one recording stands in its place, so that the others go on.
if (!analysis || analysis instanceof GalvaniError) throw analysis

const { name } = parse(file)
const store = new NodeStore(out)
const { tables, picture } = fileNames(name, 'csv')
const contents = tableFiles(analysis, 'csv')
for (const [i, table] of tables.entries()) await store.write(table, contents[i])
await store.write(picture, pictureFile(name, analysis))

// The same as numbers, all in the recording's own unit: eda = tonic + phasic + residual, sample by sample.
const { status, signals, events, features, unit, warnings } = analysis
console.log(`${name}: ${status}, ${signals.eda.length / signals.sampleRate} s`)
console.log(`level ${features.EDA_Tonic_Mean.toFixed(2)} ${unit}, ${features.SCR_Rate.toFixed(1)} responses a minute`)
for (const { onset, amplitude, riseTime } of events) {
  console.log(`response at ${onset / signals.sampleRate} s, ${amplitude.toFixed(3)} ${unit}, rises in ${riseTime} s`)
}
for (const warning of warnings) console.log(warning)
console.log(`wrote ${[...tables, picture].join(', ')} to ${out}`)
