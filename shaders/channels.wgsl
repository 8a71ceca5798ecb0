// One of the network's channels from a recording or a part of it (RTCAN-1D, section 4.1): the first samples dropped, z-scored,
// interpolated linearly to another number of points, ends on ends.
//
//   moments:   of x[b, drop ... n-1] the mean and 1 / standard deviation (of the population); 0 in its place where x does not vary
//   resample:  y[b, channel, j] = z at position j (m - 1) / (length - 1) of m = n - drop points, z = (x - mean) / deviation
//
// The position is kept in integers, q = (m - 1) / (length - 1) and r the rest: left = j q + j r / (length - 1), so that a long
// recording loses nothing to float32.
//
// Shapes: x [B][stride], moments_* [B], y [B][channels][y_stride / 4] vec4, padding zero.
// Launch: `moments` a workgroup per recording; `resample` an invocation per recording and quad of y.

struct Params {
  batch: u32, n: u32, stride: u32, drop: u32, length: u32, y_quads: u32, channels: u32, channel: u32,
}

const WORKGROUP: u32 = 64u;
// Samples of a lane that are summed up before the sum is added to others: a sum of short sums loses less.
const SHORT = 64u;
// Values that differ by no more than this share of the largest are rounding: four units in the last place.
const ROUNDING = 4.76837158203125e-7;
const LARGEST = 3.4e38;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> moments_out: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> moments_in: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;

var<workgroup> sums: array<f32, WORKGROUP>;
var<workgroup> least: array<f32, WORKGROUP>;
var<workgroup> most: array<f32, WORKGROUP>;

// The sum of all lanes, in all lanes; the barriers let another follow.
fn sum_of_lanes(own: f32, lane: u32) -> f32 {
  sums[lane] = own;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) { sums[lane] += sums[lane + half]; }
    workgroupBarrier();
  }
  let sum = sums[0];
  workgroupBarrier();
  return sum;
}

// Sum of x - shift, or of its squares, over a lane's samples.
fn lane_sum(base: u32, lane: u32, shift: f32, squared: bool) -> f32 {
  var sum = 0.0;
  for (var begin = params.drop + lane; begin < params.n; begin += SHORT * WORKGROUP) {
    var short_sum = 0.0;
    for (var i = begin; i < min(begin + SHORT * WORKGROUP, params.n); i += WORKGROUP) {
      let value = x[base + i] - shift;
      short_sum += select(value, value * value, squared);
    }
    sum += short_sum;
  }
  return sum;
}

fn range(base: u32, lane: u32) {
  least[lane] = LARGEST;
  most[lane] = -LARGEST;
  for (var i = params.drop + lane; i < params.n; i += WORKGROUP) {
    least[lane] = min(least[lane], x[base + i]);
    most[lane] = max(most[lane], x[base + i]);
  }
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      least[lane] = min(least[lane], least[lane + half]);
      most[lane] = max(most[lane], most[lane + half]);
    }
    workgroupBarrier();
  }
}

@compute @workgroup_size(WORKGROUP)
fn moments(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= params.batch) { return; }
  let base = row * params.stride;
  range(base, lane);
  let count = f32(params.n - params.drop);
  // About one of its samples a recording has shorter numbers than about zero.
  let origin = x[base + params.drop];
  let mean = origin + sum_of_lanes(lane_sum(base, lane, origin, false), lane) / count;
  let deviation = sqrt(sum_of_lanes(lane_sum(base, lane, mean, true), lane) / count);
  if (lane != 0u) { return; }
  let varies = most[0] - least[0] > ROUNDING * max(abs(most[0]), abs(least[0]));
  // A broken sample breaks the deviation, which no comparison above need notice: it must show in all of y.
  moments_out[row] = vec2(mean, select(0.0 * deviation, 1.0 / deviation, varies));
}

@compute @workgroup_size(WORKGROUP)
fn resample(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let row = index / params.y_quads;
  let quad = index % params.y_quads;
  if (row >= params.batch) { return; }
  let base = row * params.stride + params.drop;
  let m = params.n - params.drop;
  let steps = max(params.length, 2u) - 1u;
  let whole = (m - 1u) / steps;
  let rest = (m - 1u) % steps;
  let moment = moments_in[row];
  var result = vec4<f32>();
  for (var e = 0u; e < 4u; e++) {
    let j = quad * 4u + e;
    if (j >= params.length) { break; }
    let left = j * whole + j * rest / steps;
    let weight = f32(j * rest % steps) / f32(steps);
    let a = x[base + left];
    let b = x[base + min(left + 1u, m - 1u)];
    result[e] = ((a - moment.x) + weight * (b - a)) * moment.y;
  }
  y[(row * params.channels + params.channel) * params.y_quads + quad] = result;
}
