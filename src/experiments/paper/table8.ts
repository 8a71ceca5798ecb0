import type { ModelConfig } from '../../model/config.ts'
import type { Grid, GridRow } from '../grid.ts'
import { reported, SOURCE } from './reported.ts'

const row = (name: string, model: Partial<ModelConfig>, of: Parameters<typeof reported>[0]): GridRow => ({
  cells: [name],
  dataset: 'pmemo',
  music: true,
  settings: { model },
  reported: reported(of),
})

/** Table 8: attention modules. Without any there is no shallow part either, and the residual part reads the signals. */
export const table8: Grid = {
  name: 'table8',
  title: 'Attention modules, with music',
  heads: ['Model'],
  scores: ['accuracy', 'f1'],
  dimensions: ['valence', 'arousal'],
  source: `${SOURCE}, Table 8`,
  notes: [
    'The paper does not say whether models without SCA have none in their residual units either; here base and base + RNTA have none.',
  ],
  rows: [
    row(
      'base',
      { shallow: false, attention: 'none', unit_sca: false },
      { valence: [74.6, 78.33], arousal: [75.82, 81.94] },
    ),
    row('base + SCA', { attention: 'sca' }, { valence: [74.78, 78.79], arousal: [79.7, 83.96] }),
    row('base + RNTA', { attention: 'rnta', unit_sca: false }, { valence: [74.93, 78.99], arousal: [80.11, 83.39] }),
    row('base + SCA + RNTA', { attention: 'sca-rnta' }, { valence: [77.3, 80.94], arousal: [82.51, 85.62] }),
  ],
}
