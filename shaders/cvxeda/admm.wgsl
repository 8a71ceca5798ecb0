// The linear solve of cvxEDA's ADMM, one invocation per signal.
//
// In increments d of the driver p and c of the tonic coefficients x = (l, d) since the origin (p0, x0), with the residual
// e = y - H p0 - T x0 there, one iteration minimises
//   1/2 ||e - H d - T c||^2 + 1/2 (x0 + c)' Gamma (x0 + c) + rho/2 ||d||^2 - b'd,   b = rho z - y - y0 - alpha,
// by the dynamic programming of src/cvxeda/newton.ts: `backward` eliminates samples and coefficients going back in time,
// `forward` reads them off. With one rho for all samples the gains depend on (n, rate, parameters, rho) alone: tables.
//
// Run b: samples at which the splines b-3 ... b can be non-zero; spline j takes slot j mod 4. Row j - first_run + 3 holds
// spline j, the last two rows the drift columns.
//
// Shapes (lane = signal)
//   signal, e, feed, z, y, origin, candidate (d)  [n][lanes]; bounds [n][lanes] of (l, u), l = -p0
//   tonic   [rows + DRIFTS][FIELDS][lanes]: x0, c, what is left for c
//   state   [STATE_ROWS][lanes]: rho, level of rho or FINISHED, alpha, sums of squares of p0 and of the multiplier
//   tables  vec4: n columns (values of the splines by slot), then for each level of rho
//             n x TABLE_ROWS: (kappa 1, kappa 2, 1/den, T_drift0), (eta of slots 0-3), (eta of drift 0, 1, T_drift1, -)
//             rows x TABLE_ROWS: (S with slots 0-3), (S with drift 0, 1, X), (1/pivot, has a knot, -, -)
//             SYSTEM_ROWS: (1/pivot of drift 0, 1/pivot of drift 1, S between them, -)
// The host reads the constants below off this file: src/cvxeda/admm_tables.ts and admm_batch.ts name no row of their own.
// Launch: ceil(lanes / WORKGROUP) workgroups.

struct Params {
  n: u32, lanes: u32, rows: u32, spacing: i32, offset: i32, first_run: i32, last_run: i32, gamma: f32,
  e1: f32, e2: f32, c1: f32, fd: f32, g1: f32, g2: f32, f21: f32,
}

const WORKGROUP: u32 = 8u;

// Rows of `state`, and the level of a signal that takes no more part.
const RHO = 0u;
const LEVEL = 1u;
const ALPHA = 2u;
const DRIVER_NORM = 3u;
const MULTIPLIER_NORM = 4u;
const STATE_ROWS = 5u;
const FINISHED = -1.0;

// Fields of a row of `tonic`.
const VALUE = 0u;
const INCREMENT = 1u;
const REST = 2u;
const FIELDS = 3u;
const DRIFTS = 2u;

// Rows of a sample in `tables`, of a spline's row there, and of the drift columns after all of them.
const GAIN = 0u;
const SPLINE_ETA = 1u;
const DRIFT_ETA = 2u;
const COUPLING = 0u;
const OUTER_COUPLING = 1u;
const PIVOT = 2u;
const TABLE_ROWS = 3u;
const SYSTEM_ROWS = 1u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> signal: array<f32>;
@group(0) @binding(2) var<storage, read_write> e: array<f32>;
@group(0) @binding(3) var<storage, read_write> feed: array<f32>;
@group(0) @binding(4) var<storage, read_write> z: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read_write> origin: array<f32>;
@group(0) @binding(7) var<storage, read_write> candidate: array<f32>;
@group(0) @binding(8) var<storage, read_write> bounds: array<vec2<f32>>;
@group(0) @binding(9) var<storage, read_write> tonic: array<f32>;
@group(0) @binding(10) var<storage, read_write> state: array<f32>;
@group(0) @binding(11) var<storage, read> tables: array<vec4<f32>>;

