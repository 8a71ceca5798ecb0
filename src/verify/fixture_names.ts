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
