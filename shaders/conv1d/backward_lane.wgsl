// 1-D convolution, backward, for adapters where a load costs as much as a hundred multiply-adds (software). Formulas and shapes
// as in conv1d/backward_reg.wgsl; workgroups, broadcasts and the short innermost loops as in conv1d/lane.wgsl.
//
// input:   rows of one residue l mod stride see the same taps: for each residue a matrix product of rows (b, l) and columns ci
//          over the depth (k, co). TM*SG rows x 4*TN*SG columns; every lane loads the dy of TM rows, which are broadcast, and
//          the w of its own columns. Launch: stride * ceil(B*ceil(L/stride) / (TM*SG)) * ceil(Ci/4 / (TN*SG)) workgroups.
// weight:  a matrix product of rows (k, ci) and columns co over the depth (b, o). 4*TM*SG rows x 4*SG columns; in each step every
//          lane loads TM quads of x, which are broadcast, and the dy of its own columns. The depth is split into chunks, each either
//          `chunk_samples` whole samples or `chunk_rows` positions of one sample: dw has partial sums [chunk, K, Ci, Co], which
//          partial_sums.wgsl adds. Launch: chunks * ceil(K*Ci/4 / (TM*SG)) * ceil(Co/4 / SG) workgroups.
//          With a bias also dbias [chunk, Co], by the workgroups of the first rows of dw.

enable subgroups;

