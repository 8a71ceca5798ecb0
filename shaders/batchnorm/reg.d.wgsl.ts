// Generated from batchnorm/reg.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    partial: 'bounds' | 'partials' | 'x'
    finalize: 'beta' | 'bounds' | 'gamma' | 'moments' | 'running_mean' | 'running_var' | 'stats'
    from_running: 'beta' | 'gamma' | 'running_mean' | 'running_var' | 'stats'
    normalise: 'bounds' | 'normaliser' | 'skip' | 'x' | 'y'
  }
  params: 'batch' | 'rows' | 'quads' | 'segments' | 'chunks' | 'chunk_rows' | 'momentum' | 'eps' | 'tiles'
  constants: 'WORKGROUP' | 'RELU' | 'JOIN' | 'JOIN_RELU'
}>
export default shader
