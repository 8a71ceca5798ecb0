// The tonic part of one interior-point iteration: gathers the system S dz = s from the chunks' sums, judges whether the
// iteration is done, solves by banded Cholesky, and takes the step (cvxeda/riccati.wgsl has the method and the shapes).
//
//   S_jm = (T'T + Gamma)_jm - sum(eta_j eta_m / den),   s_j = sum(T_ij e_i - eta_j eta / den) - (Gamma z)_j
//
// z are coordinates in which T'T + Gamma has a unit diagonal (src/cvxeda/tonic.ts):
//   l_r = scale_r z_r - shares_r' z_drift,   so that  Gamma z = gamma (scale_r l_r; -sum(shares_r l_r)).
//
//   tonic  [R + 1][ROW_FIELDS][signals]: per spline row its Schur complement with both drift columns, dz, z, dz as
//          coefficient l, and its Schur complement with rows r, r-1, ...; the last row holds the drift block 00, 01, 11,
//          dz (2), z (2), dz as constant and slope per sample. Before `tonic_step` the place of dz holds the right-hand
//          side, whose old step `assemble` has no more use for.
// Launch: `assemble` ceil((R + 1) signals / WORKGROUP) workgroups; `tonic_step` and `finish` ceil(signals / WORKGROUP).

struct Params {
  signals: u32, lanes: u32, sections: u32, chunks: u32, parts: u32, spacing: u32, rows: u32, window: u32, n: u32,
  limit: u32, gamma: f32, line00: f32, line01: f32, line11: f32,
}

const WORKGROUP: u32 = 8u;
const WINDOW: u32 = 5u;
const COLUMNS: u32 = 9u;
const DRIFT = WINDOW;
const PAIRS = COLUMNS * (COLUMNS + 1u) / 2u;

// Places in `boundary`.
const BOUNDARY_GAP = 7u;
const BOUNDARY_OBJECTIVE = 8u;
const RATIO = 9u;
const SIZE = 10u;
const CURVATURE = 11u;

// Fields of a spline row of `tonic`, then of its last row.
const COUPLING = 0u;
const STEP = 2u;
const VALUE = 3u;
const COEFFICIENT = 4u;
const BAND = 5u;
const ROW_FIELDS = BAND + WINDOW;
const DRIFT_BLOCK = 0u;
const DRIFT_STEP = 3u;
const DRIFT_VALUE = 5u;
const LINE = 7u;

const SUM_FIELDS = PAIRS + COLUMNS;

// Rows of `state`, all of them, and what DONE can be.
const ALPHA = 0u;
const MU = 1u;
const MU_BEFORE = 2u;
const STEP_LENGTH = 3u;
const INFEASIBILITY = 4u;
const ITERATIONS = 5u;
const DONE = 6u;
const GAP = 7u;
const OBJECTIVE = 8u;
const STATE_ROWS = 9u;
const RUNNING = 0.0;
const CONVERGED = 1.0;
const STOPPED = 2.0;

const SIGMA = 0.3;
const TO_BOUNDARY = 0.99;
const TOLERANCE = 1e-6;
// What the objective is taken to be at least, for each sample: a millionth of that without any decomposition.
const FLOOR = 0.5e-6;
const PIVOT_FLOOR = 1e-30;
const EXPONENT = 0x7f800000u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tables: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> sums: array<f32>;
@group(0) @binding(3) var<storage, read> boundary: array<f32>;
@group(0) @binding(4) var<storage, read_write> tonic: array<f32>;
@group(0) @binding(5) var<storage, read_write> state: array<f32>;

fn at_state(field: u32, signal: u32) -> u32 { return field * params.signals + signal; }
fn at_tonic(row: u32, field: u32, signal: u32) -> u32 {
  return (row * (BAND + params.window) + field) * params.signals + signal;
}
fn at_sums(place: u32, chunk: u32, signal: u32) -> u32 {
  return (place * params.chunks + chunk) * params.signals + signal;
}
fn pair(m: u32, q: u32) -> u32 { return m * (m + 1u) / 2u + q; }
fn column(row: u32) -> vec4<f32> { return tables[params.spacing + row]; }
fn gram(row: u32) -> vec4<f32> { return tables[params.spacing + params.rows + row]; }

