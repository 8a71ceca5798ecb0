// Pointwise maps over vec4s; padding (zero) is handled like data, and mapped back to zero where the map does not keep it.
// Launch: one invocation per quad.

struct Params { quads: u32, inner: u32, inner_quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;

// ReLU by the bits: everything from -0 to -infinity becomes 0. max() may return either of a NaN and a number, and compilers may
// assume that no NaN occurs; this keeps it, so that a broken activation stays visible.
fn rectify(v: vec4<f32>) -> vec4<f32> {
  return select(v, vec4<f32>(), bitcast<vec4<u32>>(v) - vec4(0x80000000u) <= vec4(0x7f800000u));
}

// relu: y = max(a, 0)
@compute @workgroup_size(WORKGROUP)
fn relu(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i < params.quads) { y[i] = rectify(a[i]); }
}

// relu_backward: a = dy, b = the output of relu; passes the gradient where the output is positive.
@compute @workgroup_size(WORKGROUP)
fn relu_backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i < params.quads) { y[i] = select(vec4<f32>(), a[i], b[i] > vec4<f32>()); }
}

// sigmoid: y = 1 / (1 + exp(-a)), from exp of a non-positive number so that it never overflows.
@compute @workgroup_size(WORKGROUP)
fn sigmoid(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.quads) { return; }
  let v = a[i];
  let e = exp(-abs(v));
  let s = select(e, vec4<f32>(1.0), v >= vec4<f32>()) / (1.0 + e);
  let channel = i % params.inner_quads * 4u + vec4<u32>(0u, 1u, 2u, 3u);
  y[i] = select(vec4<f32>(), s, channel < vec4<u32>(params.inner));
}

// sigmoid_backward: a = dy, b = the output of sigmoid.
@compute @workgroup_size(WORKGROUP)
fn sigmoid_backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                    @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i < params.quads) { y[i] = a[i] * b[i] * (1.0 - b[i]); }
}

// add: y = a + b
@compute @workgroup_size(WORKGROUP)
fn add(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
       @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i < params.quads) { y[i] = a[i] + b[i]; }
}
