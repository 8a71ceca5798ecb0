// The network's input from recordings on the device. A rate of 1 Hz, so that seconds are samples.
import { channels } from '../../kernels/channels.ts'
import * as twin from '../../reference/channels.ts'
import { CHANNELS } from '../../signal/channels.ts'
import type { CaseShape, OpCase, OpRecord } from '../op_record.ts'

const resampled = (shape: CaseShape, drop: number, out_length: number): OpCase => ({
  attrs: { drop, out_length },
  inputs: { origin: shape, phasic: shape, tonic: shape },
})

export const channelsRecord: OpRecord = {
  op: 'channels',
  // Two points left, one point asked for, fewer and more points than there are, and more samples than a workgroup sums at once.
  cases: [
    resampled([1, 5], 3, 7),
    resampled([3, 37], 3, 1),
    resampled([2, 101], 0, 29),
    resampled([2, 67], 12, 300),
    resampled([3, 9001], 12, 2500),
  ],
  run: {
    on: 'plan',
    record(c) {
      const [origin, phasic, tonic] = CHANNELS.map((name) => c.plain(name)) as [never, never, never]
      const settings = { sampleRate: 1, dropSeconds: c.number('drop'), length: c.number('out_length') }
      c.plainResult('y', channels(c.p, { origin, phasic, tonic }, settings))
    },
  },
  twin: (tensor, { drop, out_length }) => ({
    y: twin.channels(
      CHANNELS.map((name) => tensor(name)),
      drop,
      out_length,
    ),
  }),
}
