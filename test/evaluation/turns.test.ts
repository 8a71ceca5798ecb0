import { expect, it } from 'vitest'
import { workInTurns } from '../../src/evaluation/turns.ts'
import type { Pieces } from '../../src/runtime/breather.ts'

/** Work of so many pieces, each longer than the turn after which others have theirs. */
function* longWork(pieces: number, say: (share: number) => void): Pieces<string> {
  for (let i = 1; i <= pieces; i++) {
    const start = performance.now()
    while (performance.now() - start < 35);
    say(i / pieces)
    yield
  }
  return 'done'
}

it('says which share is done whenever others had their turn, and gives the result', async () => {
  const shares: number[] = []
  let turns = 0
  const other = setInterval(() => turns++)
  const result = await workInTurns({ onProgress: (share) => shares.push(share) }, (say) => longWork(4, say))
  clearInterval(other)
  expect(result).toBe('done')
  expect(shares).toEqual([0.25, 0.5, 0.75, 1])
  expect(turns).toBeGreaterThan(0)
})

it('ends with the reason of its signal, before the work or in it', async () => {
  let begun = 0
  const work = (say: (share: number) => void) => {
    begun++
    return longWork(4, say)
  }
  await expect(workInTurns({ signal: AbortSignal.abort(new Error('before')) }, work)).rejects.toThrow('before')
  expect(begun).toBe(0)
  const stop = new AbortController()
  const shares: number[] = []
  const onProgress = (share: number) => {
    shares.push(share)
    stop.abort(new Error('meanwhile'))
  }
  await expect(workInTurns({ signal: stop.signal, onProgress }, work)).rejects.toThrow('meanwhile')
  expect(shares).toEqual([0.25])
})
