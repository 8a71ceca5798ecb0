// What the host does of a decomposition it does in pieces, between which other tasks have their turn and an abort is heard.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { decompose } from '../../src/cvxeda/decompose.ts'
import { firstPoint, firstResponse } from '../../src/cvxeda/interior_ends.ts'
import { layoutOf, placesOf } from '../../src/cvxeda/interior_layout.ts'
import { Newton } from '../../src/cvxeda/newton.ts'
import { createProblem } from '../../src/cvxeda/problem.ts'
import { readOut } from '../../src/cvxeda/read_out.ts'
import { scaled, scalingOf } from '../../src/cvxeda/scaling.ts'
import { createTonicBasis } from '../../src/cvxeda/tonic.ts'
import { atOnce, breather, inTurns, PIECE, type Pieces } from '../../src/runtime/breather.ts'
import { randomSignal } from './support.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const PIECES = 6
const n = PIECES * PIECE

function count(work: Pieces<unknown>): number {
  let pieces = 0
  while (!work.next().done) pieces++
  return pieces
}

describe.each([4, 1000])('at %i Hz a piece goes over no more than twice as many samples as it may', (rate) => {
  const problem = createProblem(n, rate)
  const y = randomSignal(n, rate, 1)
  const scaling = atOnce(scalingOf(problem, y))
  const signal = atOnce(scaled(problem, y, scaling))
  const basis = atOnce(createTonicBasis(problem))
  const layout = layoutOf(problem, basis, 'along-time')
  const places = atOnce(placesOf(problem, basis, layout))
  const l = new Float64Array(problem.knotCount)
  const solution = { driver: new Float64Array(n), l, d: new Float64Array(2), iterations: 0, status: 'solved' as const }
  const ones = new Float64Array(n).fill(1)
  const step = { p: ones, lambda: ones, target: 1, alpha: 1, e: signal.y, l }
  it.each<[string, number, () => Pieces<unknown>]>([
    ['the scale', 2, () => scalingOf(problem, y)],
    ['the scaled signal', 1, () => scaled(problem, y, scaling)],
    ['the tables of splines and drift', 4, () => createTonicBasis(problem)],
    ['the places of samples', 1, () => placesOf(problem, basis, layout)],
    ['the first response', 1, () => firstResponse(problem.filter, n)],
    ['the first point', 2, () => firstPoint(problem, layout, places, [signal])],
    ['a step of Newton, there and back, and its sums', 3, () => new Newton(problem).solve(step)],
    ['the parts', 2, () => readOut(problem, y, scaling, solution)],
  ])('%s', (_, passes, work) => {
    expect(count(work())).toBeGreaterThanOrEqual((passes * PIECES) / 2)
  })
})

it('asks for its turn by the clock, not after every piece', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const asked: number[] = []
  function* work(): Pieces<string> {
    for (let piece = 0; piece < 10; piece++) {
      now += 1.5
      yield
    }
    return 'done'
  }
  expect(await inTurns(work(), async () => Promise.resolve(void asked.push(now)))).toBe('done')
  expect(asked).toEqual([4.5, 9, 13.5])
  expect(atOnce(work())).toBe('done')
})

it('lets a timer fire within an iteration, and hears an abort there', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 20)) // every look at the clock is one turn later
  const y = randomSignal(4 * PIECE, 1000, 1)
  const stop = new AbortController()
  const reason = new Error('enough')
  let turns = 0
  const tick = (): void => {
    turns++
    if (turns === 40) stop.abort(reason)
    else setTimeout(tick)
  }
  setTimeout(tick)
  const progress: number[] = []
  const call = decompose('cpu', [y], {
    sampleRate: 1000,
    signal: stop.signal,
    onProgress: (done) => progress.push(done),
  })
  await expect(call).rejects.toBe(reason)
  expect(turns).toBe(40)
  expect(Math.max(...progress)).toBeLessThan(0.5) // 40 turns are a few iterations of many
})

it('a breather has its turn after 30 ms and throws the reason of an abort', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const stop = new AbortController()
  const heard: number[] = []
  const breathe = breather(stop.signal, (share) => heard.push(share))
  now = 29
  await breathe(0.1)
  now = 31
  await breathe(0.2)
  expect(heard).toEqual([0.2])
  stop.abort(new Error('stopped'))
  await expect(breathe()).rejects.toThrow('stopped')
})
