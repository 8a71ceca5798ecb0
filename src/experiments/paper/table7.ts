import type { ModelConfig } from '../../model/config.ts'
import type { Grid, GridRow } from '../grid.ts'
import { reported, SOURCE } from './reported.ts'

const row = (name: string, attention: ModelConfig['attention'], of: Parameters<typeof reported>[0]): GridRow => ({
  cells: [name],
  dataset: 'pmemo',
  music: true,
  settings: { model: { attention } },
  reported: reported(of),
})

/** Table 7: order of the attention submodules. */
export const table7: Grid = {
  name: 'table7',
  title: 'Arrangement of the attention submodules, with music',
  heads: ['Arrangement'],
  scores: ['accuracy', 'f1'],
  dimensions: ['valence', 'arousal'],
  source: `${SOURCE}, Table 7`,
  rows: [
    row('SCA, then RNTA', 'sca-rnta', { valence: [77.3, 80.94], arousal: [82.51, 85.62] }),
    row('RNTA, then SCA', 'rnta-sca', { valence: [74.31, 77.42], arousal: [81.72, 84.46] }),
    row('side by side', 'parallel', { valence: [74.1, 76.93], arousal: [80.21, 83.55] }),
  ],
}
