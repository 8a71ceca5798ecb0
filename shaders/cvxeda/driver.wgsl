// The driver's Newton step of the cvxEDA interior point, the tonic step dz known (cvxeda/riccati.wgsl has the method,
// names and shapes).
//
//   backward:  eps_i = e_i - (T dz)_i,   eta = b + fd eps_i + G' pi,   f_i = eta / den,   pi <- F' pi + c eps_i - kappa eta
//   forward:   dp_i = f_i - kappa' s,   (H dp)_i = c' s + fd dp_i,     s <- F s + G dp_i
//
// In form along-time (CHUNKED) each chunk takes pi at its end and s at its start from cvxeda/carry.wgsl; the backward sweep finds
// what the chunk adds to s.
// Launch: ceil(lanes / WORKGROUP) workgroups.

struct Params {
  signals: u32, lanes: u32, chunks: u32, parts: u32, chunk_length: u32, spacing: u32, begin: u32, end: u32,
  sample_stride: u32, chunk_stride: u32, rows: u32, window: u32,
  e1: f32, e2: f32, c1: f32, fd: f32, g1: f32, g2: f32, f21: f32,
}

const WORKGROUP: u32 = 8u;
const CHUNKED: bool = true;

// Places in `boundary`.
const ADJOINT_END = 3u;
const FILTER_START = 5u;
const RATIO = 9u;
const SIZE = 10u;
const CURVATURE = 11u;
const FILTER_END = 22u;

// Fields of `tonic` and `state`.
const BAND = 5u;
const COEFFICIENT = 4u;
const LINE = 7u;
const ALPHA = 0u;
const MU = 1u;
const DONE = 6u;
const RUNNING = 0.0;
const SIGMA = 0.3;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> point: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> gain: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> tables: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> tonic: array<f32>;
@group(0) @binding(5) var<storage, read_write> boundary: array<f32>;
@group(0) @binding(6) var<storage, read> state: array<f32>;

var<private> adjoint: vec2<f32>;
var<private> psi1: vec2<f32>; // rows of the closed loop's transition to the end of the chunk
var<private> psi2: vec2<f32>;
var<private> reached: vec2<f32>; // filter state at the end of the chunk, from zero at its start
var<private> filtered: vec2<f32>;
var<private> ratio: f32;
var<private> size: f32;
var<private> curvature: f32;

fn at_state(field: u32, signal: u32) -> u32 { return field * params.signals + signal; }
fn at_tonic(row: u32, field: u32, signal: u32) -> u32 {
  return (row * (BAND + params.window) + field) * params.signals + signal;
}
fn at_boundary(field: u32, lane: u32) -> u32 { return field * params.lanes + lane; }
fn first_of(chunk: u32) -> u32 {
  return chunk / params.parts * params.spacing + chunk % params.parts * params.chunk_length;
}
fn end_of(chunk: u32) -> u32 {
  let span_end = (chunk / params.parts + 1u) * params.spacing;
  return min(first_of(chunk) + params.chunk_length, min(span_end, params.end));
}
fn effect(a: vec2<f32>) -> f32 { return params.g1 * a.x + params.g2 * a.y; }
// F' a
fn transposed(a: vec2<f32>) -> vec2<f32> {
  return a + vec2(params.f21 * a.y - params.e1 * a.x, -params.e2 * a.y);
}

