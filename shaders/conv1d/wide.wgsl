// 1-D convolution, forward and input gradient, for software adapters without subgroups, where a load costs as much as a hundred
// multiply-adds and nothing hands a value on to other invocations. Formulas and shapes as in conv1d/reg.wgsl and
// conv1d/backward_reg.wgsl, here as products of matrices.
//
// An invocation computes TM rows x TN quads of columns in registers. A step of the depth takes one number per row and one quad
// per quad of columns, and is all that the innermost loop holds: loads are long code here, and a larger body no longer fits the
// instruction cache. Rows run on across samples. Stores stay in a loop that is not unrolled, since software adapters are slow to
// compile them; there select finds the register.
//
// forward: rows (b, o), columns co, depth (k, ci). Launch: ceil(B*Lo / TM) * ceil(Co/4 / TN) invocations.
// input:   rows (b, l) of one residue l mod stride, columns ci, depth (k, co).
//          Launch: stride * ceil(B*ceil(L/stride) / TM) * ceil(Ci/4 / TN) invocations.

// tile_rows: TM again, since a driver unrolls loops up to a constant, stores and all.
struct Params {
  batch: u32,
  in_rows: u32,
  out_rows: u32,
  in_channels: u32,
  in_quads: u32,
  out_channels: u32,
  out_quads: u32,
  kernel: u32,
  stride: u32,
  padding: u32,
  has_bias: u32,
  tile_rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read> w_numbers: array<f32>;
@group(0) @binding(7) var<storage, read> onto: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> dx: array<vec4<f32>>;

const WORKGROUP: u32 = 8u;
const TM: u32 = 8u;
const TN: u32 = 2u;
// Whether dx is added to another gradient, `onto`.
const ONTO: bool = false;

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let columns = (params.out_quads + TN - 1u) / TN;
  let rows = params.batch * params.out_rows;
  let row0 = invocation / columns * TM;
  if (row0 >= rows) { return; }
  let co = invocation % columns * TN;

  // Each row has: the input row under the first tap, and the first row of the sample.
  var under: array<u32, TM>;
  var sample: array<u32, TM>;
  // @unroll
  for (var m = 0u; m < TM; m++) {
    let r = row0 + m;
    under[m] = r % params.out_rows * params.stride - params.padding;
    sample[m] = r / params.out_rows * params.in_rows;
  }
  var acc: array<vec4<f32>, TM * TN>;
  // @unroll
  for (var n = 0u; n < TN; n++) {
    var first = vec4<f32>();
    if (params.has_bias > 0u) { first = bias[min(co + n, params.out_quads - 1u)]; }
    // @unroll
    for (var m = 0u; m < TM; m++) { acc[m * TN + n] = first; }
  }
  for (var k = 0u; k < params.kernel; k++) {
    var at: array<u32, TM>;
    var inside: array<bool, TM>;
    // @unroll
    for (var m = 0u; m < TM; m++) {
      // Rows before the signal wrap around to huge values, so one comparison tests both ends.
      let l = under[m] + k;
      inside[m] = l < params.in_rows && row0 + m < rows;
      at[m] = select(0u, sample[m] + l, inside[m]) * 4u * params.in_quads;
    }
    for (var ci = 0u; ci < params.in_channels; ci++) {
      var v: array<f32, TM>;
      // @unroll
      for (var m = 0u; m < TM; m++) { v[m] = select(0.0, x[at[m] + ci], inside[m]); }
      let row = (k * 4u * params.in_quads + ci) * params.out_quads;
      // @unroll
      for (var n = 0u; n < TN; n++) {
        let weights = w[row + min(co + n, params.out_quads - 1u)];
        // @unroll
        for (var m = 0u; m < TM; m++) { acc[m * TN + n] += v[m] * weights; }
      }
    }
  }
  for (var m = 0u; m < params.tile_rows; m++) {
    // @unroll
    for (var n = 0u; n < TN; n++) {
      var quad = vec4<f32>();
      // @unroll
      for (var i = 0u; i < TM; i++) { quad = select(quad, acc[i * TN + n], m == i); }
      if (row0 + m < rows && co + n < params.out_quads) { y[(row0 + m) * params.out_quads + co + n] = quad; }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn input(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) thread: u32) {
  let columns = (params.in_quads + TN - 1u) / TN;
  let per_sample = (params.in_rows + params.stride - 1u) / params.stride;
  let rows = params.batch * per_sample;
  let tiles = (rows + TM - 1u) / TM;
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let ci = invocation % columns * TN;
  let row0 = invocation / columns % tiles * TM;
  let residue = invocation / (columns * tiles);
  if (residue >= params.stride) { return; }

  // Each row has: its place within the residue and the sample, and the first row of the sample.
  var place: array<u32, TM>;
  var sample: array<u32, TM>;
  // @unroll
  for (var m = 0u; m < TM; m++) {
    let r = row0 + m;
    place[m] = r % per_sample;
    sample[m] = r / per_sample * params.out_rows;
  }
  let out_stride = 4u * params.out_quads;
  var acc: array<vec4<f32>, TM * TN>;
  for (var k = (residue + params.padding) % params.stride; k < params.kernel; k += params.stride) {
    // Row j of the residue is l = residue + j*stride; its tap k lies at o = j + shift. The division is exact.
    let ahead = residue + params.padding;
    let shift = select(0u - (k - ahead) / params.stride, (ahead - k) / params.stride, ahead >= k);
    var at: array<u32, TM>;
    var inside: array<bool, TM>;
    // @unroll
    for (var m = 0u; m < TM; m++) {
      let o = place[m] + shift;
      inside[m] = o < params.out_rows && row0 + m < rows;
      at[m] = select(0u, sample[m] + o, inside[m]) * out_stride;
    }
    for (var co = 0u; co < params.out_channels; co++) {
      var g: array<f32, TM>;
      // @unroll
      for (var m = 0u; m < TM; m++) { g[m] = select(0.0, dy[at[m] + co], inside[m]); }
      // @unroll
      for (var n = 0u; n < TN; n++) {
        let row = (k * params.in_quads + min(ci + n, params.in_quads - 1u)) * 4u * out_stride + co;
        let weights = vec4<f32>(w_numbers[row], w_numbers[row + out_stride], w_numbers[row + 2u * out_stride], w_numbers[row + 3u * out_stride]);
        // @unroll
        for (var m = 0u; m < TM; m++) { acc[m * TN + n] += g[m] * weights; }
      }
    }
  }
  for (var m = 0u; m < params.tile_rows; m++) {
    let l = residue + (row0 + m) % per_sample * params.stride;
    let at = ((row0 + m) / per_sample * params.in_rows + l) * params.in_quads + ci;
    // @unroll
    for (var n = 0u; n < TN; n++) {
      var quad = vec4<f32>();
      // @unroll
      for (var i = 0u; i < TM; i++) { quad = select(quad, acc[i * TN + n], m == i); }
      if (row0 + m < rows && l < params.in_rows && ci + n < params.in_quads) {
        if (ONTO) { quad += onto[at + n]; }
        dx[at + n] = quad;
      }
    }
  }
}
