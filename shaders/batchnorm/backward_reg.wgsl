// Batch normalisation, backward. Shapes, clips, chunks and tiles as in batchnorm/reg.wgsl; xhat = (x - mean[s]) * rstd[s].
//
//   With relu(skip + ...) at the end, dy counts where y > 0; with a ReLU after the normalisation, where z > 0.
//   dgamma = sum dz * xhat      dbeta = sum dz
//   training:   dx = gamma * rstd * (dz - mean_s(dz) - xhat * mean_s(dz * xhat))
//   evaluation: dx = gamma * rstd * dz
//
// partial:   sums of dz and dz * xhat over a chunk. Launch S * chunks * C/4. Writes [S, chunks, SUMS, C].
// finalize:  adds chunks in order: sums [SUMS, S, C], dgamma, dbeta. Launch C/4.
// input:     dx, with a skip connection also dskip; ROWS rows an invocation. Launch B * S * tiles * C/4.

struct Params {
  batch: u32,
  rows: u32,
  quads: u32,
  clips: u32,
  chunks: u32,
  chunk_rows: u32,
  tiles: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> stats_in: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> partials_out: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> partials_in: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> sums_out: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> dgamma: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> dbeta: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read> sums_in: array<vec4<f32>>;
@group(0) @binding(11) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(12) var<storage, read_write> dx: array<vec4<f32>>;
@group(0) @binding(13) var<storage, read_write> dskip: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const TRAINING: bool = true;
const RELU: bool = false;
// A skip connection and a ReLU at the end.
const JOIN: bool = false;
const SHORT_SUM = 8u;
const ROWS: u32 = 8u;
// stats [STATISTICS, S, C] as batchnorm/reg.wgsl leaves it: mean, 1/std, gamma/std and beta of each clip.
const MEAN: u32 = 0u;
const RSTD: u32 = 1u;
const SCALE: u32 = 2u;
const SHIFT: u32 = 3u;
const STATISTICS: u32 = 4u;
// A chunk or a clip leaves SUMS rows [C]: of dz and of dz * xhat.
const SUMS: u32 = 2u;

// Where stats has a statistic, and sums a sum, of quad q of clip s.
fn place_of(row: u32, s: u32, q: u32) -> u32 { return (row * params.clips + s) * params.quads + q; }

@compute @workgroup_size(WORKGROUP)
fn partial(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let q = invocation % params.quads;
  let c = invocation / params.quads % params.chunks;
  let s = invocation / (params.quads * params.chunks);
  if (s >= params.clips) { return; }
  let start = bounds[s];
  let length = bounds[s + 1u] - start;
  let range = min(vec2<u32>(c, c + 1u) * params.chunk_rows, vec2<u32>(params.batch * length));
  var b = range.x / length;
  var l = range.x % length;
  let mean = stats_in[place_of(MEAN, s, q)];
  let rstd = stats_in[place_of(RSTD, s, q)];
  let scale = stats_in[place_of(SCALE, s, q)];
  let shift = stats_in[place_of(SHIFT, s, q)];
  var sum = vec4<f32>();
  var product = vec4<f32>();
  for (var first = range.x; first < range.y; first += SHORT_SUM) {
    var short_sum = vec4<f32>(); // a sum of short sums loses less than one long sum
    var short_product = vec4<f32>();
    for (var r = first; r < min(first + SHORT_SUM, range.y); r++) {
      let i = (b * params.rows + start + l) * params.quads + q;
      let d = x[i] - mean;
      var dz = dy[i];
      if (JOIN) { dz = select(vec4<f32>(), dz, y[i] > vec4<f32>()); }
      if (RELU) { dz = select(vec4<f32>(), dz, d * scale + shift > vec4<f32>()); }
      short_sum += dz;
      short_product += dz * (d * rstd);
      l++;
      if (l == length) { l = 0u; b++; }
    }
    sum += short_sum;
    product += short_product;
  }
  let at = (s * params.chunks + c) * SUMS * params.quads + q;
  partials_out[at] = sum;
  partials_out[at + params.quads] = product;
}

@compute @workgroup_size(WORKGROUP)
fn finalize(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) thread: u32) {
  let q = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (q >= params.quads) { return; }
  var all = vec4<f32>();
  var all_product = vec4<f32>();
  for (var s = 0u; s < params.clips; s++) {
    var sum = vec4<f32>();
    var product = vec4<f32>();
    for (var c = 0u; c < params.chunks; c++) {
      let at = (s * params.chunks + c) * SUMS * params.quads + q;
      sum += partials_in[at];
      product += partials_in[at + params.quads];
    }
    sums_out[place_of(0u, s, q)] = sum;
    sums_out[place_of(1u, s, q)] = product;
    all += sum;
    all_product += product;
  }
  dbeta[q] = all;
  dgamma[q] = all_product;
}

@compute @workgroup_size(WORKGROUP)
fn input(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let q = invocation % params.quads;
  let tile = invocation / params.quads;
  let s = tile / params.tiles % params.clips;
  let b = tile / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let mean = stats_in[place_of(MEAN, s, q)];
  let rstd = stats_in[place_of(RSTD, s, q)];
  let scale = stats_in[place_of(SCALE, s, q)];
  let shift = stats_in[place_of(SHIFT, s, q)];
  let n = f32(params.batch * (bounds[s + 1u] - bounds[s]));
  let mean_dz = sums_in[place_of(0u, s, q)] / n;
  let slope = rstd * sums_in[place_of(1u, s, q)] / n;
  let first = bounds[s] + tile % params.tiles * ROWS;
  for (var l = first; l < min(first + ROWS, bounds[s + 1u]); l++) {
    let i = (b * params.rows + l) * params.quads + q;
    let d = x[i] - mean;
    var dz = dy[i];
    if (JOIN) {
      dz = select(vec4<f32>(), dz, y[i] > vec4<f32>());
      dskip[i] = dz;
    }
    if (RELU) { dz = select(vec4<f32>(), dz, d * scale + shift > vec4<f32>()); }
    if (TRAINING) { dz -= mean_dz + d * slope; }
    dx[i] = scale * dz;
  }
}
