// Generated from channel_attention.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    squeeze: 'bounds' | 'x' | 'y'
    squeeze_backward: 'bounds' | 'dy' | 'y'
    scale: 'bounds' | 'gate' | 'x' | 'y'
    scale_gate: 'bounds' | 'dy' | 'x' | 'y'
  }
  params: 'batch' | 'rows' | 'quads' | 'segments'
  constants: 'WORKGROUP' | 'ACCUMULATE'
}>
export default shader
