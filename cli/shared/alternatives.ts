// `--try KEY=V1,V2,...`: the settings among which each fold chooses, under the names of their own options.
import type { Command } from 'commander'
import { UsageError } from '../../src/runtime/errors.ts'
import type { Alternative, Alternatives } from '../../src/train/alternatives.ts'
import { integer, oneOf, positive, real } from './values.ts'

interface Key {
  setting: keyof Alternative
  parse: (text: string) => number | string
}

const KEYS: Readonly<Record<string, Key>> = {
  lr: { setting: 'learningRate', parse: positive('--try lr') },
  decay: { setting: 'decay', parse: real('--try decay') },
  'decay-epochs': { setting: 'decayEpochs', parse: integer('--try decay-epochs') },
  'weight-decay': { setting: 'weightDecay', parse: real('--try weight-decay') },
  momentum: { setting: 'momentum', parse: real('--try momentum') },
  batch: { setting: 'batch', parse: integer('--try batch') },
  epochs: { setting: 'epochs', parse: integer('--try epochs') },
  patience: { setting: 'patience', parse: integer('--try patience') },
  init: { setting: 'init', parse: oneOf('--try init', ['he', 'paper'] as const) },
}

/** One more setting that is tried. @throws UsageError for what is no setting of training, or is tried already */
export function alternatives(text: string, previous: Alternatives = {}): Alternatives {
  const [, name = '', values = ''] = /^([\w-]+)=(.+)$/.exec(text) ?? []
  if (!Object.hasOwn(KEYS, name))
    throw new UsageError(
      `--try '${text}': expected KEY=V1,V2,... with KEY one of ${Object.keys(KEYS).join(', ')}; ` +
        'what changes data, labels, folds or the network cannot be tried',
    )
  const { setting, parse } = KEYS[name]!
  if (setting in previous) throw new UsageError(`--try ${name} is given twice; name all of its values in one`)
  return { ...previous, [setting]: values.split(',').map((value) => parse(value.trim())) }
}

/** @throws UsageError naming an option that is given beside alternatives to it */
export function refuseGivenTwice(command: Command): void {
  const { try: tried } = command.opts<{ try?: Alternatives }>()
  for (const { long, attributeName } of command.options.map((option) => ({
    long: option.long ?? '',
    attributeName: option.attributeName(),
  }))) {
    const key = KEYS[long.slice(2)]
    if (!tried || !key || !(key.setting in tried) || command.getOptionValueSource(attributeName) !== 'cli') continue
    throw new UsageError(`${long} and --try ${long.slice(2)} both say what it is; leave one of them out`)
  }
}
