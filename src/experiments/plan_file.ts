// What an experiment is to be, beside its jobs: from it tables are collected and drawn again without the data.
import { formatDocument, toDocument } from '../formats/documents.ts'
import { FormatError } from '../runtime/errors.ts'
import { readJson, writeJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import type { Collected, CollectedDataset, ProtocolFacts } from './collected.ts'
import type { FactTable, CollectedFact } from './facts.ts'
import type { ExperimentPlan } from './plan.ts'

/** A table of facts with what the data say. */
export interface CollectedFacts extends Omit<FactTable, 'rows'> {
  rows: CollectedFact[]
  datasets: CollectedDataset[]
}

/** A plan and all that captions say of it. */
export interface PlanDocument extends ExperimentPlan {
  datasets: CollectedDataset[]
  protocols: ProtocolFacts[]
  departures: Collected['departures']
  facts: CollectedFacts[]
}

const FILE = 'plan.json'

export const savePlan = (out: Store, plan: PlanDocument): Promise<void> =>
  writeJson(out, FILE, toDocument('experiment-plan', plan))

/** @throws FormatError when there is none, or a damaged one */
export async function loadPlan(out: Store, name: string): Promise<PlanDocument> {
  if (!(await out.exists(FILE))) throw new FormatError(`${name} holds no experiment: there is no ${FILE}`)
  return await readJson<PlanDocument>(out, FILE, 'experiment-plan', ['grids', 'jobs', 'seeds'], `${name}/${FILE}`)
}

/** Tables that lie in a folder of another plan than this; none where there is no plan yet, the same, or a damaged one. */
export async function replacedTables(out: Store, plan: PlanDocument): Promise<string[]> {
  if (!(await out.exists(FILE))) return []
  const text = await out.readText(FILE)
  if (text === formatDocument(toDocument('experiment-plan', plan))) return []
  const before = await loadPlan(out, '').catch((error: unknown) => {
    if (error instanceof FormatError) return undefined
    throw error
  })
  return before ? [...before.facts, ...before.grids.map(({ grid }) => grid)].map(({ name }) => name) : []
}
