// Generated from cvxeda_riccati.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    riccati: 'e' | 'gain' | 'lambda' | 'p' | 'state' | 'tables' | 'tonic'
  }
  params: 'n' | 'lanes' | 'spacing' | 'rows' | 'e1' | 'e2' | 'c1' | 'fd' | 'g1' | 'g2' | 'f21' | 'gamma00' | 'gamma01' | 'gamma11'
  constants: 'WORKGROUP' | 'WINDOW'
}>
export default shader
