import type { Command } from 'commander'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { parseSignals } from '../../src/train/config.ts'
import { resolveModel } from '../../src/train/model_settings.ts'
import { factor, oneOf } from './values.ts'

/** The options that decide which network it is. */
export interface ModelOptions {
  preset: ModelConfig['preset']
  signals: string
  set: Record<string, unknown>
  width?: number
}

export function addModelOptions(command: Command): Command {
  return command
    .option('--preset <name>', 'paper or released', oneOf('--preset', ['paper', 'released'] as const), 'paper' as const)
    .option('--signals <name>', 'mixed, origin, phasic or tonic', 'mixed')
    .option(
      '--set <key=value>',
      'any model setting, e.g. attention=rnta-sca or channels=16 (repeatable)',
      modelSetting,
      {},
    )
    .option('--width <factor>', 'times all widths of the network, such as 1/8', factor('--width'))
}

/** KEY=VALUE of a model setting; the value is JSON, or a plain word. */
function modelSetting(text: string, previous: Record<string, unknown>): Record<string, unknown> {
  const [, key, value] = /^(\w+)=(.+)$/.exec(text) ?? []
  if (key === undefined || value === undefined || !(key in presets.paper) || key === 'preset') {
    throw new UsageError(`--set '${text}': expected KEY=VALUE with KEY one of ${Object.keys(presets.paper).join(', ')}`)
  }
  let parsed: unknown = value
  try {
    parsed = JSON.parse(value)
  } catch {
    // a word such as rnta-sca
  }
  return { ...previous, [key]: parsed }
}

/** The configuration that the options describe, for music vectors of this length. @throws UsageError */
export function modelConfig({ preset, signals, set, width }: ModelOptions, musicDim: number): ModelConfig {
  const base = { ...presets[preset], in_channels: parseSignals(signals).length, music_dim: musicDim }
  return resolveModel({ ...base, ...set }, width)
}
