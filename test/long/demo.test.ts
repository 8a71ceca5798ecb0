// What the demo promises, on its own commands: people never seen are recognised when emotion shows, and not when it does not.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { demoCommands } from '../../scripts/lib/demo_commands.mjs'

const galvani = fileURLToPath(new URL('../../bin/galvani.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'galvani-demo-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What is looked at of a run's result.json. */
interface Result {
  pooled: { model: { count: number; accuracy: number } }
  folds: { subject_independent: boolean }
  dataset: { synthetic: boolean }
}

/** Trains one fold of the demo's study (96 trials of 8 unseen people) and returns the run's summary. */
function demo(effect: number): Result {
  const home = join(folder, String(effect))
  const [make, prepare, train] = demoCommands(home, effect, ['--only-fold', '0', '--quiet']) as [
    string[],
    string[],
    string[],
  ]
  for (const command of [make, [...prepare, '--quiet'], train]) {
    const { status, stderr } = spawnSync(process.execPath, [galvani, ...command], { encoding: 'utf8' })
    expect(status, stderr).toBe(0)
  }
  return JSON.parse(readFileSync(join(home, 'run', 'result.json'), 'utf8')) as Result
}

it('recognises unseen people when the effect is strong', () => {
  const { pooled, folds, dataset } = demo(1)
  expect(folds.subject_independent).toBe(true)
  expect(dataset.synthetic).toBe(true)
  expect(pooled.model.count).toBe(96)
  expect(pooled.model.accuracy).toBeGreaterThanOrEqual(0.9)
})

it('stays at chance when there is nothing to learn', () => {
  const { accuracy } = demo(0).pooled.model
  expect(accuracy).toBeGreaterThanOrEqual(0.35)
  expect(accuracy).toBeLessThanOrEqual(0.65)
})
