// Generated from cvxeda_interior_point.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    start: 'dp' | 'lambda' | 'p' | 'state' | 'tonic'
    advance: 'dp' | 'e' | 'lambda' | 'p' | 'state' | 'tables' | 'tonic' | 'y'
    tonic_step: 'state' | 'tonic'
    feedforward: 'e' | 'gain' | 'p' | 'state' | 'tables' | 'tonic'
    driver_step: 'dp' | 'gain' | 'lambda' | 'p' | 'state'
  }
  params: 'n' | 'lanes' | 'spacing' | 'rows' | 'window' | 'e1' | 'e2' | 'c1' | 'fd' | 'g1' | 'g2' | 'f21' | 'gamma00' | 'gamma01' | 'gamma11'
  constants: 'WORKGROUP'
}>
export default shader
