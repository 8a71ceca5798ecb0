// Generated from cvxeda/riccati.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    chunk_cost: 'boundary' | 'gain' | 'point' | 'state' | 'tables' | 'tonic'
    riccati: 'boundary' | 'drift' | 'gain' | 'point' | 'state' | 'sums' | 'tables' | 'tonic'
  }
  params: 'signals' | 'lanes' | 'chunks' | 'parts' | 'chunk_length' | 'spacing' | 'begin' | 'end' | 'sample_stride' | 'chunk_stride' | 'rows' | 'e1' | 'e2' | 'c1' | 'fd' | 'g1' | 'g2' | 'f21'
  constants: 'WORKGROUP' | 'WINDOW' | 'COLUMNS'
  values: 'WORKGROUP' | 'WINDOW' | 'COLUMNS' | 'MOST_COLUMNS' | 'DRIFT' | 'PSI' | 'PAIRS' | 'COST_END' | 'BOUNDARY_GAP' | 'BOUNDARY_OBJECTIVE' | 'COST_START' | 'COST_TRANSITION' | 'COST_SPREAD' | 'TRANSITION' | 'LOCAL' | 'BAND' | 'COEFFICIENT' | 'LINE' | 'ALPHA' | 'MU' | 'MU_BEFORE' | 'STEP_LENGTH' | 'DONE' | 'RUNNING' | 'SIGMA'
}>
export default shader
