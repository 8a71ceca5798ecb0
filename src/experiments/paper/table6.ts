import type { Grid, GridRow } from '../grid.ts'
import { reported, SOURCE } from './reported.ts'

const row = (depth: number, channels: number[], of: Parameters<typeof reported>[0]): GridRow => ({
  cells: [String(depth), channels.join(', ')],
  dataset: 'pmemo',
  music: true,
  settings: { model: { depth, stage_channels: channels } },
  reported: reported(of),
})

/** Table 6: depth of a residual unit, and channels of the four stages. */
export const table6: Grid = {
  name: 'table6',
  title: 'Depth of the residual units and channels of the stages, with music',
  heads: ['Depth', 'Channels'],
  scores: ['accuracy', 'f1'],
  dimensions: ['valence', 'arousal'],
  source: `${SOURCE}, Table 6`,
  rows: [
    row(1, [64, 64, 64, 64], { valence: [77.3, 80.94], arousal: [82.51, 85.62] }),
    row(1, [64, 128, 256, 512], { valence: [74.29, 78.37], arousal: [78.84, 80.67] }),
    row(2, [64, 64, 64, 64], { valence: [72.7, 76.55], arousal: [74.41, 75.02] }),
    row(2, [64, 128, 256, 512], { valence: [72.04, 74.95], arousal: [72.9, 74.33] }),
  ],
}
