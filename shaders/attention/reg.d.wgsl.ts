// Generated from attention/reg.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'bounds' | 'k' | 'lse' | 'q' | 'v' | 'y'
  }
  params: 'batch' | 'queries' | 'keys' | 'clips' | 'tiles' | 'own' | 'lse_stride'
  constants: 'WORKGROUP' | 'D4' | 'T' | 'OWN' | 'LOWEST'
}>
export default shader
