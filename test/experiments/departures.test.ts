import { describe, expect, it } from 'vitest'
import { departuresOf } from '../../src/experiments/departures.ts'
import { studyOf } from '../../src/experiments/study.ts'
import { smallStudy } from '../train/small_task.ts'

describe("the settings that are not the paper's", () => {
  it('are those that all rows share, the prepared length, and what the paper leaves open', async () => {
    const study = await studyOf(smallStudy())
    const told = departuresOf({ batch: 32, model: { channels: 8, final_pool: 2 }, seed: 9 }, [study])
    expect(told).toEqual([
      { setting: 'epochs', paper: 'not given', here: '100' },
      { setting: 'batch', paper: '256', here: '32' },
      { setting: 'model.channels', paper: '64', here: '8' },
      { setting: 'model.length', paper: '2500', here: '320' },
      { setting: 'model.final_pool', paper: '14', here: '2' },
    ])
    expect(departuresOf({}, [])).toEqual([])
  })
})
