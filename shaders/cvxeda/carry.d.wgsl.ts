// Generated from cvxeda/carry.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    carry_cost: 'boundary' | 'state'
    carry_adjoint: 'boundary' | 'state'
    correct: 'boundary' | 'state' | 'sums'
    carry_affine: 'boundary' | 'state' | 'tonic'
    carry_filter: 'boundary' | 'state'
  }
  params: 'signals' | 'lanes' | 'chunks' | 'parts' | 'rows' | 'window'
  constants: 'WORKGROUP' | 'WINDOW' | 'COLUMNS'
  values: 'WORKGROUP' | 'WINDOW' | 'COLUMNS' | 'DRIFT' | 'PSI' | 'PAIRS' | 'COST_END' | 'ADJOINT_END' | 'FILTER_START' | 'COST_START' | 'COST_TRANSITION' | 'COST_SPREAD' | 'FILTER_END' | 'TRANSITION' | 'LOCAL' | 'COLUMN_END' | 'BOUNDARY_FIELDS' | 'BAND' | 'STEP' | 'DRIFT_STEP' | 'DONE' | 'RUNNING' | 'OUTER_COLUMNS'
}>
export default shader
