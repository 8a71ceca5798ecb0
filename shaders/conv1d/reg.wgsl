// 1-D convolution, forward.
//
//   y[b, o, co] = bias[co] + sum over k, ci of  x[b, o*stride + k - padding, ci] * w[k, ci, co]
//
// x [B, L, Ci], w [K, Ci, Co], y [B, Lo, Co], channels last, channels padded to quads (vec4) with zeros; Ci rows of w are padded
// too. A 1x1 convolution and a linear layer are this kernel with K = 1.
// One invocation computes TM output rows x 1 quad of output channels in registers; a load of x serves 4 output channels, a load
// of w serves TM rows. Launch: B * ceil(Lo / TM) * Co/4 invocations.

struct Params {
  batch: u32,
  in_rows: u32,
  out_rows: u32,
  in_quads: u32,
  out_quads: u32,
  kernel: u32,
  stride: u32,
  padding: u32,
  has_bias: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const TM: u32 = 4u;

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let co = invocation % params.out_quads;
  let tiles = (params.out_rows + TM - 1u) / TM;
  let o0 = (invocation / params.out_quads) % tiles * TM;
  let b = invocation / (params.out_quads * tiles);
  if (b >= params.batch) { return; }

  var first = vec4<f32>();
  if (params.has_bias > 0u) { first = bias[co]; }
  var acc: array<vec4<f32>, TM>;
  // @unroll
  for (var m = 0u; m < TM; m++) { acc[m] = first; }
  for (var k = 0u; k < params.kernel; k++) {
    var at: array<u32, TM>;
    var inside: array<bool, TM>;
    // @unroll
    for (var m = 0u; m < TM; m++) {
      // Rows before the signal wrap around to huge values, so one comparison tests both ends.
      let l = (o0 + m) * params.stride + k - params.padding;
      inside[m] = l < params.in_rows;
      at[m] = (b * params.in_rows + select(0u, l, inside[m])) * params.in_quads;
    }
    for (var q = 0u; q < params.in_quads; q++) {
      let row = (k * params.in_quads + q) * 4u * params.out_quads + co;
      let w0 = w[row];
      let w1 = w[row + params.out_quads];
      let w2 = w[row + 2u * params.out_quads];
      let w3 = w[row + 3u * params.out_quads];
      // @unroll
      for (var m = 0u; m < TM; m++) {
        let v = select(vec4<f32>(), x[at[m] + q], inside[m]);
        acc[m] += v.x * w0 + v.y * w1 + v.z * w2 + v.w * w3;
      }
    }
  }
  // @unroll
  for (var m = 0u; m < TM; m++) {
    if (o0 + m < params.out_rows) { y[(b * params.out_rows + o0 + m) * params.out_quads + co] = acc[m]; }
  }
}
