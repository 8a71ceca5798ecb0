// A network as a run keeps it, from settings: its widths are those that it has.
import { checkConfig, type ModelConfig } from '../model/config.ts'
import { scaleWidths, withEqualSize } from '../model/widths.ts'
import { summariseSettings } from './config.ts'

/**
 * The network that settings describe, with all widths times `width`; a `cnn` or an `mlp` gets the widths that make it as large as
 * RTCAN-1D of these settings. @throws UsageError naming the first setting that is out of range or does not fit the others
 */
export function resolveModel(settings: ModelConfig, width = 1): ModelConfig {
  const model = scaleWidths(checkConfig(settings), width)
  if (model.network === 'cnn' || model.network === 'mlp') summariseSettings({ ...model, network: 'rtcan-1d' })
  return withEqualSize(model)
}
