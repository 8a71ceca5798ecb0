// Primal-dual interior point for cvxEDA, one invocation per signal.
//
//   minimise over p > 0, z:   1/2 ||y - H p - T z||^2 + alpha sum(p) + 1/2 z' Gamma z
//
// with multipliers lambda of p >= 0. One iteration is riccati (cvxeda_riccati.wgsl), tonic_step, feedforward,
// driver_step, advance. Every solve is posed in increments around the residual e = y - T z - H p: solving for full
// values would lose two to three digits in float32.
//
// H is a two-state filter with F = [[1-e1, 0], [f21, 1-e2]], G = (g1, g2), c = (c1, 1) and feed-through fd. For a given
// tonic step dz the Newton step dp minimises 1/2 ||e - T dz - H dp||^2 + sum(w/2 dp^2 - b dp) with w = lambda/p and
// b = sigma mu/p - alpha: linear-quadratic control, solved by a backward Riccati sweep and a forward simulation.
//
// Shapes (lane = signal, k = knot spacing, R = spline rows, see src/cvxeda/tonic.ts)
//   y, p, lambda, e, dp   [n][lanes]
//   gain                  [n][lanes] vec4: feedback kappa (2), 1/den, feedforward
//   tonic                 [R + 1][4 + window][lanes]: per spline row its Schur complement with both drift columns, dz,
//                         z, and its Schur complement with rows r, r-1, ...; the last row holds the drift block 00,
//                         01, 11, dz (2), z (2). Before tonic_step the place of dz holds the right-hand side.
//   state                 [6][lanes]: alpha, mu, step, infeasibility, iterations, done (1 converged, 2 broken off)
//   tables                vec4: k phases, R columns (scale, Gamma_jj, Gamma_j,drift), R rows of T'T + Gamma, n drifts
// Launch: ceil(lanes / WORKGROUP) workgroups.

struct Params {
  n: u32, lanes: u32, spacing: u32, rows: u32, window: u32,
  e1: f32, e2: f32, c1: f32, fd: f32, g1: f32, g2: f32, f21: f32,
  gamma00: f32, gamma01: f32, gamma11: f32,
}

const WORKGROUP: u32 = 8u;
const OVERLAP = 4u;
const COUPLING = 0u;
const STEP = 2u;
const VALUE = 3u;
const BAND = 4u;
const DRIFT_STEP = 3u;
const DRIFT_VALUE = 5u;

const ALPHA = 0u;
const MU = 1u;
const STEP_LENGTH = 2u;
const INFEASIBILITY = 3u;
const ITERATIONS = 4u;
const DONE = 5u;
const CONVERGED = 1.0;
const BROKEN_OFF = 2.0;

const SIGMA = 0.3;
const TO_BOUNDARY = 0.99;
const TOLERANCE = 1e-6;
const PIVOT_FLOOR = 1e-30;
const EXPONENT = 0x7f800000u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> p: array<f32>;
@group(0) @binding(3) var<storage, read_write> lambda: array<f32>;
@group(0) @binding(4) var<storage, read_write> e: array<f32>;
@group(0) @binding(5) var<storage, read_write> dp: array<f32>;
@group(0) @binding(6) var<storage, read_write> gain: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> tonic: array<f32>;
@group(0) @binding(8) var<storage, read_write> state: array<f32>;
@group(0) @binding(9) var<storage, read> tables: array<vec4<f32>>;

fn at_state(field: u32, lane: u32) -> u32 { return field * params.lanes + lane; }
fn at_tonic(row: u32, field: u32, lane: u32) -> u32 {
  return (row * (BAND + params.window) + field) * params.lanes + lane;
}
fn column(row: u32) -> vec4<f32> { return tables[params.spacing + row]; }
fn drift(i: u32) -> vec2<f32> { return tables[params.spacing + 2u * params.rows + i].xy; }
fn span_end(span: u32) -> u32 { return min(params.spacing * (span + 1u), params.n); }
fn is_idle(lane: u32) -> bool { return lane >= params.lanes || state[at_state(DONE, lane)] != 0.0; }

// Field (z or dz) of the four splines that overlap a span, times their scale: dot with a phase gives their sum.
fn splines_of(span: u32, field: u32, lane: u32) -> vec4<f32> {
  var values: vec4<f32>;
  for (var m = 0u; m < OVERLAP; m++) {
    values[m] = column(span + m).x * tonic[at_tonic(span + m, field, lane)];
  }
  return values;
}

fn drift_of(field: u32, lane: u32) -> vec2<f32> {
  return vec2(tonic[at_tonic(params.rows, field, lane)], tonic[at_tonic(params.rows, field + 1u, lane)]);
}

