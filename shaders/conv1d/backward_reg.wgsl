// 1-D convolution, backward. Shapes as in conv1d/reg.wgsl.
//
//   dx[b, l, ci]  = sum over k, co of dy[b, (l + padding - k) / stride, co] * w[k, ci, co]     where the division is exact
//   dw[k, ci, co] = sum over b, o  of x[b, o*stride + k - padding, ci] * dy[b, o, co]
//   dbias[co]     = sum over b, o  of dy[b, o, co]
//
// input:   rows of one residue l mod stride see the same taps, so each residue is a dense convolution of its own; no zeros are
//          multiplied. One invocation: TM rows of one residue x 1 quad of ci. Launch: B * stride * ceil(ceil(L/stride)/TM) * Ci/4.
// weight:  one invocation: 4*TP ci x 4*TQ co of one tap over one chunk of rows; dw has partial sums [chunk, K, Ci, Co], which
//          partial_sums.wgsl adds. Launch: chunks * K * ceil(Ci/4 / TP) * ceil(Co/4 / TQ).
//          With a bias also dbias [chunk, Co]; chunks * Co/4 further invocations have 1 quad of co each.

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
  chunks: u32,
  chunk_rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> dw: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> dbias: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> onto: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const TM: u32 = 4u;
const TP: u32 = 1u;
const TQ: u32 = 2u;
// Whether dx is added to another gradient, `onto`.
const ONTO: bool = false;

@compute @workgroup_size(WORKGROUP)
fn input(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let ci = invocation % params.in_quads;
  let tiles = ((params.in_rows + params.stride - 1u) / params.stride + TM - 1u) / TM;
  let tile = invocation / params.in_quads % tiles;
  let residue = invocation / (params.in_quads * tiles) % params.stride;
  let b = invocation / (params.in_quads * tiles * params.stride);
  if (b >= params.batch) { return; }

  var acc: array<vec4<f32>, TM>;
  // @unroll
  for (var m = 0u; m < TM; m++) { acc[m] = vec4<f32>(); }
  for (var k = (residue + params.padding) % params.stride; k < params.kernel; k += params.stride) {
    var at: array<u32, TM>;
    var inside: array<bool, TM>;
    // @unroll
    for (var m = 0u; m < TM; m++) {
      // Exact division; a negative row wraps around to a huge one and falls outside.
      let ahead = residue + params.padding + (tile * TM + m) * params.stride;
      let o = select(0xffffffffu, (ahead - k) / params.stride, ahead >= k);
      inside[m] = o < params.out_rows;
      at[m] = (b * params.out_rows + select(0u, o, inside[m])) * params.out_quads;
    }
    for (var q = 0u; q < params.out_quads; q++) {
      let row = (k * params.in_quads + ci) * 4u * params.out_quads + q;
      let w0 = w[row];
      let w1 = w[row + params.out_quads];
      let w2 = w[row + 2u * params.out_quads];
      let w3 = w[row + 3u * params.out_quads];
      // @unroll
      for (var m = 0u; m < TM; m++) {
        let g = select(vec4<f32>(), dy[at[m] + q], inside[m]);
        acc[m] += vec4<f32>(dot(g, w0), dot(g, w1), dot(g, w2), dot(g, w3));
      }
    }
  }
  // @unroll
  for (var m = 0u; m < TM; m++) {
    let l = residue + (tile * TM + m) * params.stride;
    if (l < params.in_rows) {
      let at = (b * params.in_rows + l) * params.in_quads + ci;
      if (ONTO) { acc[m] += onto[at]; }
      dx[at] = acc[m];
    }
  }
}

fn weigh(invocation: u32) {
  let ci_tiles = (params.in_quads + TP - 1u) / TP;
  let co_tiles = (params.out_quads + TQ - 1u) / TQ;
  let co = invocation % co_tiles * TQ;
  let ci = invocation / co_tiles % ci_tiles * TP;
  let k = invocation / (co_tiles * ci_tiles) % params.kernel;
  let chunk = invocation / (co_tiles * ci_tiles * params.kernel);
  if (chunk >= params.chunks) { return; }

  var acc: array<mat4x4<f32>, TP * TQ>;
  let first = chunk * params.chunk_rows;
  let last = min(first + params.chunk_rows, params.batch * params.out_rows);
  var b = first / params.out_rows;
  var o = first % params.out_rows;
  for (var r = first; r < last; r++) {
    let l = o * params.stride + k - params.padding;
    if (l < params.in_rows) {
      var g: array<vec4<f32>, TQ>;
      // @unroll
      for (var t = 0u; t < TQ; t++) { g[t] = dy[r * params.out_quads + min(co + t, params.out_quads - 1u)]; }
      // @unroll
      for (var p = 0u; p < TP; p++) {
        let v = x[(b * params.in_rows + l) * params.in_quads + min(ci + p, params.in_quads - 1u)];
        // @unroll
        for (var t = 0u; t < TQ; t++) { acc[p * TQ + t] += mat4x4<f32>(v.x * g[t], v.y * g[t], v.z * g[t], v.w * g[t]); }
      }
    }
    o++;
    if (o == params.out_rows) { o = 0u; b++; }
  }
  // @unroll
  for (var p = 0u; p < TP; p++) {
    let row = ((chunk * params.kernel + k) * params.in_quads + ci + p) * 4u * params.out_quads;
    // @unroll
    for (var t = 0u; t < TQ; t++) {
      if (ci + p < params.in_quads && co + t < params.out_quads) {
        // @unroll
        for (var i = 0u; i < 4u; i++) { dw[row + i * params.out_quads + co + t] = acc[p * TQ + t][i]; }
      }
    }
  }
}

/// The invocations after those of dw: one quad of co over one chunk of rows each.
fn sum_columns(invocation: u32) {
  let co = invocation % params.out_quads;
  let chunk = invocation / params.out_quads;
  if (chunk >= params.chunks) { return; }
  let first = chunk * params.chunk_rows;
  let last = min(first + params.chunk_rows, params.batch * params.out_rows);
  var sum = vec4<f32>();
  for (var r = first; r < last; r++) { sum += dy[r * params.out_quads + co]; }
  dbias[chunk * params.out_quads + co] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn weight(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let weights = params.chunks * params.kernel * ((params.in_quads + TP - 1u) / TP) * ((params.out_quads + TQ - 1u) / TQ);
  if (invocation < weights) { weigh(invocation); } else if (params.has_bias > 0u) { sum_columns(invocation - weights); }
}
