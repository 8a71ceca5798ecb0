import shader from '../../shaders/elementwise.wgsl'
import { expectSameShape, type Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, innerOf } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'

const VALUES = /* @__PURE__ */ shaderValues(shader)
/** Operations an element; a comparison is none. */
const FLOPS = { relu: 0, sigmoid: 4, add: 1, relu_backward: 0, sigmoid_backward: 3 }

function paramsOf(a: Tensor) {
  return { quads: a.byteLength / 16, inner: innerOf(a.shape), inner_quads: a.rowStride / 4 }
}

function unary(p: Plan, entry: 'relu' | 'sigmoid', a: Tensor): Tensor {
  const y = p.tensor(a.shape, 'f32', entry)
  const params = paramsOf(a)
  p.dispatch(
    shader,
    entry,
    { a, y, params },
    { groups: ceilDiv(params.quads, VALUES.WORKGROUP), flops: FLOPS[entry] * y.size },
  )
  return y
}

function binary(p: Plan, entry: 'add' | 'relu_backward' | 'sigmoid_backward', a: Tensor, b: Tensor): Tensor {
  expectSameShape(entry, a, b)
  const y = p.tensor(a.shape, 'f32', entry)
  const params = paramsOf(a)
  p.dispatch(
    shader,
    entry,
    { a, b, y, params },
    { groups: ceilDiv(params.quads, VALUES.WORKGROUP), flops: FLOPS[entry] * y.size },
  )
  return y
}

/** max(x, 0), any shape. */
export const relu = (p: Plan, x: Tensor): Tensor => unary(p, 'relu', x)

/** Gradient through `relu`, from its output y; zero where y is zero. */
export const reluBackward = (p: Plan, dy: Tensor, y: Tensor): Tensor => binary(p, 'relu_backward', dy, y)

/** 1 / (1 + exp(-x)), any shape. */
export const sigmoid = (p: Plan, x: Tensor): Tensor => unary(p, 'sigmoid', x)

/** Gradient through `sigmoid`, from its output y. */
export const sigmoidBackward = (p: Plan, dy: Tensor, y: Tensor): Tensor => binary(p, 'sigmoid_backward', dy, y)

/** a + b. */
export const add = (p: Plan, a: Tensor, b: Tensor): Tensor => binary(p, 'add', a, b)
