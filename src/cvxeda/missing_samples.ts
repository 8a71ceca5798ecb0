import { FormatError } from '../runtime/errors.ts'

/** @param index of the signal among those of the call */
export const missingSamples = (index: number, missing: number, first: number, n: number): FormatError =>
  new FormatError(
    `cvxEDA: signal ${index} has ${missing} of ${n} samples missing or not finite, the first at index ${first}; ` +
      'interpolate or cut them first.',
    { index, missing, first },
  )
