// A made-up study, a network trained on it with cross-validation, and what that network says of people it has never seen.
//
//   node examples/train_and_predict.mjs                        in a clone, after `npm run build`
//   node node_modules/galvani/examples/train_and_predict.mjs   after `npm install galvani`
//   node train_and_predict.mjs run                             a copy of this file; `run` is the folder to write
//
// A study of your own is a folder with trials.csv, eda.csv and perhaps music.csv: put `new NodeStore('study')` where the
// made-up ones are. The run folder is what `galvani train` writes: `galvani predict --run run --data FOLDER` reads it too.
import { makeTrialTable, MemoryStore } from 'galvani/files'
import { NodeStore, openGpu } from 'galvani/node'
import {
  evaluateRun,
  loadDataset,
  loadRun,
  makeTask,
  predict,
  prepareDataset,
  resolveRun,
  runReport,
  trainRun,
} from 'galvani/training'

const [out = 'run'] = process.argv.slice(2)
const store = new NodeStore(out)
const madeUp = (subjects, seed) =>
  new MemoryStore(makeTrialTable({ subjects, seed, trialsPerSubject: 8, seconds: 30, effect: 1 }))

const study = await loadDataset(madeUp(12, 1), { name: 'study' })
const newcomers = await loadDataset(madeUp(2, 2), { name: 'newcomers' })

// Everything that is not said here has its default. This network is small, so that it trains in seconds without a GPU;
// leave `model` out for the paper's.
const model = {
  channels: 8,
  stage_channels: [8, 8, 8, 8],
  length: 320,
  final_pool: 2,
  hidden: [16, 8],
  unit_sca: false,
}
const config = resolveRun(
  { dimension: 'arousal', folds: 'subject:2', epochs: 8, batch: 16, learningRate: 0.005, model },
  study.set,
)

const gpu = await openGpu()
try {
  const task = makeTask(await prepareDataset(gpu, study, config), config)
  const onEpoch = (fold, { epoch, trainLoss }) =>
    console.log(`fold ${fold.name}, epoch ${epoch}: loss ${trainLoss.toFixed(3)}`)
  const summary = await trainRun(gpu, store, task, { name: 'arousal' }, { onEpoch })
  await store.write('report.html', runReport(summary))

  // A run is its folder: what follows can happen on another day and another machine.
  const run = await loadRun(store)
  const { scores, baselines } = (await evaluateRun(gpu, run, study)).pooled.judgement
  const majority = baselines.find(({ name }) => name === 'majority')
  const percent = (share = NaN) => `${(100 * share).toFixed(0)} %`
  const others = percent(majority?.scores.accuracy)
  console.log(`on people held out: ${percent(scores.accuracy)}, always the commoner class: ${others}`)

  const { predictions } = await predict(gpu, run, newcomers) // no ratings needed
  for (const { trial, probability, predicted } of predictions)
    console.log(`${trial}: ${predicted}, P(high) ${probability}`)
} finally {
  await gpu.close()
}
