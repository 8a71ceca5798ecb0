// Moves elements between layouts; padding of the result is written as zero. Launch: one invocation per padded element of y.
//
//   channels_last:  x [B, C, L] -> y [B, L, C]          with strides of x given, so that flattened rows can be read too
//   flatten:        x [B, L, C] -> y [B, C * L], channel-major as PyTorch flattens [B, C, L]
//   concat:         rows of a, then rows of b side by side: y[r] = [a[r] | b[r]]
//   slice:          y[r, i] = a[r, first + i]

struct Params {
  rows: u32,
  length: u32,
  channels: u32,
  y_stride: u32,
  a_stride: u32,
  b_stride: u32,
  batch_stride: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 64u;

// rows = B * L, y_stride = padded C, a_stride and batch_stride: distance of channels and of batch entries in a
@compute @workgroup_size(WORKGROUP)
fn channels_last(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.rows * params.y_stride) { return; }
  let c = i % params.y_stride;
  let row = i / params.y_stride;
  let at = row / params.length * params.batch_stride + min(c, params.channels - 1u) * params.a_stride + row % params.length;
  y[i] = select(0.0, a[at], c < params.channels);
}

// rows = B, y_stride = padded C * L, a_stride = padded C
@compute @workgroup_size(WORKGROUP)
fn flatten(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.rows * params.y_stride) { return; }
  let inside = i % params.y_stride < params.channels * params.length;
  let f = select(0u, i % params.y_stride, inside);
  let at = (i / params.y_stride * params.length + f % params.length) * params.a_stride + f / params.length;
  y[i] = select(0.0, a[at], inside);
}

// length = columns of a, channels = columns of b
@compute @workgroup_size(WORKGROUP)
fn concat(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.rows * params.y_stride) { return; }
  let row = i / params.y_stride;
  let column = i % params.y_stride;
  var value = 0.0;
  if (column < params.length) {
    value = a[row * params.a_stride + column];
  } else if (column < params.length + params.channels) {
    value = b[row * params.b_stride + column - params.length];
  }
  y[i] = value;
}

// length = columns of y
@compute @workgroup_size(WORKGROUP)
fn slice(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.rows * params.y_stride) { return; }
  let column = i % params.y_stride;
  let inside = column < params.length;
  let at = i / params.y_stride * params.a_stride + params.first + select(0u, column, inside);
  y[i] = select(0.0, a[at], inside);
}
