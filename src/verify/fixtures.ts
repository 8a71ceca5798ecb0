// Every case of a folder in the fixtures' schema, whatever its shapes, seeds and names.
import { renameReleased } from '../formats/released_names.ts'
import { parseSafetensors } from '../formats/safetensors.ts'
import { parseTorchCheckpoint } from '../formats/torch.ts'
import type { HostTensor } from '../model/weights.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Store } from '../store/store.ts'
import { resultOf, type CaseResult, type FixtureCase } from './case.ts'
import { judgeCase } from './compare.ts'
import { methodsOf, namedCase, verifyCvxedaCase, type CvxedaCase, type Device, type Method } from './cvxeda.ts'
import { operatorOf } from './fixture_names.ts'
import { runCam } from './cam.ts'
import { judgeMetrics } from './metrics.ts'
import { runCheckpoint, runModel, runTrace, type TraceAttrs } from './models.ts'
import type { Arrays } from './op_context.ts'
import { runOp } from './op_list.ts'

type Values = Map<string, Float32Array>

export interface VerifyHooks {
  onCase?: (result: CaseResult, done: number, total: number) => void
}

/**
 * Runs every case of `index.json` and judges it by its own tolerances; a cvxEDA case once by each solver and form, unless
 * these are chosen. Without a GPU cvxEDA's float64 solver is all there is to run. @throws FormatError when there is no such index
 */
export async function verifyFixtures(
  device: Device,
  store: Store,
  source: string,
  options: VerifyHooks & Method = {},
): Promise<CaseResult[]> {
  const { onCase, ...choice } = options
  const cases = await readIndex(store, source)
  const methods = methodsOf(device, choice)
  const total = cases.reduce((sum, entry) => sum + (isCvxeda(entry) ? methods.length : 1), 0)
  const results: CaseResult[] = []
  const add = (result: CaseResult): void => {
    results.push(result)
    onCase?.(result, results.length, total)
  }
  for (const entry of cases) {
    if (!isCvxeda(entry)) add(await verifyCase(device, store, entry, cases))
    else for (const method of methods) add(await verifyDecomposition(device, store, entry, method))
  }
  return results
}

type IndexCase = FixtureCase | (CvxedaCase & { file: string })

const isCvxeda = (entry: IndexCase): entry is CvxedaCase & { file: string } => 'tier' in entry

const isNamed = (entry: Partial<FixtureCase & CvxedaCase> | null): boolean =>
  typeof (entry && 'tier' in entry ? entry.name : entry?.id) === 'string'

async function readIndex(store: Store, source: string): Promise<IndexCase[]> {
  if (!(await store.exists('index.json'))) throw new FormatError(`${source} is no fixture folder: it has no index.json`)
  try {
    const index = JSON.parse(await store.readText('index.json')) as { cases?: unknown }
    if (!Array.isArray(index.cases) || !index.cases.every(isNamed)) {
      throw new FormatError(`${source}/index.json has no list 'cases' of cases with a name`)
    }
    return index.cases as IndexCase[]
  } catch (error) {
    if (error instanceof SyntaxError) throw new FormatError(`${source}/index.json is not JSON: ${error.message}`)
    throw error
  }
}

async function verifyDecomposition(
  device: Device,
  store: Store,
  entry: CvxedaCase & { file: string },
  method: Method,
): Promise<CaseResult> {
  try {
    return await verifyCvxedaCase(
      device,
      entry,
      parseSafetensors(await store.read(entry.file), entry.file).tensors,
      method,
    )
  } catch (error) {
    return failure(device, namedCase(device, entry, method), error)
  }
}

/** A case that cannot be run has failed, with the reason; only a lost device ends the whole run. */
function failure(device: Device, named: Pick<CaseResult, 'name' | 'kind' | 'method'>, error: unknown): CaseResult {
  if (device !== 'cpu') device.check()
  return { ...named, status: 'failed', error: error instanceof Error ? error.message : String(error), tolerance: 0 }
}

async function verifyCase(
  device: Device,
  store: Store,
  entry: FixtureCase,
  cases: readonly IndexCase[],
): Promise<CaseResult> {
  const { id: name, kind } = entry
  if (device === 'cpu') return { name, kind, status: 'skipped', error: 'needs a GPU', tolerance: 0 }
  try {
    if (kind === 'metrics') {
      const { error, tolerance, where } = judgeMetrics(await store.readText(entry.file), entry.tolerance ?? {})
      return resultOf(name, kind, { ok: error <= tolerance, error, tolerance, tensor: where })
    }
    const arrays = parseSafetensors(await store.read(entry.file), entry.file).tensors as Arrays
    const computed = await compute(device, store, entry, arrays, cases)
    return resultOf(name, kind, judgeCase(entry, arrays, computed))
  } catch (error) {
    return failure(device, { name, kind }, error)
  }
}

async function compute(
  gpu: Gpu,
  store: Store,
  entry: FixtureCase,
  arrays: Arrays,
  cases: readonly IndexCase[],
): Promise<Values> {
  const attrs = entry.attrs ?? {}
  switch (entry.kind) {
    case 'op':
    case 'schedule':
      return runOp(gpu, operatorOf(entry.op ?? ''), attrs, arrays)
    case 'optimizer':
      return runOp(gpu, String(attrs.name), attrs, arrays)
    case 'model':
      return runModel(gpu, configOf(entry, cases), arrays, entry.modes ?? ['eval', 'train'])
    case 'train':
      return runTrace(gpu, configOf(entry, cases), arrays, entry.prefix ?? '', attrs as unknown as TraceAttrs)
    case 'cam':
      return runCam(gpu, configOf(entry, cases), arrays)
    case 'checkpoint':
      return runCheckpoint(gpu, configOf(entry, cases), await checkpointWeights(store, entry), arrays)
    default:
      throw new FormatError(`case ${entry.id}: the kind '${entry.kind}' is unknown`)
  }
}

/** A case's own configuration, or that of the model case whose file it shares. */
function configOf(entry: FixtureCase, cases: readonly IndexCase[]) {
  const owner = cases.find((c): c is FixtureCase => !isCvxeda(c) && c.kind === 'model' && c.file === entry.file)
  const config = entry.config ?? owner?.config
  if (!config) throw new FormatError(`case ${entry.id} has no model configuration`)
  return config
}

/** The authors' state dict under our names. */
async function checkpointWeights(store: Store, entry: FixtureCase): Promise<Map<string, HostTensor>> {
  const path = entry.checkpoint ?? ''
  const renamed = renameReleased(parseTorchCheckpoint(await store.read(path), path), path)
  const weights = [...renamed].filter(([name]) => !name.endsWith('num_batches_tracked'))
  return new Map(
    weights.map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data as ArrayLike<number>) }]),
  )
}
