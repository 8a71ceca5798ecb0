// Generated from cvxeda/ends.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    scale: 'recordings' | 'scaling' | 'state'
    start: 'point' | 'recordings' | 'response' | 'samples' | 'scaling' | 'state'
    tonic_parts: 'drift' | 'phasic' | 'point' | 'samples' | 'scaling' | 'tables' | 'tonic' | 'tonic_part'
    driver_parts: 'driver' | 'point' | 'residual' | 'scaling'
    report: 'report_out' | 'scaling' | 'state'
  }
  params: 'n' | 'stride' | 'signals' | 'first' | 'all' | 'spacing' | 'begin' | 'parts' | 'chunk_length' | 'sample_stride' | 'chunk_stride' | 'rows' | 'window' | 'centred' | 'alpha' | 'most_alpha'
  constants: 'WORKGROUP' | 'THREADS'
  values: 'WORKGROUP' | 'THREADS' | 'SHORT' | 'BAND' | 'VALUE' | 'DRIFT_VALUE' | 'ALPHA' | 'MU' | 'MU_BEFORE' | 'INFEASIBILITY' | 'ITERATIONS' | 'DONE' | 'GAP' | 'OBJECTIVE' | 'STATE_ROWS' | 'RUNNING' | 'STOPPED' | 'TRIVIAL' | 'MEAN' | 'SCALE' | 'MISSING' | 'FIRST_MISSING' | 'SCALING_ROWS' | 'DRIVER' | 'MULTIPLIER' | 'CONSTANT' | 'EXPONENT'
}>
export default shader
