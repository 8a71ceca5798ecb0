// An experiment as a whole: its plan with all that tables say of it, and its jobs one after the other.
import type { Gpu } from '../runtime/gpu.ts'
import type { Store } from '../store/store.ts'
import { collectFacts } from './collect_facts.ts'
import { departuresOf } from './departures.ts'
import type { FactTable } from './facts.ts'
import type { Grid } from './grid.ts'
import { adapterName } from './job.ts'
import { planExperiment, type ExperimentOptions } from './plan.ts'
import { savePlan, type PlanDocument } from './plan_file.ts'
import { protocols, saysOf } from './protocols.ts'
import { runHere, runJobs, unfinished, type FailedJob, type RunnerHooks } from './runner.ts'
import { described, type Study } from './study.ts'

/** What is to be made: tables of runs, and tables of what the data say. */
export interface Tables {
  grids: readonly Grid[]
  facts?: readonly FactTable[]
}

/** The plan of tables on studies, with its captions. @throws UsageError for settings that do not fit, or that a table varies */
export async function planTables(
  { grids, facts = [] }: Tables,
  studies: readonly Study[],
  options: ExperimentOptions,
): Promise<PlanDocument> {
  const plan = await planExperiment(grids, studies, options)
  const kinds = studies.map(({ kind }) => kind)
  return {
    ...plan,
    datasets: studies.map(described),
    protocols: options.protocols.map((protocol) => {
      const says = saysOf(protocol, options.shared, kinds)
      return { protocol, leaks: protocols[protocol].leaks, says }
    }),
    departures: grids.length > 0 ? departuresOf(options.shared, studies) : [], // a table of facts has no settings
    facts: facts.map((table) => collectFacts(table, studies)),
  }
}

/**
 * Writes the plan and runs its jobs, or some of them, in this thread. What is finished is left as it is, and what was begun goes on:
 * the same call after any end does the rest. Returns the jobs that failed.
 */
export async function runExperiment(
  gpu: Gpu,
  out: Store,
  plan: PlanDocument,
  studies: readonly Study[],
  hooks: RunnerHooks & { only?: PlanDocument['jobs'] } = {},
): Promise<FailedJob[]> {
  const { only = plan.jobs, ...rest } = hooks
  await savePlan(out, plan)
  const left = await unfinished(out, only, adapterName(gpu.info))
  const { signal } = rest
  return runJobs(left, [runHere({ gpu, out, studies, ...(signal && { signal }) })], rest)
}
