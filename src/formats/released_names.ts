// Names in the state dicts of the authors' released RTCAN-1D code, and ours. The rules follow the structure of their
// modules: a Sequential numbers its layers (BN is 1 after conv 0), a stage is layer3x3_1..4, a unit 0 or 1 in it.

import { FormatError } from '../runtime/errors.ts'

const rules: readonly (readonly [RegExp, (...groups: string[]) => string | null])[] = [
  [/^origin_block\.([01])\./, (layer) => `shallow.${convOrBn(layer)}.`],
  [/^Non_local\.non_local\.origin_conv\.0\./, () => 'attention.rnta.g.'],
  [/^Non_local\.non_local\.(theta|phi)(?:\.0)?\./, (conv) => `attention.rnta.${conv}.`],
  [/^Non_local\.non_local\.W\.0\./, () => 'attention.rnta.out.'],
  [/^Non_local\.non_local\.W\.1\./, () => 'attention.rnta.bn.'],
  [/^Attention\.conv_du\.([02])\./, (layer) => `attention.sca.${reduceOrExpand(layer)}.`],
  [
    /^Res_sub\.layer3x3_([1-9])\.0\.downsample\.([01])\./,
    (stage, layer) => `residual.stages.${before(stage)}.downsample.${convOrBn(layer)}.`,
  ],
  [
    /^Res_sub\.layer3x3_([1-9])\.(\d+)\.Attention\.conv_du\.([02])\./,
    (stage, unit, layer) => `residual.stages.${before(stage)}.units.${unit}.sca.${reduceOrExpand(layer)}.`,
  ],
  [
    /^Res_sub\.layer3x3_([1-9])\.(\d+)\.(conv|bn)([1-9])\./,
    (stage, unit, kind, depth) => `residual.stages.${before(stage)}.units.${unit}.layers.${before(depth)}.${kind}.`,
  ],
  [/^Res_sub\.final_downsample\.([01])\./, (layer) => `residual.final.${convOrBn(layer)}.`],
  // Left over from the image network they started from; their forward pass never calls it.
  [/^Res_sub\.fc\./, () => null],
  // Linear layers alternate with ReLUs, which have no parameters.
  [/^regression\.([024])\./, (layer) => `classifier.${Number(layer) / 2}.`],
]

const before = (oneBased = ''): number => Number(oneBased) - 1
const convOrBn = (layer = ''): string => (layer === '0' ? 'conv' : 'bn')
const reduceOrExpand = (layer = ''): string => (layer === '0' ? 'reduce' : 'expand')

/**
 * Our name of a tensor in the authors' state dict; null if their forward pass does not use it.
 * `module.`, which DataParallel puts in front, is ignored.
 * @throws FormatError for a name that their code does not have.
 */
export function fromReleasedName(released: string, source: string): string | null {
  const name = released.replace(/^module\./, '')
  const leaf = /\.(?:weight|bias|running_mean|running_var|num_batches_tracked)$/.exec(name)
  for (const [pattern, rename] of rules) {
    const match = pattern.exec(name)
    if (!match || !leaf || match[0].length !== leaf.index + 1) continue
    const prefix = rename(...match.slice(1))
    return prefix === null ? null : prefix + name.slice(leaf.index + 1)
  }
  throw new FormatError(`${source}: '${released}' is not a name of the released RTCAN-1D code`)
}

/**
 * A state dict of the authors under our names, without the tensors their forward pass does not use and without
 * num_batches_tracked, which only BN without momentum needs.
 * @throws FormatError for an unknown name.
 */
export function renameReleased<T>(stateDict: ReadonlyMap<string, T>, source: string): Map<string, T> {
  const renamed = new Map<string, T>()
  for (const [released, tensor] of stateDict) {
    const name = fromReleasedName(released, source)
    if (name !== null && !name.endsWith('.num_batches_tracked')) renamed.set(name, tensor)
  }
  return renamed
}