fn drift_of(field: u32, signal: u32) -> vec2<f32> {
  return vec2(tonic[at_tonic(params.rows, field, signal)], tonic[at_tonic(params.rows, field + 1u, signal)]);
}
fn penalised(row: u32, z_drift: vec2<f32>, signal: u32) -> f32 {
  let share = column(row);
  return share.x * tonic[at_tonic(row, VALUE, signal)] - dot(share.yz, z_drift);
}

fn assemble_row(row: u32, signal: u32) {
  let products = gram(row);
  var band: array<f32, WINDOW>;
  band[0] = products.x;
  band[1] = products.y;
  band[2] = products.z;
  band[3] = products.w;
  var coupling = vec2<f32>();
  var rhs = 0.0;
  // Row m of the window of span row - m.
  // @unroll
  for (var m = 0u; m < WINDOW; m++) {
    let first = (row - m) * params.parts; // wraps around below the first span
    for (var chunk = first; row >= m && chunk < min(first + params.parts, params.chunks); chunk++) {
      // @unroll
      for (var q = 0u; q < WINDOW; q++) {
        if (q <= m) { band[max(m, q) - q] -= sums[at_sums(pair(m, q), chunk, signal)]; }
      }
      coupling -= vec2(sums[at_sums(pair(DRIFT, m), chunk, signal)], sums[at_sums(pair(DRIFT + 1u, m), chunk, signal)]);
      rhs += sums[at_sums(PAIRS + m, chunk, signal)];
    }
  }
  // @unroll
  for (var back = 0u; back < WINDOW; back++) { tonic[at_tonic(row, BAND + back, signal)] = band[back]; }
  tonic[at_tonic(row, COUPLING, signal)] = coupling.x;
  tonic[at_tonic(row, COUPLING + 1u, signal)] = coupling.y;
  let l = penalised(row, drift_of(DRIFT_VALUE, signal), signal);
  tonic[at_tonic(row, STEP, signal)] = rhs - params.gamma * column(row).x * l;
}

fn assemble_drift(signal: u32) {
  var products = vec3(1.0, 0.0, 1.0);
  var rhs = vec2<f32>();
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    products -= vec3(
      sums[at_sums(pair(DRIFT, DRIFT), chunk, signal)],
      sums[at_sums(pair(DRIFT + 1u, DRIFT), chunk, signal)],
      sums[at_sums(pair(DRIFT + 1u, DRIFT + 1u), chunk, signal)],
    );
    rhs += vec2(sums[at_sums(PAIRS + DRIFT, chunk, signal)], sums[at_sums(PAIRS + DRIFT + 1u, chunk, signal)]);
  }
  let z_drift = drift_of(DRIFT_VALUE, signal);
  for (var row = 0u; row < params.rows; row++) {
    rhs += params.gamma * penalised(row, z_drift, signal) * column(row).yz;
  }
  tonic[at_tonic(params.rows, DRIFT_BLOCK, signal)] = products.x;
  tonic[at_tonic(params.rows, DRIFT_BLOCK + 1u, signal)] = products.y;
  tonic[at_tonic(params.rows, DRIFT_BLOCK + 2u, signal)] = products.z;
  tonic[at_tonic(params.rows, DRIFT_STEP, signal)] = rhs.x;
  tonic[at_tonic(params.rows, DRIFT_STEP + 1u, signal)] = rhs.y;
}

@compute @workgroup_size(WORKGROUP)
fn assemble(@builtin(global_invocation_id) id: vec3<u32>) {
  let signal = id.x % params.signals;
  let row = id.x / params.signals;
  if (row > params.rows) { return; }
  if (state[at_state(DONE, signal)] != RUNNING) { return; }
  if (row < params.rows) { assemble_row(row, signal); } else { assemble_drift(signal); }
}