fn at_tonic(row: u32, field: u32, lane: u32) -> u32 { return (row * FIELDS + field) * params.lanes + lane; }
fn at_state(field: u32, lane: u32) -> u32 { return field * params.lanes + lane; }
fn is_idle(lane: u32) -> bool {
  if (lane >= params.lanes) { return true; }
  return state[at_state(LEVEL, lane)] == FINISHED;
}
fn first_gain(lane: u32) -> u32 {
  let level_rows = TABLE_ROWS * (params.n + params.rows) + SYSTEM_ROWS;
  return params.n + u32(max(state[at_state(LEVEL, lane)], 0.0)) * level_rows;
}
fn at_sample(first: u32, i: u32) -> u32 { return first + TABLE_ROWS * i; }
fn at_spline(first: u32, row: u32) -> u32 { return first + TABLE_ROWS * (params.n + row); }
fn start_of(run: i32) -> u32 { return u32(clamp(run * params.spacing - params.offset, 0, i32(params.n))); }
fn row_of(spline: i32) -> u32 { return u32(spline - params.first_run + 3); }
fn advance(s: vec2<f32>, input: f32) -> vec2<f32> {
  return s + vec2(params.g1 * input - params.e1 * s.x, params.f21 * s.x - params.e2 * s.y + params.g2 * input);
}

var<private> adjoint: vec2<f32>;
var<private> pull: vec4<f32>; // on the splines' coefficients, by slot
var<private> drift_pull: vec2<f32>;

// Spline row leaves: its share is taken out of everything that earlier samples see.
fn leave(row: u32, slot: u32, first: u32, lane: u32) {
  let at = at_spline(first, row);
  let rest = pull[slot];
  let share = rest * tables[at + PIVOT].x;
  let coupling = tables[at + OUTER_COUPLING];
  tonic[at_tonic(row, REST, lane)] = rest;
  pull -= share * tables[at + COUPLING];
  pull[slot] = 0.0;
  drift_pull -= share * coupling.xy;
  adjoint -= share * coupling.zw;
}

// A spline's own penalty pulls as soon as it enters.
fn enter(spline: i32, first: u32, lane: u32) {
  let row = row_of(spline);
  let has_knot = tables[at_spline(first, row) + PIVOT].y;
  pull[u32(spline & 3)] = -params.gamma * has_knot * tonic[at_tonic(row, VALUE, lane)];
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (is_idle(lane)) { return; }
  let first = first_gain(lane);
  let rho = state[at_state(RHO, lane)];
  let alpha = state[at_state(ALPHA, lane)];
  adjoint = vec2<f32>();
  pull = vec4<f32>();
  drift_pull = vec2<f32>();
  for (var j = params.last_run; j > params.last_run - 3; j--) { enter(j, first, lane); }
  for (var run = params.last_run; run >= params.first_run; run--) {
    enter(run - 3, first, lane);
    let begin = start_of(run);
    for (var i = start_of(run + 1); i > begin; ) {
      i--;
      let at = i * params.lanes + lane;
      let gains = at_sample(first, i);
      let gain = tables[gains + GAIN];
      let splines = tables[gains + SPLINE_ETA];
      let drift = tables[gains + DRIFT_ETA];
      let residual = e[at];
      let b = rho * z[at] - y[at] - (origin[at] + alpha);
      let eta = b + params.fd * residual + params.g1 * adjoint.x + params.g2 * adjoint.y;
      let scaled = eta * gain.z;
      feed[at] = scaled;
      adjoint += vec2(params.f21 * adjoint.y - params.e1 * adjoint.x, -params.e2 * adjoint.y) +
        vec2(params.c1, 1.0) * residual - gain.xy * eta;
      pull += tables[i] * residual - splines * scaled;
      drift_pull += vec2(gain.w, drift.z) * residual - drift.xy * scaled;
    }
    leave(row_of(run), u32(run & 3), first, lane);
  }
  for (var j = params.first_run - 1; j > params.first_run - 4; j--) { leave(row_of(j), u32(j & 3), first, lane); }
  tonic[at_tonic(params.rows, REST, lane)] = drift_pull.x;
  tonic[at_tonic(params.rows + 1u, REST, lane)] = drift_pull.y;
}

