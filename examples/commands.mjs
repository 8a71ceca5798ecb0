// All that `galvani decompose`, `train`, `eval` and `predict` do, by calls: the same files and the same numbers.
//
//   node examples/commands.mjs EDA.csv study newcomers out                       in a clone, after `npm run build`
//   node node_modules/galvani/examples/commands.mjs EDA.csv study newcomers out  after `npm install galvani`
//
// `study` and `newcomers` are folders with trials.csv and eda.csv; `npx galvani fixtures make trials study` makes one up.
import { basename, parse, resolve } from 'node:path'
import { analyseFiles, toDocument } from 'galvani/files'
import { fileSource, NodeStore, openGpu } from 'galvani/node'
import { loadDataset, makeTask, prepareDataset, resolveRun, runReport, trainRun } from 'galvani/training'
import { evaluateRun, loadRun, predict } from 'galvani/training'

const [recording, study, newcomers, out] = process.argv.slice(2)
const open = (folder) => loadDataset(new NodeStore(folder), { name: basename(resolve(folder)) })
const gpu = await openGpu()

// galvani decompose EDA.csv --device gpu --out out/decomposed
const file = { file: recording, name: parse(recording).name, open: () => fileSource(recording) }
const [decomposed] = await analyseFiles(gpu, [file], new NodeStore(`${out}/decomposed`))

// galvani train --data study --out out/run --folds subject:2 --epochs 2 --batch 16 --set channels=8 ...
const dataset = await open(study)
const model = { channels: 8, stage_channels: [8, 8, 8, 8], length: 160, final_pool: 1, hidden: [16, 8] }
const config = resolveRun({ folds: 'subject:2', epochs: 2, batch: 16, model }, dataset.set)
const store = new NodeStore(`${out}/run`)
const task = makeTask(await prepareDataset(gpu, dataset, config), config)
const trained = await trainRun(gpu, store, task, { name: 'run' })
await store.write('report.html', runReport(trained))

// galvani eval --run out/run --json
const run = await loadRun(store)
const evaluated = await evaluateRun(gpu, run, dataset)

// galvani predict --run out/run --data newcomers --json
const predicted = await predict(gpu, run, await open(newcomers))

// Values as the files and --json have them: snake_case names, and the number of their schema.
const documents = [toDocument('recording', decomposed.result), toDocument('run-result', trained)]
documents.push(toDocument('eval', evaluated), toDocument('predict', predicted))
console.log(JSON.stringify(documents))
await gpu.close()