// Whether the iterate is good enough, or the iterations are used up.
fn judge(signal: u32) {
  var gap = 0.0;
  var objective = 0.0;
  for (var section = 0u; section < params.sections; section++) {
    let lane = section * params.signals + signal;
    gap += boundary[BOUNDARY_GAP * params.lanes + lane];
    objective += boundary[BOUNDARY_OBJECTIVE * params.lanes + lane];
  }
  let z_drift = drift_of(DRIFT_VALUE, signal);
  for (var row = 0u; row < params.rows; row++) {
    let l = penalised(row, z_drift, signal);
    objective += 0.5 * params.gamma * l * l;
  }
  state[at_state(GAP, signal)] = gap;
  state[at_state(OBJECTIVE, signal)] = objective;
  // The signal has unit mean square, so that 1/2 ||y||^2 = n/2. The gap bounds the error only once the linear residual
  // has vanished; the infeasibility tracks that.
  let enough = TOLERANCE * (objective + FLOOR * f32(params.n));
  if (gap <= enough && state[at_state(INFEASIBILITY, signal)] <= 1e-3) {
    state[at_state(DONE, signal)] = CONVERGED;
  } else if (state[at_state(ITERATIONS, signal)] >= f32(params.limit)) {
    state[at_state(DONE, signal)] = STOPPED;
  }
}

// Forward substitution of one row of the banded factor for one right-hand side (drift columns and the splines' own).
fn eliminate(row: u32, field: u32, signal: u32) -> f32 {
  var sum = tonic[at_tonic(row, field, signal)];
  for (var m = 1u; m < params.window && m <= row; m++) {
    sum -= tonic[at_tonic(row, BAND + m, signal)] * tonic[at_tonic(row - m, field, signal)];
  }
  let x = sum * tonic[at_tonic(row, BAND, signal)];
  tonic[at_tonic(row, field, signal)] = x;
  return x;
}

// Banded Cholesky of one spline row, in place; the diagonal keeps its inverse.
fn factor(row: u32, signal: u32) {
  for (var back = min(params.window - 1u, row); back > 0u; back--) {
    var sum = tonic[at_tonic(row, BAND + back, signal)];
    for (var m = back + 1u; m < params.window && m <= row; m++) {
      sum -= tonic[at_tonic(row, BAND + m, signal)] * tonic[at_tonic(row - back, BAND + m - back, signal)];
    }
    tonic[at_tonic(row, BAND + back, signal)] = sum * tonic[at_tonic(row - back, BAND, signal)];
  }
  var pivot = tonic[at_tonic(row, BAND, signal)];
  for (var m = 1u; m < params.window && m <= row; m++) {
    let entry = tonic[at_tonic(row, BAND + m, signal)];
    pivot -= entry * entry;
  }
  tonic[at_tonic(row, BAND, signal)] = 1.0 / sqrt(max(pivot, PIVOT_FLOOR));
}

