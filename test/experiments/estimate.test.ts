import { expect, it } from 'vitest'
import { estimateOf, flopsOf, weightsOf } from '../../src/experiments/estimate.ts'
import { smallPlan } from './small_experiment.ts'

it('a job weighs what its training takes, and an SVM as much as the least network', async () => {
  const { jobs } = (await smallPlan()).plan
  const weights = weightsOf(jobs)
  const [svm] = jobs.filter(({ method }) => method === 'svm').map(({ hash }) => weights.get(hash)!)
  const networks = jobs.filter(({ method }) => method === 'network')
  const [first, other] = [networks[0]!, networks.at(-1)!]
  expect([...weights.values()].reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
  expect(svm).toBe(Math.min(...networks.map(({ hash }) => weights.get(hash)!)))
  expect(weights.get(first.hash)! / weights.get(other.hash)!).toBeCloseTo(flopsOf(first) / flopsOf(other), 12)
  expect(estimateOf(jobs, 2, 'a few steps').seconds).toBe(2 * networks.reduce((sum, job) => sum + flopsOf(job), 0))
  expect([...weightsOf(jobs.filter(({ method }) => method === 'svm')).values()]).toEqual([1 / 3, 1 / 3, 1 / 3])
})
