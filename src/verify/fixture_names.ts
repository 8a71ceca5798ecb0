// What fixture files call things, where that is not what the library calls them: read and written here, and nowhere else.

/** Operators whose fixtures have a name of their own. */
const OPERATORS: Readonly<Record<string, string>> = {
  maxpool1d: 'max_pool',
  avgpool1d: 'average_pool',
  global_avgpool: 'global_average_pool',
  segment_mean: 'clip_mean',
}

/** The operator of the list (`op_list.ts`) that a fixture names. */
export const operatorOf = (op: string): string => OPERATORS[op] ?? op

const TAPS: Readonly<Record<string, string>> = { 'residual.max_pool': 'residual.maxpool' }

/** A named activation of the network as fixtures know it. */
export const fixtureTap = (name: string): string => TAPS[name] ?? name

/** The parameter or running statistic that a tensor of a case's file is; null for other tensors. */
export const weightOf = (name: string): string | null => /^(?:param|buffer)\.(.*)$/.exec(name)?.[1] ?? null

/** A tensor of the state at the end of the training trace whose names begin with `prefix`. */
export const finalName = (prefix: string, kind: 'param' | 'buffer', name: string): string =>
  `${prefix}final.${kind}.${name}`

/** A result of a class activation case. */
export const camName = (what: keyof typeof CAM, module = ''): string => `cam.${CAM[what]}${module}`

const CAM = {
  logits: 'logits',
  gradient: 'saliency.plain',
  guided: 'guided.full',
  guidedFrom: 'guided.from_',
  feature: 'feature.',
  featureGradient: 'feature_grad.',
  alpha: 'alpha.',
  map: 'cam.',
  gradCam: 'cam_up.',
  gradCamAlignCorners: 'cam_up_align_corners.',
  guidedGradCam: 'guided_gradcam.',
} as const

/** What a tensor that a case expects is; `train.grad.logits` is a gradient and logits. */
export const partsOf = (name: string) => ({
  loss: name.endsWith('.loss'),
  gradient: name.startsWith('grad.') || name.includes('.grad.'),
  finalParameter: name.includes('.final.param.'),
  finalBuffer: name.includes('.final.buffer.'),
  logits: name.endsWith('logits'),
})

/** `NAME = NAME = 0`: tensors that a training trace sets before its first step, and to what. */
export function startOf(text = ''): { names: string[]; value: number } {
  const [, names = '', value = '0'] = /((?:[\w.]+ = )+)(-?[\d.]+)/.exec(text) ?? []
  return { names: names.split(' = ').filter(Boolean), value: Number(value) }
}

/** `multiplied by 0.5 after every 2 steps`: the factor, and the steps between two decays; without a text, no decay. */
export function scheduleOf(text = ''): [factor: number, every: number] {
  const [factor = 1, every = 1] = (/by ([\d.]+) after every (\d+)/.exec(text)?.slice(1) ?? []).map(Number)
  return [factor, every]
}
