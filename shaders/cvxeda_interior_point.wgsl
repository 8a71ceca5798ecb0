// Primal-dual interior point for cvxEDA, one invocation per signal.
//
//   minimise over p > 0, z:   1/2 ||y - H p - T z||^2 + alpha sum(p) + 1/2 z' Gamma z,   multipliers lambda of p >= 0
//
// One iteration is riccati, tonic_step, feedforward, driver_step, advance. Every solve is posed in increments around the
// residual e = y - T z - H p: solving for full values would lose two to three digits in float32.
//
// H is a two-state filter with F = [[1-e1, 0], [f21, 1-e2]], G = (g1, g2), c = (c1, 1), feed-through fd. For a given tonic
// step dz the Newton step dp minimises 1/2 ||e - T dz - H dp||^2 + sum(w/2 dp^2 - b dp), w = lambda/p, b = sigma mu/p - alpha:
// linear-quadratic control, solved by a backward Riccati sweep and a forward simulation.
//
// Shapes (lane = signal, k = knot spacing, R = spline rows, see src/cvxeda/tonic.ts)
//   y, p, lambda, e, dp   [n][lanes]
//   gain                  [n][lanes] vec4: feedback kappa (2), 1/den, feedforward
//   tonic                 [R + 1][4 + window][lanes]: per spline row its Schur complement with both drift columns, dz, z, and its
//                         Schur complement with rows r, r-1, ...; the last row holds the drift block 00, 01, 11, dz (2), z (2)
//   state                 [6][lanes]: alpha, mu, step, infeasibility, iterations, done (1 converged, 2 broken off)
//   tables                vec4: k phases, R columns (scale, Gamma_jj, Gamma_j,drift), R rows of T'T + Gamma, n drift values
// Launch: ceil(lanes / WORKGROUP) workgroups.

struct Params {
  n: u32, lanes: u32, spacing: u32, rows: u32, window: u32,
  e1: f32, e2: f32, c1: f32, fd: f32, g1: f32, g2: f32, f21: f32,
  gamma00: f32, gamma01: f32, gamma11: f32,
}

const WORKGROUP: u32 = 8u;
// Equals params.window: spline rows whose adjoint is alive in one knot span, 4 that overlap it and those that still decay.
// Only riccati, which keeps them in registers, is compiled for each value.
const WINDOW: u32 = 5u;
const OVERLAP = 4u;
const SIDE = WINDOW + 1u; // the window and the row that has just left it
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
fn at_tonic(row: u32, field: u32, lane: u32) -> u32 { return (row * (BAND + params.window) + field) * params.lanes + lane; }
fn column(row: u32) -> vec4<f32> { return tables[params.spacing + row]; }
fn gram(row: u32) -> vec4<f32> { return tables[params.spacing + params.rows + row]; }
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
  let converged = gap <= TOLERANCE * (objective + 0.5e-6 * f32(params.n)) && state[at_state(INFEASIBILITY, lane)] <= 1e-3;
  if (converged) { state[at_state(DONE, lane)] = CONVERGED; }
}

