// Moves elements between layouts; padding of the result is written as zero. Launch: one invocation per quad of y,
// in channels_last per ROWS of them.
//
//   channels_last:  x [B, C, L] -> y [B, L, C]          with strides of x given, so that flattened rows can be read too
//   flatten:        x [B, L, C] -> y [B, C * L], channel-major as PyTorch flattens [B, C, L]
//   concat:         rows of a, then rows of b side by side: y[r] = [a[r] | b[r]]
//   slice:          y[r, i] = a[r, first + i]

struct Params {
  rows: u32,
  length: u32,
  channels: u32,
  y_quads: u32,
  a_stride: u32,
  b_stride: u32,
  batch_stride: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const QUAD: u32 = 4u;
const ROWS: u32 = 4u;

// rows = B; a_stride and batch_stride: distance of channels and of batch entries in a. An invocation has ROWS rows of y.
@compute @workgroup_size(WORKGROUP)
fn channels_last(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let q = i % params.y_quads;
  let tiles = (params.length + ROWS - 1u) / ROWS;
  let batch = i / params.y_quads / tiles;
  if (batch >= params.rows) { return; }
  let first = i / params.y_quads % tiles * ROWS;
  for (var l = first; l < min(first + ROWS, params.length); l++) {
    var quad = vec4<f32>();
    // @unroll
    for (var e = 0u; e < QUAD; e++) {
      let c = q * QUAD + e;
      if (c < params.channels) { quad[e] = a[batch * params.batch_stride + c * params.a_stride + l]; }
    }
    y[(batch * params.length + l) * params.y_quads + q] = quad;
  }
}

// rows = B, a_stride = padded C
@compute @workgroup_size(WORKGROUP)
fn flatten(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.rows * params.y_quads) { return; }
  let row = i / params.y_quads * params.length;
  var quad = vec4<f32>();
  // @unroll
  for (var e = 0u; e < QUAD; e++) {
    let column = i % params.y_quads * QUAD + e;
    let inside = column < params.channels * params.length;
    let f = select(0u, column, inside);
    quad[e] = select(0.0, a[(row + f % params.length) * params.a_stride + f / params.length], inside);
  }
  y[i] = quad;
}

// length = columns of a, channels = columns of b
@compute @workgroup_size(WORKGROUP)
fn concat(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.rows * params.y_quads) { return; }
  let row = i / params.y_quads;
  let first = i % params.y_quads * QUAD;
  var quad = vec4<f32>();
  // @unroll
  for (var e = 0u; e < QUAD; e++) {
    let column = first + e;
    if (column < params.length) {
      quad[e] = a[row * params.a_stride + column];
    } else if (column < params.length + params.channels) {
      quad[e] = b[row * params.b_stride + column - params.length];
    }
  }
  y[i] = quad;
}

// length = columns of y
@compute @workgroup_size(WORKGROUP)
fn slice(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.rows * params.y_quads) { return; }
  let at = i / params.y_quads * params.a_stride + params.first;
  var quad = vec4<f32>();
  // @unroll
  for (var e = 0u; e < QUAD; e++) {
    let column = i % params.y_quads * QUAD + e;
    let inside = column < params.length;
    quad[e] = select(0.0, a[at + select(0u, column, inside)], inside);
  }
  y[i] = quad;
}
