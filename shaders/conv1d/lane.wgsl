// 1-D convolution, forward, for adapters where a load costs as much as a hundred multiply-adds (software). Formula and shapes as
// in conv1d/reg.wgsl; here a matrix product of rows (b, o) and columns co over the depth (k, ci).
//
// A workgroup is one subgroup and computes TM*SG rows x 4*TN*SG columns. Each step of the depth takes one x per row and TN
// quads of w per lane: every lane loads the x of TM rows, which then reach all lanes by subgroupBroadcast, and the w of its own
// columns. Rows run on across samples, so that short signals leave no lane idle. The body of the innermost loop is one step and
// no more: loads are long code here, and a larger body no longer fits the instruction cache.
// Where there are few rows the depth is split into chunks of `chunk_quads` quads of ci: y is then [chunks, B, Lo, Co], to be
// added by partial_sums.wgsl. Launch: chunks * ceil(B*Lo / (TM*SG)) * ceil(Co/4 / (TN*SG)) workgroups.

enable subgroups;

struct Params {
  batch: u32,
  in_rows: u32,
  out_rows: u32,
  in_channels: u32,
  in_quads: u32,
  out_quads: u32,
  kernel: u32,
  stride: u32,
  padding: u32,
  has_bias: u32,
  chunks: u32,
  chunk_quads: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;

// Lanes of a subgroup; rows and quads of columns that a lane loads.
const SG: u32 = 8u;
const TM: u32 = 4u;
const TN: u32 = 1u;

@compute @workgroup_size(SG)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(subgroup_invocation_id) lane: u32) {
  let place = group.y * groups.x + group.x;
  let columns = (params.out_quads + TN * SG - 1u) / (TN * SG);
  let rows = params.batch * params.out_rows;
  let tiles = (rows + TM * SG - 1u) / (TM * SG);
  let row0 = place / columns % tiles * TM * SG;
  let chunk = place / (columns * tiles);
  if (chunk >= params.chunks) { return; }
  let co = place % columns * TN * SG + lane;
  var acc: array<vec4<f32>, TM * SG * TN>;
  // @unroll
  for (var n = 0u; n < TN; n++) {
    var start = vec4<f32>();
    if (params.has_bias > 0u && chunk == 0u) { start = bias[min(co + n * SG, params.out_quads - 1u)]; }
    // @unroll
    for (var m = 0u; m < TM; m++) {
      // @unroll
      for (var i = 0u; i < SG; i++) { acc[(m * SG + i) * TN + n] = start; }
    }
  }

  // Each row that this lane loads has: the input row under the first tap, and the first row of the sample.
  var under: array<u32, TM>;
  var sample: array<u32, TM>;
  // @unroll
  for (var m = 0u; m < TM; m++) {
    let r = row0 + m * SG + lane;
    under[m] = r % params.out_rows * params.stride - params.padding;
    sample[m] = r / params.out_rows * params.in_rows;
  }
  let in_stride = params.in_quads * 4u;
  let ci0 = chunk * params.chunk_quads * 4u;
  let ci1 = min(ci0 + params.chunk_quads * 4u, params.in_channels);
  for (var k = 0u; k < params.kernel; k++) {
    var at: array<u32, TM>;
    var inside: array<bool, TM>;
    // @unroll
    for (var m = 0u; m < TM; m++) {
      // Rows before the signal wrap around to huge values, so one comparison tests both ends.
      let l = under[m] + k;
      inside[m] = l < params.in_rows && row0 + m * SG + lane < rows;
      at[m] = select(0u, sample[m] + l, inside[m]) * in_stride;
    }
    for (var ci = ci0; ci < ci1; ci++) {
      var v: array<f32, TM>;
      // @unroll
      for (var m = 0u; m < TM; m++) { v[m] = select(0.0, x[at[m] + ci], inside[m]); }
      var weights = array<vec4<f32>, TN>();
      // @unroll
      for (var n = 0u; n < TN; n++) {
        weights[n] = w[(k * in_stride + ci) * params.out_quads + min(co + n * SG, params.out_quads - 1u)];
      }
      // @unroll
      for (var m = 0u; m < TM; m++) {
        // @unroll
        for (var i = 0u; i < SG; i++) {
          let row = subgroupBroadcast(v[m], i);
          // @unroll
          for (var n = 0u; n < TN; n++) { acc[(m * SG + i) * TN + n] += row * weights[n]; }
        }
      }
    }
  }
  // @unroll
  for (var m = 0u; m < TM; m++) {
    // @unroll
    for (var i = 0u; i < SG; i++) {
      let r = row0 + m * SG + i;
      // @unroll
      for (var n = 0u; n < TN; n++) {
        if (co + n * SG < params.out_quads && r < rows) {
          y[(chunk * rows + r) * params.out_quads + co + n * SG] = acc[(m * SG + i) * TN + n];
        }
      }
    }
  }
}
