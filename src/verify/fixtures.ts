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
import { verifyCvxedaCase, type CvxedaCase } from './cvxeda.ts'
import { judgeMetrics } from './metrics.ts'
import { runCheckpoint, runModel, runTrace, type TraceAttrs } from './models.ts'
import type { Arrays } from './op_context.ts'
import { runOp } from './ops.ts'
import { runOptimizer, runSchedule } from './optimizers.ts'

type Values = Map<string, Float32Array>

export interface VerifyHooks {
  onCase?: (result: CaseResult, done: number, total: number) => void
}

/** Kinds of cases that the schema has and this version does not compute. */
const notComputed: Readonly<Record<string, string>> = { cam: 'class activation maps are not computed by this version' }

/** Runs every case of `index.json` and judges it by its own tolerances. @throws FormatError when there is no such index */
export async function verifyFixtures(gpu: Gpu, store: Store, source: string, hooks: VerifyHooks = {}): Promise<CaseResult[]> {
  const cases = await readIndex(store, source)
  const results: CaseResult[] = []
  for (const entry of cases) {
    const result = await verifyCase(gpu, store, entry, cases)
    results.push(result)
    hooks.onCase?.(result, results.length, cases.length)
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

/** A case that cannot be run has failed, with the reason; only a lost device ends the whole run. */
async function verifyCase(gpu: Gpu, store: Store, entry: IndexCase, cases: readonly IndexCase[]): Promise<CaseResult> {
  const name = isCvxeda(entry) ? entry.name : entry.id
  const kind = isCvxeda(entry) ? 'cvxeda' : entry.kind
  try {
    if (isCvxeda(entry)) return await verifyCvxedaCase(gpu, entry, parseSafetensors(await store.read(entry.file), entry.file).tensors)
    const reason = notComputed[kind]
    if (reason) return { name, kind, status: 'skipped', error: reason, tolerance: 0 }
    if (kind === 'metrics') {
      const { error, tolerance, where } = judgeMetrics(await store.readText(entry.file), entry.tolerance ?? {})
      return resultOf(name, kind, { ok: error <= tolerance, error, tolerance, tensor: where })
    }
    const arrays = parseSafetensors(await store.read(entry.file), entry.file).tensors as Arrays
    const computed = await compute(gpu, store, entry, arrays, cases)
    return resultOf(name, kind, judgeCase(entry, arrays, computed))
  } catch (error) {
    gpu.check()
    return { name, kind, status: 'failed', error: error instanceof Error ? error.message : String(error), tolerance: 0 }
  }
}

async function compute(gpu: Gpu, store: Store, entry: FixtureCase, arrays: Arrays, cases: readonly IndexCase[]): Promise<Values> {
  const attrs = entry.attrs ?? {}
  switch (entry.kind) {
    case 'op':
      return runOp(gpu, entry.op ?? '', attrs, arrays)
    case 'optimizer':
      return runOptimizer(gpu, attrs as unknown as Parameters<typeof runOptimizer>[1], arrays)
    case 'schedule':
      return runSchedule(attrs as unknown as Parameters<typeof runSchedule>[0], arrays)
    case 'model':
      return runModel(gpu, configOf(entry, cases), arrays, entry.modes ?? ['eval', 'train'])
    case 'train':
      return runTrace(gpu, configOf(entry, cases), arrays, entry.prefix ?? '', attrs as unknown as TraceAttrs)
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
  return new Map(weights.map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data as ArrayLike<number>) }]))
}
