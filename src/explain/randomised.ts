// Weights with nothing learned in some layers, from the top of the network downwards (Adebayo et al. 2018).
import type { ModelConfig } from '../model/config.ts'
import { initialise } from '../model/init.ts'
import { summarise } from '../model/summary.ts'
import type { HostTensors } from '../model/weights.ts'

/** A layer, a unit's whole stage or an attention module: what is randomised at once. */
const LAYER = /^(?:classifier\.\d+|residual\.stages\.\d+|residual\.\w+|attention\.\w+|shallow)/

/** Weights of which all layers from the top down to `layer` are random. */
export interface Randomised {
  layer: string
  weights: HostTensors
}

/**
 * One set of weights a layer: the first has a random top, the last nothing that was learned. Random are He's normal weights of `seed`,
 * batch normalisations begin anew with their running statistics.
 */
export function randomisedFromTop(config: ModelConfig, trained: HostTensors, seed: number): Randomised[] {
  const summary = summarise(config)
  const random = initialise(config, summary, 'he', seed)
  const layerOf = (name: string): string => LAYER.exec(name)![0]
  const layers = [...new Set(summary.parameters.map(({ name }) => layerOf(name)))].reverse()
  return layers.map((layer, depth) => {
    const above = new Set(layers.slice(0, depth + 1))
    const weights = [...trained].map(
      ([name, own]) => [name, above.has(layerOf(name)) ? random.get(name)! : own] as const,
    )
    return { layer, weights: new Map(weights) }
  })
}
