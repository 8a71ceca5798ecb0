// What the benchmarks have in common.
import type { Probes } from '../../bench/probes.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { integer } from '../shared/values.ts'

/** A positive integer. @throws UsageError naming the option */
export const count =
  (option: string) =>
  (text: string): number => {
    const value = integer(option)(text)
    if (value < 1) throw new UsageError(`${option} is '${text}', expected a positive integer`)
    return value
  }

export const milliseconds = (value: number): string => `${Number(value.toPrecision(3))} ms`

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

export const probeFacts = ({ fma_peak_gflops, copy_gbps, dispatch_us, submit_us }: Probes): [string, string][] => [
  ['Multiply-add peak', `${fma_peak_gflops.toPrecision(3)} GFLOP/s`],
  ['Copy bandwidth', `${copy_gbps.toPrecision(3)} GB/s`],
  ['Dispatch, submit', `${dispatch_us.toFixed(1)} us, ${submit_us.toFixed(1)} us`],
]