// Splines first, drift last, so that the factor fills nothing outside the band and the last two rows.
@compute @workgroup_size(WORKGROUP)
fn tonic_step(@builtin(global_invocation_id) id: vec3<u32>) {
  let signal = id.x;
  if (signal >= params.signals) { return; }
  if (state[at_state(DONE, signal)] != RUNNING) { return; }
  judge(signal);
  if (state[at_state(DONE, signal)] != RUNNING) { return; }
  var drift_block = vec3(tonic[at_tonic(params.rows, DRIFT_BLOCK, signal)], tonic[at_tonic(params.rows, DRIFT_BLOCK + 1u, signal)],
    tonic[at_tonic(params.rows, DRIFT_BLOCK + 2u, signal)]);
  var rhs = drift_of(DRIFT_STEP, signal);
  for (var row = 0u; row < params.rows; row++) {
    factor(row, signal);
    let a = vec2(eliminate(row, COUPLING, signal), eliminate(row, COUPLING + 1u, signal));
    rhs -= a * eliminate(row, STEP, signal);
    drift_block -= a.xxy * a.xyy;
  }
  let l00 = sqrt(max(drift_block.x, PIVOT_FLOOR));
  let l10 = drift_block.y / l00;
  let l11 = sqrt(max(drift_block.z - l10 * l10, PIVOT_FLOOR));
  let forward = rhs.x / l00;
  let d1 = (rhs.y - l10 * forward) / (l11 * l11);
  let d0 = (forward - l10 * d1) / l00;
  tonic[at_tonic(params.rows, DRIFT_STEP, signal)] = d0;
  tonic[at_tonic(params.rows, DRIFT_STEP + 1u, signal)] = d1;
  tonic[at_tonic(params.rows, LINE, signal)] = params.line00 * d0 + params.line01 * d1;
  tonic[at_tonic(params.rows, LINE + 1u, signal)] = params.line11 * d1;
  for (var row = params.rows; row > 0u; ) {
    row--;
    var sum = tonic[at_tonic(row, STEP, signal)] - tonic[at_tonic(row, COUPLING, signal)] * d0 -
      tonic[at_tonic(row, COUPLING + 1u, signal)] * d1;
    for (var m = 1u; m < params.window && row + m < params.rows; m++) {
      sum -= tonic[at_tonic(row + m, BAND + m, signal)] * tonic[at_tonic(row + m, STEP, signal)];
    }
    let dz = sum * tonic[at_tonic(row, BAND, signal)];
    tonic[at_tonic(row, STEP, signal)] = dz;
    let share = column(row);
    tonic[at_tonic(row, COEFFICIENT, signal)] = share.x * dz - dot(share.yz, vec2(d0, d1)) + share.w * d0;
  }
}

// Chooses the step length, takes the tonic step, and foresees mu at the next point: along the step the gap
// sum(p lambda) is quadratic, and its linear part is known. p, lambda and e follow in the next sweep.
@compute @workgroup_size(WORKGROUP)
fn finish(@builtin(global_invocation_id) id: vec3<u32>) {
  let signal = id.x;
  if (signal >= params.signals) { return; }
  if (state[at_state(DONE, signal)] != RUNNING) { return; }
  var ratio = TO_BOUNDARY; // a smaller ratio allows the full step
  var size = 0.0;
  var curvature = 0.0;
  for (var section = 0u; section < params.sections; section++) {
    let lane = section * params.signals + signal;
    ratio = max(ratio, boundary[RATIO * params.lanes + lane]);
    size += boundary[SIZE * params.lanes + lane];
    curvature += boundary[CURVATURE * params.lanes + lane];
  }
  // A step outside float32 range ends the iteration at the last good point. Tested on bits: implementations may assume
  // that no comparison meets an infinity or a NaN.
  if ((bitcast<u32>(size) & EXPONENT) == EXPONENT) {
    state[at_state(DONE, signal)] = STOPPED;
    return;
  }
  let step = TO_BOUNDARY / ratio;
  let mu = state[at_state(MU, signal)];
  let gap = state[at_state(GAP, signal)];
  let n = f32(params.n);
  state[at_state(STEP_LENGTH, signal)] = step;
  state[at_state(INFEASIBILITY, signal)] *= 1.0 - step;
  state[at_state(ITERATIONS, signal)] += 1.0;
  state[at_state(MU_BEFORE, signal)] = mu;
  state[at_state(MU, signal)] = (1.0 - step) * gap / n + step * (SIGMA * mu + step * max(curvature, 0.0) / n);
  for (var row = 0u; row < params.rows; row++) {
    tonic[at_tonic(row, VALUE, signal)] += step * tonic[at_tonic(row, STEP, signal)];
  }
  let z_drift = drift_of(DRIFT_VALUE, signal) + step * drift_of(DRIFT_STEP, signal);
  tonic[at_tonic(params.rows, DRIFT_VALUE, signal)] = z_drift.x;
  tonic[at_tonic(params.rows, DRIFT_VALUE + 1u, signal)] = z_drift.y;
}
