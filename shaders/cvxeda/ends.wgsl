// Both ends of the cvxEDA interior point for recordings that are on the device: from samples to its first point, and from its
// last point to the parts (cvxeda/riccati.wgsl has the method, cvxeda/tonic.wgsl the coordinates z).
//
//   scale:    y -> (y - mean) / scale, mean square 1; the mean is 0 where no drift column could take it
//   start:    p = 10, lambda = max(alpha, 1e-3), e = (y - mean) / scale - H p
//   tonic_parts:   t = T z;  tonic = mean + scale t,  phasic = scale ((y - mean) / scale - t - e), which is scale H p
//   driver_parts:  driver = scale p,  residual = scale e
//
// A recording that is constant, to working precision, is left as it is: scale 1, p = lambda = 0, e = y - mean, DONE = TRIVIAL.
// One with samples that are not finite is not touched either; the report says how many there are.
//
// Shapes (k = knot spacing)
//   recordings  [all signals][stride] f32; this batch begins at signal `first`
//   scaling     [SCALING_ROWS][signals]: mean, scale, samples that are not finite, the first of them
//   response    [n] H p of the first point
//   samples     [n][signals] (y - mean) / scale, as the solver saw them: the caller's buffer may be written again meanwhile
//   phasic, tonic_part, driver, residual   [all signals][stride / 4] vec4, padding zero
//   report      [STATE_ROWS + SCALING_ROWS][all signals]: what `state` and `scaling` end as
//   point, tables, drift, tonic, state   as in cvxeda/riccati.wgsl
// Launch: `scale` one workgroup a signal; `start` an invocation a sample and signal; the parts one a quad of samples and signal;
// `report` one a signal.

struct Params {
  n: u32, stride: u32, signals: u32, first: u32, all: u32,
  spacing: u32, begin: u32, parts: u32, chunk_length: u32, sample_stride: u32, chunk_stride: u32, rows: u32, window: u32,
  centred: u32, alpha: f32, most_alpha: f32,
}

const WORKGROUP: u32 = 64u;
// Lanes of `scale`.
const THREADS: u32 = 64u;
// Samples of a lane that are summed up before the sum is added to others: a sum of short sums loses less.
const SHORT = 64u;

const BAND = 5u;
const VALUE = 3u;
const DRIFT_VALUE = 5u;
const ALPHA = 0u;
const MU = 1u;
const MU_BEFORE = 2u;
const INFEASIBILITY = 4u;
const ITERATIONS = 5u;
const DONE = 6u;
const GAP = 7u;
const OBJECTIVE = 8u;
const STATE_ROWS = 9u;
const RUNNING = 0.0;
const STOPPED = 2.0;
const TRIVIAL = 3.0;

// Rows of `scaling`.
const MEAN = 0u;
const SCALE = 1u;
const MISSING = 2u;
const FIRST_MISSING = 3u;
const SCALING_ROWS = 4u;

// The first driver, and the least first multiplier.
const DRIVER = 10.0;
const MULTIPLIER = 1e-3;
// A signal whose deviation is this small against its largest value is a constant.
const CONSTANT = 1e-6;
const EXPONENT = 0x7f800000u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> recordings: array<f32>;
@group(0) @binding(2) var<storage, read_write> scaling: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<f32>;
@group(0) @binding(4) var<storage, read_write> point: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> response: array<f32>;
@group(0) @binding(6) var<storage, read> tables: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> drift: array<vec2<f32>>;
@group(0) @binding(8) var<storage, read> tonic: array<f32>;
@group(0) @binding(9) var<storage, read_write> phasic: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read_write> tonic_part: array<vec4<f32>>;
@group(0) @binding(11) var<storage, read_write> driver: array<vec4<f32>>;
@group(0) @binding(12) var<storage, read_write> residual: array<vec4<f32>>;
@group(0) @binding(13) var<storage, read_write> report_out: array<f32>;
@group(0) @binding(14) var<storage, read_write> samples: array<f32>;

