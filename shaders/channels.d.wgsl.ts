// Generated from channels.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    moments: 'moments_out' | 'x'
    resample: 'moments_in' | 'x' | 'y'
  }
  params: 'batch' | 'n' | 'stride' | 'drop' | 'length' | 'y_quads' | 'channels' | 'channel'
  constants: 'WORKGROUP'
  values: 'WORKGROUP' | 'SHORT' | 'ROUNDING' | 'LARGEST'
}>
export default shader
