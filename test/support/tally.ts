// Sums a run of the tests up: what was skipped and why, and what only looks like a test.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Plugin } from 'vitest/config'
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node'
import type {} from './needs.ts'

/** What `scripts/lib/tests.mjs` reads from the file that TALLY names. */
export interface Tally {
  passed: number
  /** Tests, files that did not load, errors outside of tests, and `problems`. */
  failed: number
  /** How many for which reason, most first. */
  skipped: [reason: string, count: number][]
  /** Files without any test, and what was skipped without a reason. */
  problems: string[]
  /** How long each file took. */
  seconds: [file: string, seconds: number][]
}

/** Sums up at the end of a run, whichever reporters show it. A problem fails the run. */
export const tallyPlugin: Plugin = {
  name: 'tally',
  // Whether an `only` counts is judged here, not by the variable CI, which vitest would ask.
  config: () => ({ test: { allowOnly: true } }),
  // Called for each project of a run, which is summed up once. Each has loaded this file, so that the class is not the same one.
  configureVitest: ({ vitest: { config } }) => {
    if (!config.reporters.some((reporter) => typeof reporter === 'object' && 'sumsUp' in reporter))
      config.reporters.push(new TallyReporter())
  },
}

class TallyReporter implements Reporter {
  readonly sumsUp = true
  #vitest!: Vitest

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const { testNamePattern, root } = this.#vitest.config
    const tally = tallyOf(modules, (path) => relative(root, path), testNamePattern !== undefined)
    tally.failed += errors.length
    for (const [reason, count] of tally.skipped) this.#vitest.logger.log(`skipped: ${count} × ${reason}`)
    for (const problem of tally.problems) this.#vitest.logger.error(`failed: ${problem}`)
    if (tally.failed > 0) process.exitCode = 1
    const file = process.env['TALLY']
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally))
  }
}

/** `chosen`: tests were chosen by name, and the others are no concern of this run. */
function tallyOf(modules: readonly TestModule[], pathOf: (path: string) => string, chosen: boolean): Tally {
  const reasons = new Map<string, number>()
  const problems: string[] = []
  let [passed, failed] = [0, 0]

  const skip = (what: TestCase | TestSuite, note?: string) => {
    const reason = note ?? what.meta().reason
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    else if (!chosen) problems.push(`${pathOf(what.module.moduleId)}: '${what.fullName}' is skipped without a reason`)
  }

  for (const module of modules) {
    let found = 0
    let broken = 0
    for (const test of module.children.allTests()) {
      found++
      const { state } = test.result()
      if (state === 'passed') passed++
      else if (state === 'failed') broken++
      else skip(test, noteOf(test))
    }
    // A suite whose list of cases is empty where what it needs is not there.
    for (const suite of module.children.allSuites()) {
      if (suite.children.size > 0 || suite.state() !== 'skipped') continue
      found++
      skip(suite)
    }
    const unloaded = broken === 0 && module.state() === 'failed'
    failed += broken + Number(unloaded)
    if (found === 0 && !unloaded) problems.push(`${pathOf(module.moduleId)} has no test`)
  }
  const skipped = [...reasons].sort(([a, x], [b, y]) => y - x || a.localeCompare(b))
  const seconds = modules.map((module): [string, number] => [
    pathOf(module.moduleId),
    module.diagnostic().duration / 1000,
  ])
  return { passed, failed: failed + problems.length, skipped, problems, seconds }
}

const noteOf = (test: TestCase): string | undefined => {
  const result = test.result()
  return result.state === 'skipped' ? result.note : undefined
}
