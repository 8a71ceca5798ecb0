// Generated from cvxeda/tonic.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    assemble: 'state' | 'sums' | 'tables' | 'tonic'
    tonic_step: 'boundary' | 'state' | 'tables' | 'tonic'
    finish: 'boundary' | 'state' | 'tonic'
  }
  params: 'signals' | 'lanes' | 'sections' | 'chunks' | 'parts' | 'spacing' | 'rows' | 'window' | 'n' | 'limit' | 'gamma' | 'line00' | 'line01' | 'line11'
  constants: 'WORKGROUP' | 'WINDOW' | 'COLUMNS'
  values: 'WORKGROUP' | 'WINDOW' | 'COLUMNS' | 'DRIFT' | 'PAIRS' | 'BOUNDARY_GAP' | 'BOUNDARY_OBJECTIVE' | 'RATIO' | 'SIZE' | 'CURVATURE' | 'COUPLING' | 'STEP' | 'VALUE' | 'COEFFICIENT' | 'BAND' | 'ROW_FIELDS' | 'DRIFT_BLOCK' | 'DRIFT_STEP' | 'DRIFT_VALUE' | 'LINE' | 'SUM_FIELDS' | 'ALPHA' | 'MU' | 'MU_BEFORE' | 'STEP_LENGTH' | 'INFEASIBILITY' | 'ITERATIONS' | 'DONE' | 'GAP' | 'OBJECTIVE' | 'STATE_ROWS' | 'RUNNING' | 'CONVERGED' | 'STOPPED' | 'SIGMA' | 'TO_BOUNDARY' | 'TOLERANCE' | 'FLOOR' | 'PIVOT_FLOOR' | 'EXPONENT'
}>
export default shader
