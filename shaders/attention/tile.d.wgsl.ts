// Generated from attention/tile.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'bounds' | 'k' | 'lse' | 'q' | 'v' | 'y'
  }
  params: 'batch' | 'queries' | 'keys' | 'clips' | 'tiles' | 'lse_stride'
  constants: 'WORKGROUP' | 'D4' | 'T' | 'TILE' | 'KB' | 'LOWEST'
}>
export default shader