var<private> filter_state: vec2<f32>;
var<private> spline_step: vec4<f32>;
var<private> drift_step: vec2<f32>;

fn recover(spline: i32, first: u32, lane: u32) {
  let row = row_of(spline);
  let at = at_spline(first, row);
  let coupling = tables[at + OUTER_COUPLING];
  let rest = tonic[at_tonic(row, REST, lane)] - dot(coupling.zw, filter_state) - dot(coupling.xy, drift_step);
  let slot = u32(spline & 3);
  spline_step[slot] = 0.0; // the slot still holds the spline that has ended
  let step = (rest - dot(tables[at + COUPLING], spline_step)) * tables[at + PIVOT].x;
  spline_step[slot] = step;
  tonic[at_tonic(row, INCREMENT, lane)] = step;
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (is_idle(lane)) { return; }
  let first = first_gain(lane);
  let system = tables[at_spline(first, params.rows)];
  let rest0 = tonic[at_tonic(params.rows, REST, lane)];
  let rest1 = tonic[at_tonic(params.rows + 1u, REST, lane)];
  let d0 = (rest0 - system.z * system.y * rest1) * system.x;
  drift_step = vec2(d0, (rest1 - system.z * d0) * system.y);
  tonic[at_tonic(params.rows, INCREMENT, lane)] = drift_step.x;
  tonic[at_tonic(params.rows + 1u, INCREMENT, lane)] = drift_step.y;
  filter_state = vec2<f32>();
  spline_step = vec4<f32>();
  for (var j = params.first_run - 3; j < params.first_run; j++) { recover(j, first, lane); }
  for (var run = params.first_run; run <= params.last_run; run++) {
    recover(run, first, lane);
    let end = start_of(run + 1);
    for (var i = start_of(run); i < end; i++) {
      let at = i * params.lanes + lane;
      let gains = at_sample(first, i);
      let gain = tables[gains + GAIN];
      let tonic_share = dot(tables[gains + SPLINE_ETA], spline_step) + dot(tables[gains + DRIFT_ETA].xy, drift_step);
      let d = feed[at] - gain.z * tonic_share - dot(gain.xy, filter_state);
      candidate[at] = d;
      filter_state = advance(filter_state, d);
    }
  }
}

// After the origin has moved: x0 takes its increment, e is computed anew.
@compute @workgroup_size(WORKGROUP)
fn residual(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (is_idle(lane)) { return; }
  for (var row = 0u; row < params.rows + DRIFTS; row++) {
    tonic[at_tonic(row, VALUE, lane)] += tonic[at_tonic(row, INCREMENT, lane)];
    tonic[at_tonic(row, INCREMENT, lane)] = 0.0;
  }
  let first = first_gain(lane);
  let drift = vec2(tonic[at_tonic(params.rows, VALUE, lane)], tonic[at_tonic(params.rows + 1u, VALUE, lane)]);
  var driver = 0.0;
  var multiplier = 0.0;
  var s = vec2<f32>();
  for (var run = params.first_run; run <= params.last_run; run++) {
    var splines: vec4<f32>;
    for (var back = 0; back < 4; back++) {
      splines[u32((run - back) & 3)] = tonic[at_tonic(row_of(run - back), VALUE, lane)];
    }
    let end = start_of(run + 1);
    for (var i = start_of(run); i < end; i++) {
      let at = i * params.lanes + lane;
      let p = -bounds[at].x;
      let gains = at_sample(first, i);
      let level = dot(tables[i], splines) + tables[gains + GAIN].w * drift.x + tables[gains + DRIFT_ETA].z * drift.y;
      e[at] = (signal[at] - level) - (params.c1 * s.x + s.y + params.fd * p);
      s = advance(s, p);
      driver += p * p;
      multiplier += origin[at] * origin[at];
    }
  }
  state[at_state(DRIVER_NORM, lane)] = driver;
  state[at_state(MULTIPLIER_NORM, lane)] = multiplier;
}