var<workgroup> sums: array<f32, THREADS>;
var<workgroup> largest: array<f32, THREADS>;
var<workgroup> missing: array<u32, THREADS>;
var<workgroup> first_missing: array<u32, THREADS>;

fn at(row: u32, signal: u32) -> u32 { return row * params.signals + signal; }
fn sample_at(signal: u32, i: u32) -> f32 { return recordings[(params.first + signal) * params.stride + i]; }
// Tested on bits: implementations may assume that no comparison meets an infinity or a NaN.
fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & EXPONENT) != EXPONENT; }
// Where `point` has sample i.
fn place_of(i: u32) -> u32 {
  let span = (i + params.begin) / params.spacing;
  let phase = (i + params.begin) % params.spacing;
  let chunk = span * params.parts + phase / params.chunk_length;
  return phase % params.chunk_length * params.sample_stride + chunk * params.chunk_stride;
}

// The sums of all lanes, in all lanes; so that each call may be followed by another.
fn sum_of_lanes(own: f32, lane: u32) -> f32 {
  sums[lane] = own;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (lane < half) { sums[lane] += sums[lane + half]; }
    workgroupBarrier();
  }
  let sum = sums[0];
  workgroupBarrier();
  return sum;
}

// Sum of (y - shift) / unit, or of its squares, over a lane's samples that are finite; in a unit like theirs nothing leaves float32's range.
fn lane_sum(signal: u32, lane: u32, shift: f32, unit: f32, squared: bool) -> f32 {
  var sum = 0.0;
  for (var begin = lane; begin < params.n; begin += SHORT * THREADS) {
    var short_sum = 0.0;
    for (var i = begin; i < min(begin + SHORT * THREADS, params.n); i += THREADS) {
      let value = sample_at(signal, i);
      let rest = (value - shift) / unit;
      if (is_finite(value)) { short_sum += select(rest, rest * rest, squared); }
    }
    sum += short_sum;
  }
  return sum;
}

fn inspect(signal: u32, lane: u32) {
  largest[lane] = 0.0;
  missing[lane] = 0u;
  first_missing[lane] = params.n;
  for (var i = lane; i < params.n; i += THREADS) {
    let value = sample_at(signal, i);
    if (is_finite(value)) {
      largest[lane] = max(largest[lane], abs(value));
    } else {
      missing[lane]++;
      first_missing[lane] = min(first_missing[lane], i);
    }
  }
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      largest[lane] = max(largest[lane], largest[lane + half]);
      missing[lane] += missing[lane + half];
      first_missing[lane] = min(first_missing[lane], first_missing[lane + half]);
    }
    workgroupBarrier();
  }
}

@compute @workgroup_size(THREADS)
fn scale(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) lane: u32) {
  let signal = group.y * groups.x + group.x;
  if (signal >= params.signals) { return; }
  inspect(signal, lane);
  let n = f32(params.n);
  let unit = select(largest[0], 1.0, largest[0] == 0.0);
  // About its first sample a recording has shorter numbers than about zero.
  let origin = select(0.0, sample_at(signal, 0u), params.centred != 0u && is_finite(sample_at(signal, 0u)));
  let about = unit * (sum_of_lanes(lane_sum(signal, lane, origin, unit, false), lane) / n);
  let mean = select(0.0, origin + about, params.centred != 0u);
  let deviation = unit * sqrt(sum_of_lanes(lane_sum(signal, lane, mean, unit, true), lane) / n);
  if (lane != 0u) { return; }
  let is_constant = deviation <= CONSTANT * largest[0];
  let divisor = select(deviation, 1.0, is_constant);
  scaling[at(MEAN, signal)] = mean;
  scaling[at(SCALE, signal)] = divisor;
  scaling[at(MISSING, signal)] = f32(missing[0]);
  scaling[at(FIRST_MISSING, signal)] = f32(first_missing[0]);
  let alpha = min(params.alpha / divisor, params.most_alpha);
  let mu = DRIVER * max(alpha, MULTIPLIER);
  state[at(ALPHA, signal)] = alpha;
  state[at(MU, signal)] = mu;
  state[at(MU_BEFORE, signal)] = mu;
  state[at(INFEASIBILITY, signal)] = 1.0;
  state[at(DONE, signal)] = select(select(RUNNING, TRIVIAL, is_constant), STOPPED, missing[0] > 0u);
}

