// Batch normalisation, forward and backward, each in one dispatch, for one clip; formulas as in batchnorm/reg.wgsl
// and batchnorm/backward_reg.wgsl. A workgroup has QUADS quads of channels to itself: its invocations share out the rows, merge what
// they found as a tree in workgroup memory, always in the same order, and normalise the rows that they have read.
// Launch: ceil(quads / QUADS) workgroups.

// relu, join, join_relu: what follows the normalisation, if it is not 0. Constants would be four kernels to compile.
struct Params { rows: u32, quads: u32, momentum: f32, eps: f32, relu: u32, join: u32, join_relu: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> beta: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> running_mean: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> running_var: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> stats_out: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> skip: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read> stats_in: array<vec4<f32>>;
@group(0) @binding(11) var<storage, read> y_in: array<vec4<f32>>;
@group(0) @binding(12) var<storage, read_write> dx: array<vec4<f32>>;
@group(0) @binding(13) var<storage, read_write> dskip: array<vec4<f32>>;
@group(0) @binding(14) var<storage, read_write> dgamma: array<vec4<f32>>;
@group(0) @binding(15) var<storage, read_write> dbeta: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const QUADS: u32 = 4u;
// Backward: as in batchnorm/backward_reg.wgsl.
const RELU: bool = false;
const JOIN: bool = false;
// stats [STATISTICS, C] as batchnorm/reg.wgsl leaves it: mean, 1/std, gamma/std and beta.
const MEAN: u32 = 0u;
const RSTD: u32 = 1u;
const SCALE: u32 = 2u;
const SHIFT: u32 = 3u;
const STATISTICS: u32 = 4u;
// Rows of an invocation that are summed before they join its other rows.
const SHORT_SUM = 8u;

var<workgroup> counts: array<f32, WORKGROUP>;
var<workgroup> means: array<vec4<f32>, WORKGROUP>;
var<workgroup> m2s: array<vec4<f32>, WORKGROUP>;
var<workgroup> sums: array<vec4<f32>, WORKGROUP>;
var<workgroup> products: array<vec4<f32>, WORKGROUP>;

// ReLU by the bits: everything from -0 to -infinity becomes 0. max() may return either of a NaN and a number, and compilers may
// assume that no NaN occurs; this keeps it, so that a broken activation stays visible.
fn rectify(v: vec4<f32>) -> vec4<f32> {
  return select(v, vec4<f32>(), bitcast<vec4<u32>>(v) - vec4(0x80000000u) <= vec4(0x7f800000u));
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let column = (group.y * groups.x + group.x) * QUADS + thread % QUADS;
  let q = min(column, params.quads - 1u);
  let row = thread / QUADS;
  let step = WORKGROUP / QUADS;
  // Moments of the rows so far: how many, their mean, and the sum of squared deviations from it.
  var count = 0.0;
  var mean = vec4<f32>();
  var m2 = vec4<f32>();
  for (var first = row; first < params.rows; first += step * SHORT_SUM) {
    // Deviations from the first row, so that a large common offset costs no digits.
    let shift = x[first * params.quads + q];
    var n = 0.0;
    var sum = vec4<f32>();
    var squares = vec4<f32>();
    for (var r = first; r < min(first + step * SHORT_SUM, params.rows); r += step) {
      let d = x[r * params.quads + q] - shift;
      n += 1.0;
      sum += d;
      squares += d * d;
    }
    let total = count + n;
    let delta = shift + sum / n - mean;
    mean += delta * (n / total);
    m2 += max(squares - sum * sum / n, vec4<f32>()) + delta * delta * (count * n / total);
    count = total;
  }
  counts[thread] = count;
  means[thread] = mean;
  m2s[thread] = m2;
  workgroupBarrier();
  for (var half = step / 2u; half > 0u; half /= 2u) {
    let other = thread + half * QUADS;
    let filled = row < half && row + half < params.rows;
    if (filled) {
      let total = count + counts[other];
      let delta = means[other] - mean;
      mean += delta * (counts[other] / total);
      m2 += m2s[other] + delta * delta * (count * counts[other] / total);
      count = total;
      counts[thread] = count;
      means[thread] = mean;
      m2s[thread] = m2;
    }
    workgroupBarrier();
  }
  if (column >= params.quads) { return; }
  mean = means[thread % QUADS];
  m2 = m2s[thread % QUADS];
  let n = f32(params.rows);
  let rstd = 1.0 / sqrt(m2 / n + params.eps);
  let scale = gamma[q] * rstd;
  let shift = beta[q];
  if (row == 0u) {
    stats_out[MEAN * params.quads + q] = mean;
    stats_out[RSTD * params.quads + q] = rstd;
    stats_out[SCALE * params.quads + q] = scale;
    stats_out[SHIFT * params.quads + q] = shift;
    running_mean[q] += params.momentum * (mean - running_mean[q]);
    running_var[q] += params.momentum * (m2 / (n - 1.0) - running_var[q]);
  }
  for (var r = row; r < params.rows; r += step) {
    var z = (x[r * params.quads + q] - mean) * scale + shift;
    if (params.relu > 0u) { z = rectify(z); }
    if (params.join > 0u) { z += skip[r * params.quads + q]; }
    if (params.join_relu > 0u) { z = rectify(z); }
    y[r * params.quads + q] = z;
  }
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) thread: u32) {
  let column = (group.y * groups.x + group.x) * QUADS + thread % QUADS;
  let q = min(column, params.quads - 1u);
  let row = thread / QUADS;
  let step = WORKGROUP / QUADS;
  let mean = stats_in[MEAN * params.quads + q];
  let rstd = stats_in[RSTD * params.quads + q];
  let scale = stats_in[SCALE * params.quads + q];
  let shift = stats_in[SHIFT * params.quads + q];
  var sum = vec4<f32>();
  var product = vec4<f32>();
  for (var first = row; first < params.rows; first += step * SHORT_SUM) {
    var short_sum = vec4<f32>();
    var short_product = vec4<f32>();
    for (var r = first; r < min(first + step * SHORT_SUM, params.rows); r += step) {
      let i = r * params.quads + q;
      let d = x[i] - mean;
      var dz = dy[i];
      if (JOIN) { dz = select(vec4<f32>(), dz, y_in[i] > vec4<f32>()); }
      if (RELU) { dz = select(vec4<f32>(), dz, d * scale + shift > vec4<f32>()); }
      short_sum += dz;
      short_product += dz * (d * rstd);
    }
    sum += short_sum;
    product += short_product;
  }
  sums[thread] = sum;
  products[thread] = product;
  workgroupBarrier();
  for (var half = step / 2u; half > 0u; half /= 2u) {
    if (row < half) {
      sums[thread] += sums[thread + half * QUADS];
      products[thread] += products[thread + half * QUADS];
    }
    workgroupBarrier();
  }
  if (column >= params.quads) { return; }
  sum = sums[thread % QUADS];
  product = products[thread % QUADS];
  if (row == 0u) {
    dgamma[q] = product;
    dbeta[q] = sum;
  }
  let mean_dz = sum / f32(params.rows);
  let slope = rstd * product / f32(params.rows);
  for (var r = row; r < params.rows; r += step) {
    let i = r * params.quads + q;
    let d = x[i] - mean;
    var dz = dy[i];
    if (JOIN) {
      dz = select(vec4<f32>(), dz, y_in[i] > vec4<f32>());
      dskip[i] = dz;
    }
    if (RELU) { dz = select(vec4<f32>(), dz, d * scale + shift > vec4<f32>()); }
    dx[i] = scale * (dz - mean_dz - d * slope);
  }
}