// p = 10, lambda = max(alpha, 1e-3), z = 0 and a step of zero, which the first `advance` then applies.
@compute @workgroup_size(WORKGROUP)
fn start(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (is_idle(lane)) { return; }
  let multiplier = max(state[at_state(ALPHA, lane)], 1e-3);
  for (var i = lane; i < params.n * params.lanes; i += params.lanes) {
    p[i] = 10.0;
    lambda[i] = multiplier;
    dp[i] = 0.0;
  }
  for (var i = lane; i < at_tonic(params.rows + 1u, 0u, 0u); i += params.lanes) { tonic[i] = 0.0; }
}

// z += step dz; returns z' Gamma z.
fn advance_tonic(lane: u32, step: f32) -> f32 {
  let z_drift = drift_of(DRIFT_VALUE, lane) + step * drift_of(DRIFT_STEP, lane);
  tonic[at_tonic(params.rows, DRIFT_VALUE, lane)] = z_drift.x;
  tonic[at_tonic(params.rows, DRIFT_VALUE + 1u, lane)] = z_drift.y;
  var penalty = params.gamma00 * z_drift.x * z_drift.x + 2.0 * params.gamma01 * z_drift.x * z_drift.y +
    params.gamma11 * z_drift.y * z_drift.y;
  for (var row = 0u; row < params.rows; row++) {
    let z = tonic[at_tonic(row, VALUE, lane)] + step * tonic[at_tonic(row, STEP, lane)];
    tonic[at_tonic(row, VALUE, lane)] = z;
    let gamma = column(row);
    penalty += z * (gamma.y * z + 2.0 * dot(gamma.zw, z_drift));
  }
  return penalty;
}

// Applies the last step, then measures: e = y - T z - H p, the gap sum(p lambda) and the objective.
@compute @workgroup_size(WORKGROUP)
fn advance(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (is_idle(lane)) { return; }
  let target_gap = SIGMA * state[at_state(MU, lane)];
  let step = state[at_state(STEP_LENGTH, lane)];
  var objective = 0.5 * advance_tonic(lane, step);
  let z_drift = drift_of(DRIFT_VALUE, lane);
  let alpha = state[at_state(ALPHA, lane)];
  var gap = 0.0;
  var u = 0.0;
  var v = 0.0;
  for (var span = 0u; span * params.spacing < params.n; span++) {
    let z = splines_of(span, VALUE, lane);
    let first = span * params.spacing;
    let end = span_end(span);
    var span_gap = 0.0; // a sum of short sums loses less than one long sum
    var span_objective = 0.0;
    for (var i = first; i < end; i++) {
      let at = i * params.lanes + lane;
      let p_old = p[at];
      let lambda_old = lambda[at];
      let change = dp[at];
      let p_new = p_old + step * change;
      let lambda_new = lambda_old + step * (target_gap / p_old - lambda_old - lambda_old / p_old * change);
      p[at] = p_new;
      lambda[at] = lambda_new;
      let phasic = params.c1 * u + v + params.fd * p_new;
      v += params.f21 * u - params.e2 * v + params.g2 * p_new;
      u += params.g1 * p_new - params.e1 * u;
      let residual = (y[at] - (dot(tables[i - first], z) + dot(drift(i), z_drift))) - phasic;
      e[at] = residual;
      span_gap += p_new * lambda_new;
      span_objective += 0.5 * residual * residual + alpha * p_new;
    }
    gap += span_gap;
    objective += span_objective;
  }
  state[at_state(MU, lane)] = gap / f32(params.n);
  // The signal has unit mean square, so that 1/2 ||y||^2 = n/2. The gap bounds the error only once the linear residual
  // has vanished; the infeasibility tracks that.
  let enough = TOLERANCE * (objective + 0.5e-6 * f32(params.n));
  if (gap <= enough && state[at_state(INFEASIBILITY, lane)] <= 1e-3) { state[at_state(DONE, lane)] = CONVERGED; }
}

// Forward substitution of one row of the banded factor for one right-hand side (drift columns and the splines' own).
fn eliminate(row: u32, field: u32, lane: u32) -> f32 {
  var sum = tonic[at_tonic(row, field, lane)];
  for (var m = 1u; m < params.window && m <= row; m++) {
    sum -= tonic[at_tonic(row, BAND + m, lane)] * tonic[at_tonic(row - m, field, lane)];
  }
  let x = sum * tonic[at_tonic(row, BAND, lane)];
  tonic[at_tonic(row, field, lane)] = x;
  return x;
}

// Banded Cholesky of one spline row, in place; the diagonal keeps its inverse.
fn factor(row: u32, lane: u32) {
  for (var back = min(params.window - 1u, row); back > 0u; back--) {
    var sum = tonic[at_tonic(row, BAND + back, lane)];
    for (var m = back + 1u; m < params.window && m <= row; m++) {
      sum -= tonic[at_tonic(row, BAND + m, lane)] * tonic[at_tonic(row - back, BAND + m - back, lane)];
    }
    tonic[at_tonic(row, BAND + back, lane)] = sum * tonic[at_tonic(row - back, BAND, lane)];
  }
  var pivot = tonic[at_tonic(row, BAND, lane)];
  for (var m = 1u; m < params.window && m <= row; m++) {
    let entry = tonic[at_tonic(row, BAND + m, lane)];
    pivot -= entry * entry;
  }
  tonic[at_tonic(row, BAND, lane)] = 1.0 / sqrt(max(pivot, PIVOT_FLOOR));
}

