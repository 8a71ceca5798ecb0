// What `galvani verify` prints for a person.
import { countsOf, type CaseResult } from '../../src/verify/case.ts'
import type { WindowFailure, WindowSummary } from '../../src/verify/recordings.ts'
import { table } from './output.ts'

/** Cases that did not pass, cvxEDA's by method, and the counts. */
export function casesText(cases: readonly CaseResult[]): string {
  const { passed, failed, skipped } = countsOf(cases)
  const rows = cases
    .filter(({ status }) => status !== 'passed')
    .map((c) => [c.name, c.status, c.tensor ?? '', String(c.error), String(c.tolerance)])
  return [
    ...(rows.length > 0 ? [table(['case', 'status', 'of', 'error', 'tolerance'], rows)] : []),
    ...(cases.some(({ method }) => method) ? [methodTable(cases)] : []),
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
  ].join('\n')
}

/** cvxEDA's cases by solver and form. */
function methodTable(cases: readonly CaseResult[]): string {
  const methods = new Set(cases.flatMap(({ method }) => method ?? []))
  const rows = [...methods].map((name) => {
    const { passed, failed, skipped } = countsOf(cases.filter(({ method }) => method === name))
    return [name, String(passed), String(failed), String(skipped)]
  })
  return table(['cvxEDA solver', 'passed', 'failed', 'skipped'], rows)
}

/** Windows by method and disturbance, those that failed, and how many of `done` passed. */
export function windowsText(
  summaries: readonly WindowSummary[],
  failures: readonly WindowFailure[],
  done: number,
): string {
  return [
    summaryTable(summaries),
    ...(failures.length > 0 ? [failureTable(failures)] : []),
    `${done - failures.length} of ${done} windows passed`,
  ].join('\n')
}

const short = (value: number): string => value.toExponential(1)

function summaryTable(summaries: readonly WindowSummary[]): string {
  const statuses = (counts: WindowSummary['statuses']): string =>
    Object.entries(counts)
      .map(([name, n]) => `${n} ${name}`)
      .join(', ')
  return table(
    ['solver', 'windows', 'failed', 'gap', 'nrmse(r)', 'nrmse(t)', 'iterations', 'statuses'],
    summaries.map((s) => [
      `${s.method}, ${s.disturbance}`,
      String(s.windows),
      String(s.failed),
      short(s.gap),
      short(s.phasic),
      short(s.tonic),
      String(s.iterations),
      statuses(s.statuses),
    ]),
  )
}

function failureTable(failures: readonly WindowFailure[]): string {
  return table(
    ['failed', 'from s', 'Hz', 'samples', 'status', 'gap', 'nrmse(r)', 'nrmse(t)'],
    failures.map((f) => [
      `${f.method}, ${f.disturbance}, ${f.source}`,
      f.start.toFixed(2),
      String(f.sampleRate),
      String(f.samples),
      f.status,
      short(f.gap),
      short(f.phasic),
      short(f.tonic),
    ]),
  )
}
