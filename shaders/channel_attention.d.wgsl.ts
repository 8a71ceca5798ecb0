// Generated from channel_attention.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    squeeze: 'bounds' | 'x' | 'y'
    scale: 'bounds' | 'gate' | 'x' | 'y'
    scale_logit: 'bounds' | 'dy' | 'gate' | 'x' | 'y'
    scale_backward: 'bounds' | 'dmean' | 'dy' | 'gate' | 'y'
    squeeze_backward: 'bounds' | 'dmean' | 'y'
  }
  params: 'batch' | 'rows' | 'quads' | 'segments'
  constants: 'WORKGROUP'
}>
export default shader