// S dz = rhs: splines first, drift last, so that the factor fills nothing outside the band and the last two rows.
@compute @workgroup_size(WORKGROUP)
fn tonic_step(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (is_idle(lane)) { return; }
  var drift_block = vec3(tonic[at_tonic(params.rows, 0u, lane)], tonic[at_tonic(params.rows, 1u, lane)],
    tonic[at_tonic(params.rows, 2u, lane)]);
  var rhs = drift_of(DRIFT_STEP, lane);
  for (var row = 0u; row < params.rows; row++) {
    factor(row, lane);
    let a = vec2(eliminate(row, COUPLING, lane), eliminate(row, COUPLING + 1u, lane));
    rhs -= a * eliminate(row, STEP, lane);
    drift_block -= a.xxy * a.xyy;
  }
  let l00 = sqrt(max(drift_block.x, PIVOT_FLOOR));
  let l10 = drift_block.y / l00;
  let l11 = sqrt(max(drift_block.z - l10 * l10, PIVOT_FLOOR));
  let forward = rhs.x / l00;
  let d1 = (rhs.y - l10 * forward) / (l11 * l11);
  let d0 = (forward - l10 * d1) / l00;
  tonic[at_tonic(params.rows, DRIFT_STEP, lane)] = d0;
  tonic[at_tonic(params.rows, DRIFT_STEP + 1u, lane)] = d1;
  for (var row = params.rows; row > 0u; ) {
    row--;
    var sum = tonic[at_tonic(row, STEP, lane)] - tonic[at_tonic(row, COUPLING, lane)] * d0 -
      tonic[at_tonic(row, COUPLING + 1u, lane)] * d1;
    for (var m = 1u; m < params.window && row + m < params.rows; m++) {
      sum -= tonic[at_tonic(row + m, BAND + m, lane)] * tonic[at_tonic(row + m, STEP, lane)];
    }
    tonic[at_tonic(row, STEP, lane)] = sum * tonic[at_tonic(row, BAND, lane)];
  }
}

// Backward sweep of the affine part with dz known: feedforward eta / den.
@compute @workgroup_size(WORKGROUP)
fn feedforward(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (is_idle(lane)) { return; }
  let target_gap = SIGMA * state[at_state(MU, lane)];
  let alpha = state[at_state(ALPHA, lane)];
  let dz_drift = drift_of(DRIFT_STEP, lane);
  var adjoint = vec2<f32>();
  for (var span = (params.n + params.spacing - 1u) / params.spacing; span > 0u; ) {
    span--;
    let dz = splines_of(span, STEP, lane);
    let first = span * params.spacing;
    for (var i = span_end(span); i > first; ) {
      i--;
      let at = i * params.lanes + lane;
      let residual = e[at] - dot(tables[i - first], dz) - dot(drift(i), dz_drift);
      let feedback = gain[at];
      let eta = target_gap / p[at] - alpha + params.fd * residual + params.g1 * adjoint.x + params.g2 * adjoint.y;
      gain[at].w = eta * feedback.z;
      adjoint += vec2(params.f21 * adjoint.y - params.e1 * adjoint.x, -params.e2 * adjoint.y) +
        vec2(params.c1, 1.0) * residual - feedback.xy * eta;
    }
  }
}

// Forward simulation: dp, and the step length that keeps p and lambda positive.
@compute @workgroup_size(WORKGROUP)
fn driver_step(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (is_idle(lane)) { return; }
  let target_gap = SIGMA * state[at_state(MU, lane)];
  var u = 0.0;
  var v = 0.0;
  var ratio = TO_BOUNDARY; // a smaller ratio allows the full step
  var size = 0.0;
  for (var i = 0u; i < params.n; i++) {
    let at = i * params.lanes + lane;
    let feedback = gain[at];
    let change = feedback.w - (feedback.x * u + feedback.y * v);
    v += params.f21 * u - params.e2 * v + params.g2 * change;
    u += params.g1 * change - params.e1 * u;
    dp[at] = change;
    size += abs(change);
    let relative = change / p[at];
    ratio = max(ratio, max(-relative, 1.0 - target_gap / (p[at] * lambda[at]) + relative));
  }
  // A step outside float32 range ends the iteration at the last good point. Tested on bits: implementations may assume
  // that no comparison meets an infinity or a NaN.
  if ((bitcast<u32>(size) & EXPONENT) == EXPONENT) {
    state[at_state(DONE, lane)] = BROKEN_OFF;
    return;
  }
  let step = TO_BOUNDARY / ratio;
  state[at_state(STEP_LENGTH, lane)] = step;
  state[at_state(INFEASIBILITY, lane)] *= 1.0 - step;
  state[at_state(ITERATIONS, lane)] += 1.0;
}
