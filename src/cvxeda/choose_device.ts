// Which device a call's work suits: a rule of the adapter's class, the number of signals and their samples alone, so that
// the same work goes the same way on every run, whatever is cached and however busy the machine.

/** A GPU of its own, an adapter that computes on the CPU, or neither. */
export type AdapterClass = 'gpu' | 'software' | 'none'

/** What is to be decomposed: how many signals, and their samples together. */
export interface Work {
  signals: number
  samples: number
}

/** Up to here one thread is done before an adapter is open and has its kernels: two hours at 4 Hz. */
const FEW_SAMPLES = 1 << 15
/** From here on a software adapter makes up for compiling its kernels; it needs signals enough for all its lanes. */
const SOFTWARE_SIGNALS = 256
const SOFTWARE_SAMPLES = 1 << 20

/**
 * `cpu` or `gpu`: few samples go to the CPU on any machine, batches to a GPU where there is one, and large batches to a
 * software adapter. What this gives the CPU for the class `gpu` it gives the CPU for every class, so that one may ask before
 * any adapter is opened.
 */
export function chooseDevice(adapter: AdapterClass, { signals, samples }: Work): 'cpu' | 'gpu' {
  if (adapter === 'none' || samples <= FEW_SAMPLES) return 'cpu'
  if (adapter === 'gpu') return 'gpu'
  return signals >= SOFTWARE_SIGNALS && samples >= SOFTWARE_SAMPLES ? 'gpu' : 'cpu'
}

/** Whether several threads are done sooner than one: there is more than one signal, and more to do than starting them costs. */
export const suitsWorkers = ({ signals, samples }: Work): boolean => signals > 1 && samples > FEW_SAMPLES