fn backward(chunk: u32, signal: u32) {
  let span = chunk / params.parts;
  let first = first_of(chunk);
  let phase_at = first - span * params.spacing;
  let target_gap = SIGMA * state[at_state(MU, signal)];
  let alpha = state[at_state(ALPHA, signal)];
  let splines = vec4(
    tonic[at_tonic(span, COEFFICIENT, signal)], tonic[at_tonic(span + 1u, COEFFICIENT, signal)],
    tonic[at_tonic(span + 2u, COEFFICIENT, signal)], tonic[at_tonic(span + 3u, COEFFICIENT, signal)],
  );
  let line = vec2(tonic[at_tonic(params.rows, LINE, signal)], tonic[at_tonic(params.rows, LINE + 1u, signal)]);
  for (var sample = end_of(chunk); sample > max(first, params.begin); ) {
    sample--;
    let i = sample - first;
    let at = (i * params.sample_stride + chunk * params.chunk_stride) * params.signals + signal;
    let x = point[at];
    let feedback = gain[at];
    let change = dot(tables[phase_at + i], splines) + (line.x + line.y * f32(sample + 1u - params.begin));
    let residual = x.z - change;
    let eta = target_gap / x.x - alpha + params.fd * residual + effect(adjoint);
    let feedforward = eta * feedback.z;
    gain[at].w = feedforward;
    adjoint = transposed(adjoint) + vec2(params.c1, 1.0) * residual - feedback.xy * eta;
    if (CHUNKED) {
      let reach = vec2(effect(psi1), effect(psi2));
      reached += reach * feedforward;
      psi1 = transposed(psi1) - feedback.xy * reach.x;
      psi2 = transposed(psi2) - feedback.xy * reach.y;
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn feedforward(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (lane >= params.lanes) { return; }
  let signal = lane % params.signals;
  if (state[at_state(DONE, signal)] != RUNNING) { return; }
  if (CHUNKED) {
    adjoint = vec2(boundary[at_boundary(ADJOINT_END, lane)], boundary[at_boundary(ADJOINT_END + 1u, lane)]);
    psi1 = vec2(1.0, 0.0);
    psi2 = vec2(0.0, 1.0);
    backward(lane / params.signals, signal);
    boundary[at_boundary(FILTER_END, lane)] = reached.x;
    boundary[at_boundary(FILTER_END + 1u, lane)] = reached.y;
    return;
  }
  for (var chunk = params.chunks; chunk > 0u; ) {
    chunk--;
    backward(chunk, signal);
  }
}

fn forward(chunk: u32, signal: u32, target_gap: f32) {
  let first = first_of(chunk);
  let end = end_of(chunk);
  var chunk_curvature = 0.0; // a sum of short sums loses less than one long sum
  for (var sample = max(first, params.begin); sample < end; sample++) {
    let i = sample - first;
    let at = (i * params.sample_stride + chunk * params.chunk_stride) * params.signals + signal;
    let feedback = gain[at];
    let x = point[at];
    let change = feedback.w - (feedback.x * filtered.x + feedback.y * filtered.y);
    gain[at].w = change;
    point[at].w = params.c1 * filtered.x + filtered.y + params.fd * change;
    filtered = vec2(
      filtered.x + (params.g1 * change - params.e1 * filtered.x),
      filtered.y + (params.f21 * filtered.x - params.e2 * filtered.y + params.g2 * change),
    );
    size += abs(change);
    let relative = change / x.x;
    let multiplier_change = target_gap / x.x - x.y - x.y * relative;
    chunk_curvature += change * multiplier_change;
    ratio = max(ratio, max(-relative, -multiplier_change / x.y));
  }
  curvature += chunk_curvature;
}

// dp and H dp, and what bounds the step length: the largest share of p or lambda that a full step would take away.
@compute @workgroup_size(WORKGROUP)
fn driver_step(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (lane >= params.lanes) { return; }
  let signal = lane % params.signals;
  if (state[at_state(DONE, signal)] != RUNNING) { return; }
  let target_gap = SIGMA * state[at_state(MU, signal)];
  if (CHUNKED) {
    filtered = vec2(boundary[at_boundary(FILTER_START, lane)], boundary[at_boundary(FILTER_START + 1u, lane)]);
    forward(lane / params.signals, signal, target_gap);
  } else {
    for (var chunk = 0u; chunk < params.chunks; chunk++) { forward(chunk, signal, target_gap); }
  }
  boundary[at_boundary(RATIO, lane)] = ratio;
  boundary[at_boundary(SIZE, lane)] = size;
  boundary[at_boundary(CURVATURE, lane)] = curvature;
}
