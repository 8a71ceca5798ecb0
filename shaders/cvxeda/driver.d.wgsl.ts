// Generated from cvxeda/driver.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    feedforward: 'boundary' | 'gain' | 'point' | 'state' | 'tables' | 'tonic'
    driver_step: 'boundary' | 'gain' | 'point' | 'state'
  }
  params: 'signals' | 'lanes' | 'chunks' | 'parts' | 'chunk_length' | 'spacing' | 'begin' | 'end' | 'sample_stride' | 'chunk_stride' | 'rows' | 'window' | 'e1' | 'e2' | 'c1' | 'fd' | 'g1' | 'g2' | 'f21'
  constants: 'WORKGROUP' | 'CHUNKED'
  values: 'WORKGROUP' | 'ADJOINT_END' | 'FILTER_START' | 'RATIO' | 'SIZE' | 'CURVATURE' | 'FILTER_END' | 'BAND' | 'COEFFICIENT' | 'LINE' | 'ALPHA' | 'MU' | 'DONE' | 'RUNNING' | 'SIGMA'
}>
export default shader
