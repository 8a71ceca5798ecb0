// kernels.json of a run folder: which kernels the run uses, so that it goes on with the same bits whatever is tuned meanwhile.
import { toDocument } from '../formats/documents.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { readJson, writeJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import { adapterKey, type AdapterKey } from '../tune/cache.ts'
import { KERNEL_SET } from '../tune/kernel_set.ts'
import { kernelChoices } from '../kernels/choices.ts'

export const KERNELS_FILE = 'kernels.json'

interface RunKernels {
  /** Digest of all kernels, `KERNEL_SET`. */
  kernelSet: string
  adapter: AdapterKey
  /** Names of variants, by op and shape. */
  variants: Record<string, string>
}

/**
 * Has `kernelChoices(gpu).tuned` name the kernels that the run used before, and nothing else. Warns when bits will not repeat: on another adapter
 * the device's own choice stays, since there nothing would be gained by the old one.
 * @throws FormatError when the file is damaged
 */
export async function pinKernels(gpu: Gpu, store: Store, onWarning?: (message: string) => void): Promise<void> {
  if (!(await store.exists(KERNELS_FILE))) return
  const { kernelSet, adapter, variants } = await readJson<RunKernels>(store, KERNELS_FILE, 'run-kernels', [
    'kernelSet',
    'adapter',
    'variants',
  ])
  const now = adapterKey(gpu)
  const before = adapter.description || adapter.device
  if (!sameKind(adapter, now)) {
    onWarning?.(`this run was computed on another adapter, ${before}; here its numbers differ by rounding`)
    return
  }
  if (kernelSet !== KERNEL_SET)
    onWarning?.('the kernels have changed since this run was begun; its numbers may differ by rounding from now on')
  else if (adapter.description !== now.description)
    onWarning?.(`this run was begun with another driver, ${before}; its numbers may differ by rounding from now on`)
  kernelChoices(gpu).tuned.clear()
  for (const [key, variant] of Object.entries(variants)) kernelChoices(gpu).tuned.set(key, variant)
}

/** Drivers of one device run the same variants. */
const sameKind = (a: AdapterKey, b: AdapterKey): boolean =>
  (['vendor', 'architecture', 'device', 'subgroups'] as const).every((field) => a[field] === b[field])

/** Writes the kernels that plans use, and those that plans to come will be told to use. */
export async function saveKernels(gpu: Gpu, store: Store): Promise<void> {
  const variants = Object.fromEntries([
    ...kernelChoices(gpu).tuned,
    ...kernelChoices(gpu).named,
    ...kernelChoices(gpu).chosen,
  ])
  const kernels: RunKernels = { kernelSet: KERNEL_SET, adapter: adapterKey(gpu), variants }
  await writeJson(store, KERNELS_FILE, toDocument('run-kernels', kernels))
}
