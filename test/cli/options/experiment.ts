// The options of `experiment`, which a file of their own holds.
import { DOCUMENTS, type Checks } from './start.ts'

const OPTIONS = [
  'data',
  'out',
  'grid',
  'example',
  'protocol',
  'repeats',
  'control',
  'plan',
  'jobs',
  'shard',
  'render',
  'trial',
  'length',
  'preset',
  'set',
  'width',
  'labels',
  'folds',
  'validation',
  'stratify',
  'seed',
  'drop',
  'init',
  'optimizer',
  'lr',
  'momentum',
  'weight-decay',
  'decay',
  'decay-epochs',
  'epochs',
  'batch',
  'patience',
  'adapter',
  'quiet',
]

export const experimentChecks: Checks = {
  ...Object.fromEntries(OPTIONS.map((name) => [`experiment --${name}`, 'test/cli/experiment.test.ts'])),
  'experiment --json': DOCUMENTS,
}