// Backward sweep: feedback gains, and S and its right-hand side for the tonic step (Schur complement of the driver).
@compute @workgroup_size(WORKGROUP)
fn riccati(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (is_idle(lane)) { return; }
  let target_gap = SIGMA * state[at_state(MU, lane)];
  let alpha = state[at_state(ALPHA, lane)];
  let g = vec2(params.g1, params.g2);
  let fd = params.fd;
  let z_drift = drift_of(DRIFT_VALUE, lane);
  var cost = vec3<f32>(); // Pi: 11, 12, 22
  var adjoint = vec2<f32>();
  var row_adjoint: array<vec2<f32>, SIDE>;
  var drift_adjoint: array<vec2<f32>, 2>;
  var schur: array<f32, SIDE * SIDE>; // sums of eta_m eta_q / den for q <= m
  var coupling: array<vec2<f32>, SIDE>; // the same with the drift columns
  var rhs: array<f32, SIDE>;
  var drift_schur = vec3<f32>();
  var drift_rhs = -vec2(params.gamma00 * z_drift.x + params.gamma01 * z_drift.y,
    params.gamma01 * z_drift.x + params.gamma11 * z_drift.y);
  for (var row = params.rows; row > 0u; ) {
    row--; // the window is rows row - WINDOW + 1 ... row; below row WINDOW - 1 no span is left, rows only leave
    if (row + 1u >= WINDOW) {
      let span = row + 1u - WINDOW;
      let scale = vec4(column(span).x, column(span + 1u).x, column(span + 2u).x, column(span + 3u).x);
      let first = span * params.spacing;
      var span_schur = vec3<f32>();
      var span_rhs = vec2<f32>();
      for (var i = span_end(span); i > first; ) {
        i--;
        let at = i * params.lanes + lane;
        let residual = e[at];
        let inverse_p = 1.0 / p[at];
        let w = lambda[at] * inverse_p;
        let b = target_gap * inverse_p - alpha;

        let h = vec2(dot(cost.xy, g), dot(cost.yz, g));
        let inverse = 1.0 / (w + fd * fd + dot(g, h));
        let k = inverse * vec2(fd * params.c1 + (h.x - params.e1 * h.x) + params.f21 * h.y, fd + (h.y - params.e2 * h.y));
        // Closed loop: rows of F - G k', and c - fd k.
        let f1 = vec2(1.0 - params.e1 - g.x * k.x, -g.x * k.y);
        let f2 = vec2(params.f21 - g.y * k.x, 1.0 - params.e2 - g.y * k.y);
        let c = vec2(params.c1 - fd * k.x, 1.0 - fd * k.y);
        gain[at] = vec4(k, inverse, 0.0);

        let eta = b + fd * residual + dot(g, adjoint);
        adjoint = f1 * adjoint.x + f2 * adjoint.y + c * residual - b * k;
        let scaled_eta = eta * inverse;

        let t_drift = drift(i);
        let eta_drift = fd * t_drift + vec2(dot(g, drift_adjoint[0]), dot(g, drift_adjoint[1]));
        drift_adjoint[0] = f1 * drift_adjoint[0].x + f2 * drift_adjoint[0].y + c * t_drift.x;
        drift_adjoint[1] = f1 * drift_adjoint[1].x + f2 * drift_adjoint[1].y + c * t_drift.y;
        span_rhs += t_drift * residual - eta_drift * scaled_eta;
        span_schur += inverse * eta_drift.xxy * eta_drift.xyy;

        let overlap = scale * tables[i - first];
        var t: array<f32, WINDOW>;
        t[0] = overlap.x;
        t[1] = overlap.y;
        t[2] = overlap.z;
        t[3] = overlap.w;
        var eta_row: array<f32, WINDOW>;
        // @unroll
        for (var m = 0u; m < WINDOW; m++) {
          eta_row[m] = fd * t[m] + dot(g, row_adjoint[m]);
          row_adjoint[m] = f1 * row_adjoint[m].x + f2 * row_adjoint[m].y + c * t[m];
          rhs[m] += t[m] * residual - eta_row[m] * scaled_eta;
          let weighted = eta_row[m] * inverse;
          coupling[m] += weighted * eta_drift;
          // @unroll
          for (var q = 0u; q < WINDOW; q++) {
            if (q <= m) { schur[m * SIDE + q] += weighted * eta_row[q]; }
          }
        }

        // Sum-of-squares form: the shorter Pi - k k' den loses symmetry and positivity.
        let q1 = cost.x * f1 + cost.y * f2;
        let q2 = cost.y * f1 + cost.z * f2;
        cost = vec3(f1.x * q1.x + f2.x * q2.x, f1.x * q1.y + f2.x * q2.y, f1.y * q1.y + f2.y * q2.y) +
          c.xxy * c.xyy + w * k.xxy * k.xyy;
      }
      drift_schur += span_schur;
      drift_rhs += span_rhs;
    }

    // The window moves down by one row; the row that left it has met all its partners.
    // @unroll
    for (var m = 0u; m < WINDOW; m++) {
      row_adjoint[WINDOW - m] = row_adjoint[WINDOW - 1u - m];
      coupling[WINDOW - m] = coupling[WINDOW - 1u - m];
      rhs[WINDOW - m] = rhs[WINDOW - 1u - m];
      // @unroll
      for (var q = 0u; q < WINDOW; q++) {
        schur[(WINDOW - m) * SIDE + WINDOW - q] = schur[(WINDOW - 1u - m) * SIDE + WINDOW - 1u - q];
      }
      schur[(WINDOW - m) * SIDE] = 0.0;
    }
    schur[0] = 0.0;
    row_adjoint[0] = vec2<f32>();
    coupling[0] = vec2<f32>();
    rhs[0] = 0.0;

    let products = gram(row);
    let gamma = column(row);
    let z = tonic[at_tonic(row, VALUE, lane)];
    var total: array<f32, WINDOW>;
    total[0] = products.x;
    total[1] = products.y;
    total[2] = products.z;
    total[3] = products.w;
    // @unroll
    for (var back = 0u; back < WINDOW; back++) {
      tonic[at_tonic(row, BAND + back, lane)] = total[back] - schur[WINDOW * SIDE + WINDOW - back];
    }
    tonic[at_tonic(row, COUPLING, lane)] = -coupling[WINDOW].x;
    tonic[at_tonic(row, COUPLING + 1u, lane)] = -coupling[WINDOW].y;
    tonic[at_tonic(row, STEP, lane)] = rhs[WINDOW] - gamma.y * z - dot(gamma.zw, z_drift);
    drift_rhs -= gamma.zw * z;
  }
  tonic[at_tonic(params.rows, 0u, lane)] = 1.0 - drift_schur.x;
  tonic[at_tonic(params.rows, 1u, lane)] = -drift_schur.y;
  tonic[at_tonic(params.rows, 2u, lane)] = 1.0 - drift_schur.z;
  tonic[at_tonic(params.rows, DRIFT_STEP, lane)] = drift_rhs.x;
  tonic[at_tonic(params.rows, DRIFT_STEP + 1u, lane)] = drift_rhs.y;
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
  // A step outside float32 range ends the iteration at the last good point. Tested on bits: implementations may assume that
  // no comparison meets an infinity or a NaN.
  if ((bitcast<u32>(size) & EXPONENT) == EXPONENT) {
    state[at_state(DONE, lane)] = BROKEN_OFF;
    return;
  }
  let step = TO_BOUNDARY / ratio;
  state[at_state(STEP_LENGTH, lane)] = step;
  state[at_state(INFEASIBILITY, lane)] *= 1.0 - step;
  state[at_state(ITERATIONS, lane)] += 1.0;
}
