// The demo's commands, shared with the test that holds its two promises: a strong effect is learnt, no effect gives chance.

/** A network small enough for a software adapter; without attention in the residual units, as the paper has it for small studies. */
const MODEL = [
  'channels=16',
  'stage_channels=[16,16,16,16]',
  'length=320',
  'final_pool=3',
  'hidden=[32,16]',
  'unit_sca=false',
]
const TRAINING = '--dimension arousal --folds subject:4 --epochs 16 --patience 8 --batch 16 --lr 0.003 --seed 1'

/** Argument lists of `galvani`, in order; `effect` is how strongly emotion shows in the made-up recordings, 0 to 1. */
export function demoCommands(folder, effect = 1, trainOptions = []) {
  const [study, prepared, run] = ['study', 'prepared', 'run'].map((name) => `${folder}/${name}`)
  const settings = MODEL.flatMap((setting) => ['--set', setting])
  return [
    ['fixtures', 'make', 'trials', study, '--subjects', '32', '--effect', String(effect), '--seed', '1'],
    ['prepare', '--data', study, '--out', prepared, '--length', '320'],
    ['train', '--data', prepared, '--out', run, ...TRAINING.split(' '), ...settings, ...trainOptions],
    ['eval', '--run', run],
    ['report', '--run', run],
  ]
}
