// Batch normalisation over [B, L, C], channels last, with statistics per clip of the time axis.
//
//   z = (x - mean[s]) * rstd[s] * gamma + beta        rstd = 1 / sqrt(biased variance + eps)
//   y = z, or relu(z); with a skip connection skip + y, or relu(skip + y)
//
// bounds holds S + 1 row bounds. Statistics of a chunk of rows are a mean and a sum of squared deviations M2, merged in order by
// Chan's formula (Chan, Golub, LeVeque 1983): no sum of squares in f32, no order that varies.
//
// partial:         one invocation: 1 quad x 1 chunk of rows of one clip. Launch S * chunks * C/4. Writes [S, chunks, SUMS, C].
// finalize:        one invocation per quad; merges chunks, writes stats and updates the running statistics once per clip, in order
//                  (unbiased variance). Launch C/4.
// from_running:    stats of one clip out of the running statistics (evaluation). Launch C/4.
// normalise:       one invocation: 1 quad x ROWS rows of one clip. Launch B * S * tiles * C/4, tiles = ceil(longest clip / ROWS).

struct Params {
  batch: u32,
  rows: u32,
  quads: u32,
  clips: u32,
  chunks: u32,
  chunk_rows: u32,
  momentum: f32,
  eps: f32,
  tiles: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> partials_out: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> partials_in: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> running_mean: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> running_var: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> stats_out: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> stats_in: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read> gamma: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read> beta: array<vec4<f32>>;
@group(0) @binding(11) var<storage, read> skip: array<vec4<f32>>;
@group(0) @binding(12) var<storage, read_write> y: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
// stats [STATISTICS, S, C]: mean, 1/std, gamma/std and beta of each clip.
const MEAN: u32 = 0u;
const RSTD: u32 = 1u;
const SCALE: u32 = 2u;
const SHIFT: u32 = 3u;
const STATISTICS: u32 = 4u;
// A chunk leaves SUMS rows [C]: mean and M2.
const SUMS: u32 = 2u;
// Rows summed before their moments are merged into the chunk's.
const SHORT_SUM = 8u;
// Rows that share one load of the statistics.
const ROWS: u32 = 8u;
// What follows the normalisation: a ReLU; a skip connection, and a ReLU of the sum.
const RELU: bool = false;
const JOIN: bool = false;
const JOIN_RELU: bool = false;

// ReLU by the bits: everything from -0 to -infinity becomes 0. max() may return either of a NaN and a number, and compilers may
// assume that no NaN occurs; this keeps it, so that a broken activation stays visible.
fn rectify(v: vec4<f32>) -> vec4<f32> {
  return select(v, vec4<f32>(), bitcast<vec4<u32>>(v) - vec4(0x80000000u) <= vec4(0x7f800000u));
}

// Where stats has a statistic of quad q of clip s.
fn place_of(statistic: u32, s: u32, q: u32) -> u32 { return (statistic * params.clips + s) * params.quads + q; }

// Rows of clip s that chunk c covers, counted over (b, l) with l inside the clip.
fn chunk_range(s: u32, c: u32) -> vec2<u32> {
  let count = params.batch * (bounds[s + 1u] - bounds[s]);
  return min(vec2<u32>(c, c + 1u) * params.chunk_rows, vec2<u32>(count));
}

@compute @workgroup_size(WORKGROUP)
fn partial(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let q = invocation % params.quads;
  let c = invocation / params.quads % params.chunks;
  let s = invocation / (params.quads * params.chunks);
  if (s >= params.clips) { return; }
  let range = chunk_range(s, c);
  let start = bounds[s];
  let length = bounds[s + 1u] - start;
  var b = range.x / length;
  var l = range.x % length;
  // Moments of the rows so far: how many, their mean, and the sum of squared deviations from it.
  var count = 0.0;
  var mean = vec4<f32>();
  var m2 = vec4<f32>();
  for (var first = range.x; first < range.y; first += SHORT_SUM) {
    // Deviations from the first row, so that a large common offset costs no digits.
    let shift = x[(b * params.rows + start + l) * params.quads + q];
    var sum = vec4<f32>();
    var squares = vec4<f32>();
    let end = min(first + SHORT_SUM, range.y);
    for (var r = first; r < end; r++) {
      let d = x[(b * params.rows + start + l) * params.quads + q] - shift;
      sum += d;
      squares += d * d;
      l++;
      if (l == length) { l = 0u; b++; }
    }
    let n = f32(end - first);
    let total = count + n;
    let delta = shift + sum / n - mean;
    mean += delta * (n / total);
    m2 += max(squares - sum * sum / n, vec4<f32>()) + delta * delta * (count * n / total);
    count = total;
  }
  let at = (s * params.chunks + c) * SUMS * params.quads + q;
  partials_out[at] = mean;
  partials_out[at + params.quads] = m2;
}

@compute @workgroup_size(WORKGROUP)
fn finalize(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) thread: u32) {
  let q = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (q >= params.quads) { return; }
  for (var s = 0u; s < params.clips; s++) {
    var count = 0.0;
    var mean = vec4<f32>();
    var m2 = vec4<f32>();
    for (var c = 0u; c < params.chunks; c++) {
      let range = chunk_range(s, c);
      let at = (s * params.chunks + c) * SUMS * params.quads + q;
      if (range.x == range.y) { continue; }
      let n = f32(range.y - range.x);
      let total = count + n;
      let delta = partials_in[at] - mean;
      mean += delta * (n / total);
      m2 += partials_in[at + params.quads] + delta * delta * (count * n / total);
      count = total;
    }
    let rstd = 1.0 / sqrt(m2 / count + params.eps);
    stats_out[place_of(MEAN, s, q)] = mean;
    stats_out[place_of(RSTD, s, q)] = rstd;
    stats_out[place_of(SCALE, s, q)] = gamma[q] * rstd;
    stats_out[place_of(SHIFT, s, q)] = beta[q];
    running_mean[q] += params.momentum * (mean - running_mean[q]);
    running_var[q] += params.momentum * (m2 / (count - 1.0) - running_var[q]);
  }
}

@compute @workgroup_size(WORKGROUP)
fn from_running(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                @builtin(local_invocation_index) thread: u32) {
  let q = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (q >= params.quads) { return; }
  let rstd = 1.0 / sqrt(running_var[q] + params.eps);
  stats_out[place_of(MEAN, 0u, q)] = running_mean[q];
  stats_out[place_of(RSTD, 0u, q)] = rstd;
  stats_out[place_of(SCALE, 0u, q)] = gamma[q] * rstd;
  stats_out[place_of(SHIFT, 0u, q)] = beta[q];
}

@compute @workgroup_size(WORKGROUP)
fn normalise(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
             @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let q = invocation % params.quads;
  let tile = invocation / params.quads;
  let s = tile / params.tiles % params.clips;
  let b = tile / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let mean = stats_in[place_of(MEAN, s, q)];
  let scale = stats_in[place_of(SCALE, s, q)];
  let shift = stats_in[place_of(SHIFT, s, q)];
  let first = bounds[s] + tile % params.tiles * ROWS;
  for (var l = first; l < min(first + ROWS, bounds[s + 1u]); l++) {
    let i = (b * params.rows + l) * params.quads + q;
    var z = (x[i] - mean) * scale + shift;
    if (RELU) { z = rectify(z); }
    if (JOIN) { z += skip[i]; }
    if (JOIN_RELU) { z = rectify(z); }
    y[i] = z;
  }
}
