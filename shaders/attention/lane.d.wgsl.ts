// Generated from attention/lane.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'bounds' | 'k' | 'lse' | 'q' | 'v' | 'y'
  }
  params: 'batch' | 'queries' | 'keys' | 'clips' | 'tiles' | 'own_rows' | 'own_quads' | 'lse_stride'
  constants: 'SG' | 'D4' | 'T' | 'OWN' | 'KB' | 'LOADS' | 'HALVINGS' | 'LOWEST' | 'RANGE'
}>
export default shader