@compute @workgroup_size(WORKGROUP)
fn start(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let signal = index % params.signals;
  let i = index / params.signals;
  if (i >= params.n) { return; }
  let y = (sample_at(signal, i) - scaling[at(MEAN, signal)]) / scaling[at(SCALE, signal)];
  samples[i * params.signals + signal] = y;
  let multiplier = max(state[at(ALPHA, signal)], MULTIPLIER);
  let is_trivial = state[at(DONE, signal)] == TRIVIAL;
  point[place_of(i) * params.signals + signal] =
    select(vec4(DRIVER, multiplier, y - response[i], 0.0), vec4(0.0, 0.0, y, 0.0), is_trivial);
}

fn tonic_at(signal: u32, i: u32) -> f32 {
  let span = (i + params.begin) / params.spacing;
  let phase = tables[(i + params.begin) % params.spacing];
  var sum = 0.0;
  for (var m = 0u; m < 4u; m++) {
    let row = span + m;
    sum += phase[m] * tables[params.spacing + row].x * tonic[at(row * (BAND + params.window) + VALUE, signal)];
  }
  let last = params.rows * (BAND + params.window) + DRIFT_VALUE;
  return sum + dot(drift[i], vec2(tonic[at(last, signal)], tonic[at(last + 1u, signal)]));
}

@compute @workgroup_size(WORKGROUP)
fn tonic_parts(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
               @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let signal = index % params.signals;
  let quad = index / params.signals;
  if (quad >= params.stride / 4u) { return; }
  let mean = scaling[at(MEAN, signal)];
  let scale_of = scaling[at(SCALE, signal)];
  var t = vec4<f32>();
  var r = vec4<f32>();
  for (var e = 0u; e < 4u; e++) {
    let i = quad * 4u + e;
    if (i >= params.n) { break; }
    let x = point[place_of(i) * params.signals + signal];
    var slow = 0.0;
    if (x.y > 0.0) { slow = tonic_at(signal, i); } // a constant's tables may hold anything: it may be too short for them
    t[e] = mean + scale_of * slow;
    r[e] = scale_of * (samples[i * params.signals + signal] - slow - x.z);
  }
  let at_quad = (params.first + signal) * (params.stride / 4u) + quad;
  tonic_part[at_quad] = t;
  phasic[at_quad] = r;
}

@compute @workgroup_size(WORKGROUP)
fn driver_parts(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let signal = index % params.signals;
  let quad = index / params.signals;
  if (quad >= params.stride / 4u) { return; }
  var p = vec4<f32>();
  var e = vec4<f32>();
  for (var s = 0u; s < 4u; s++) {
    let i = quad * 4u + s;
    if (i >= params.n) { break; }
    let x = point[place_of(i) * params.signals + signal];
    p[s] = x.x;
    e[s] = x.z;
  }
  let at_quad = (params.first + signal) * (params.stride / 4u) + quad;
  driver[at_quad] = scaling[at(SCALE, signal)] * p;
  residual[at_quad] = scaling[at(SCALE, signal)] * e;
}

@compute @workgroup_size(WORKGROUP)
fn report(@builtin(global_invocation_id) id: vec3<u32>) {
  let signal = id.x;
  if (signal >= params.signals) { return; }
  for (var row = 0u; row < STATE_ROWS + SCALING_ROWS; row++) {
    let is_state = row < STATE_ROWS;
    var value = 0.0;
    if (is_state) { value = state[at(row, signal)]; } else { value = scaling[at(row - STATE_ROWS, signal)]; }
    report_out[row * params.all + params.first + signal] = value;
  }
}
