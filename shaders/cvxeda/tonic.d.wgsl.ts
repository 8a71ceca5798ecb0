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
}>
export default shader
