// Generated from channel_attention_gate.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    reduce: 'mean' | 'reduce_bias' | 'reduce_weight' | 'result'
    expand: 'expand_bias' | 'expand_weight' | 'hidden' | 'result'
    hidden_gradient: 'dlogit' | 'expand_weight' | 'hidden' | 'result'
    mean_gradient: 'dhidden' | 'reduce_weight' | 'result'
    parameter_gradients: 'd_expand_bias' | 'd_expand_weight' | 'd_reduce_bias' | 'd_reduce_weight' | 'dhidden' | 'dlogit' | 'hidden' | 'mean'
  }
  params: 'rows' | 'channels' | 'channel_quads' | 'hidden_quads'
  constants: 'WORKGROUP'
}>
export default shader