struct Params {
  batch: u32,
  in_rows: u32,
  out_rows: u32,
  in_quads: u32,
  out_channels: u32,
  out_quads: u32,
  kernel: u32,
  stride: u32,
  padding: u32,
  has_bias: u32,
  chunks: u32,
  chunk_samples: u32,
  chunk_rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dw: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> dy_rows: array<f32>;
@group(0) @binding(5) var<storage, read> w: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> dbias: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> onto: array<vec4<f32>>;

// Lanes of a subgroup; rows (weight: quads of rows) and quads of columns (weight: one) that a lane loads.
const SG: u32 = 8u;
const TM: u32 = 4u;
const TN: u32 = 1u;
// Whether dx is added to another gradient, `onto`.
const ONTO: bool = false;

@compute @workgroup_size(SG)
fn input(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(subgroup_invocation_id) lane: u32) {
  let columns = (params.in_quads + TN * SG - 1u) / (TN * SG);
  let per_sample = (params.in_rows + params.stride - 1u) / params.stride;
  let rows = params.batch * per_sample;
  let tiles = (rows + TM * SG - 1u) / (TM * SG);
  // Residues have more or fewer taps: they alternate, since lavapipe gives each of its threads one run of workgroups.
  let index = group.y * groups.x + group.x;
  let residue = index % params.stride;
  let place = index / params.stride;
  if (place >= columns * tiles) { return; }
  let row0 = place / columns * TM * SG;
  let ci = place % columns * TN * SG + lane;
  var acc: array<vec4<f32>, TM * SG * TN>;

  // Each row that this lane loads has: the place within the residue and the sample, and the first row of the sample.
  var place_in: array<u32, TM>;
  var sample: array<u32, TM>;
  // @unroll
  for (var m = 0u; m < TM; m++) {
    let r = row0 + m * SG + lane;
    place_in[m] = r % per_sample;
    sample[m] = r / per_sample * params.out_rows;
  }
  let out_stride = params.out_quads * 4u;
  for (var k = (residue + params.padding) % params.stride; k < params.kernel; k += params.stride) {
    // Row j of the residue is l = residue + j*stride; its tap k lies at o = j + shift. The division is exact.
    let ahead = residue + params.padding;
    let shift = select(0u - (k - ahead) / params.stride, (ahead - k) / params.stride, ahead >= k);
    var at: array<u32, TM>;
    var inside: array<bool, TM>;
    // @unroll
    for (var m = 0u; m < TM; m++) {
      // Rows before the signal wrap around to huge values, so one comparison tests both ends.
      let o = place_in[m] + shift;
      inside[m] = o < params.out_rows && row0 + m * SG + lane < rows;
      at[m] = select(0u, sample[m] + o, inside[m]) * out_stride;
    }
    for (var co = 0u; co < params.out_channels; co++) {
      var g: array<f32, TM>;
      // @unroll
      for (var m = 0u; m < TM; m++) { g[m] = select(0.0, dy_rows[at[m] + co], inside[m]); }
      var weights = array<vec4<f32>, TN>();
      // @unroll
      for (var n = 0u; n < TN; n++) {
        let at = (k * params.in_quads + min(ci + n * SG, params.in_quads - 1u)) * 4u * out_stride + co;
        weights[n] = vec4<f32>(w[at], w[at + out_stride], w[at + 2u * out_stride], w[at + 3u * out_stride]);
      }
      // @unroll
      for (var m = 0u; m < TM; m++) {
        // @unroll
        for (var i = 0u; i < SG; i++) {
          let row = subgroupBroadcast(g[m], i);
          // @unroll
          for (var n = 0u; n < TN; n++) { acc[(m * SG + i) * TN + n] += row * weights[n]; }
        }
      }
    }
  }
  var b = row0 / per_sample;
  var j = row0 % per_sample;
  // @unroll
  for (var m = 0u; m < TM; m++) {
    // @unroll
    for (var i = 0u; i < SG; i++) {
      // A residue may have one row less than the first.
      let l = residue + j * params.stride;
      // @unroll
      for (var n = 0u; n < TN; n++) {
        if (ci + n * SG < params.in_quads && b < params.batch && l < params.in_rows) {
          let at = (b * params.in_rows + l) * params.in_quads + ci + n * SG;
          if (ONTO) { acc[(m * SG + i) * TN + n] += onto[at]; }
          dx[at] = acc[(m * SG + i) * TN + n];
        }
      }
      let ends = j + 1u == per_sample;
      j = select(j + 1u, 0u, ends);
      b = select(b, b + 1u, ends);
    }
  }
}

@compute @workgroup_size(SG)
fn weight(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(subgroup_invocation_id) lane: u32) {
  let place = group.y * groups.x + group.x;
  let columns = (params.out_quads + SG - 1u) / SG;
  let rows = params.kernel * params.in_quads;
  let tiles = (rows + TM * SG - 1u) / (TM * SG);
  let row0 = place / columns % tiles * TM * SG;
  let chunk = place / (columns * tiles);
  if (chunk >= params.chunks) { return; }
  let co = place % columns * SG + lane;
  let column = min(co, params.out_quads - 1u);
  let parts = (params.out_rows + params.chunk_rows - 1u) / params.chunk_rows;
  let o0 = chunk % parts * params.chunk_rows;
  let o1 = min(o0 + params.chunk_rows, params.out_rows);
  let b0 = chunk / parts * params.chunk_samples;
  let b1 = min(b0 + params.chunk_samples, params.batch);

  // The rows (k, ci) whose x this lane loads.
  var tap: array<u32, TM>;
  var ci: array<u32, TM>;
  // @unroll
  for (var m = 0u; m < TM; m++) {
    tap[m] = (row0 + m * SG + lane) / params.in_quads;
    ci[m] = (row0 + m * SG + lane) % params.in_quads;
  }
  var acc: array<mat4x4<f32>, TM * SG>;
  var sum = vec4<f32>();
  for (var b = b0; b < b1; b++) {
    for (var o = o0; o < o1; o++) {
      var own = array<vec4<f32>, TM>();
      // @unroll
      for (var m = 0u; m < TM; m++) {
        let l = o * params.stride + tap[m] - params.padding;
        let inside = l < params.in_rows && tap[m] < params.kernel;
        own[m] = select(vec4<f32>(), x[select(0u, (b * params.in_rows + l) * params.in_quads + ci[m], inside)], inside);
      }
      let g = dy[(b * params.out_rows + o) * params.out_quads + column];
      sum += g;
      // @unroll
      for (var m = 0u; m < TM; m++) {
        // @unroll
        for (var i = 0u; i < SG; i++) {
          let v = subgroupBroadcast(own[m], i);
          acc[m * SG + i] += mat4x4<f32>(v.x * g, v.y * g, v.z * g, v.w * g);
        }
      }
    }
  }
  // @unroll
  for (var m = 0u; m < TM; m++) {
    // @unroll
    for (var t = 0u; t < SG; t++) {
      let row = row0 + m * SG + t;
      if (co < params.out_quads && row < rows) {
        // @unroll
        for (var i = 0u; i < 4u; i++) {
          dw[((chunk * rows + row) * 4u + i) * params.out_quads + co] = acc[m * SG + t][i];
        }
      }
    }
  }
  if (params.has_bias > 0u && row0 == 0u && co < params.out_quads) { dbias[chunk * params.out_quads + co] = sum; }
}
