// Generated from cvxeda/admm.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    backward: 'e' | 'feed' | 'origin' | 'state' | 'tables' | 'tonic' | 'y' | 'z'
    forward: 'candidate' | 'feed' | 'state' | 'tables' | 'tonic'
    residual: 'bounds' | 'e' | 'origin' | 'signal' | 'state' | 'tables' | 'tonic'
  }
  params: 'n' | 'lanes' | 'rows' | 'spacing' | 'offset' | 'first_run' | 'last_run' | 'gamma' | 'e1' | 'e2' | 'c1' | 'fd' | 'g1' | 'g2' | 'f21'
  constants: 'WORKGROUP'
  values: 'WORKGROUP' | 'RHO' | 'LEVEL' | 'ALPHA' | 'DRIVER_NORM' | 'MULTIPLIER_NORM' | 'STATE_ROWS' | 'FINISHED' | 'VALUE' | 'INCREMENT' | 'REST' | 'FIELDS' | 'DRIFTS' | 'GAIN' | 'SPLINE_ETA' | 'DRIFT_ETA' | 'COUPLING' | 'OUTER_COUPLING' | 'PIVOT' | 'TABLE_ROWS' | 'SYSTEM_ROWS'
}>
export default shader
