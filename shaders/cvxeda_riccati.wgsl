// Backward Riccati sweep of the cvxEDA interior point (cvxeda_interior_point.wgsl has the problem, names and shapes).
//
// With w = lambda/p, b = sigma mu/p - alpha, and Pi (2x2), pi and the columns' pi_j zero after the last sample, for
// i = n-1 ... 0:
//   den = w + fd^2 + G' Pi G,   kappa = (fd c' + F' Pi G) / den,   Fc = F - G kappa',   cc = c - fd kappa
//   eta = b + fd e_i + G' pi,   eta_j = fd T_ij + G' pi_j
//   pi <- Fc' pi + cc e_i - b kappa,   pi_j <- Fc' pi_j + cc T_ij,   Pi <- Fc' Pi Fc + cc cc' + w kappa kappa'
// and the Newton system S dz = s of the tonic part, the driver eliminated:
//   S_jm = (T'T + Gamma)_jm - sum(eta_j eta_m / den),   s_j = sum(T_ij e_i - eta_j eta / den) - (Gamma z)_j
//
// Only WINDOW spline rows are alive at a time, so that the cost of a sample does not grow with the number of knots.
// Launch: ceil(lanes / WORKGROUP) workgroups.

struct Params {
  n: u32, lanes: u32, spacing: u32, rows: u32,
  e1: f32, e2: f32, c1: f32, fd: f32, g1: f32, g2: f32, f21: f32,
  gamma00: f32, gamma01: f32, gamma11: f32,
}

const WORKGROUP: u32 = 8u;
// Spline rows whose adjoint is alive in one knot span: 4 that overlap it and those above that still decay.
const WINDOW: u32 = 5u;
const SIDE = WINDOW + 1u; // the window and the row that has just left it

// Fields of tonic and state as in cvxeda_interior_point.wgsl.
const COUPLING = 0u;
const STEP = 2u;
const VALUE = 3u;
const BAND = 4u;
const DRIFT_STEP = 3u;
const DRIFT_VALUE = 5u;
const ALPHA = 0u;
const MU = 1u;
const DONE = 5u;
const SIGMA = 0.3;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> lambda: array<f32>;
@group(0) @binding(3) var<storage, read> e: array<f32>;
@group(0) @binding(4) var<storage, read_write> gain: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> tonic: array<f32>;
@group(0) @binding(6) var<storage, read> state: array<f32>;
@group(0) @binding(7) var<storage, read> tables: array<vec4<f32>>;

var<private> cost: vec3<f32>; // Pi: 11, 12, 22
var<private> adjoint: vec2<f32>;
var<private> row_adjoint: array<vec2<f32>, SIDE>;
var<private> drift_adjoint: array<vec2<f32>, 2>;
// Sums of eta_j eta_m / den: between rows (m <= j), of rows with the drift columns, and between those (00, 01, 11).
var<private> schur: array<f32, SIDE * SIDE>;
var<private> coupling: array<vec2<f32>, SIDE>;
var<private> drift_schur: vec3<f32>;
// Right-hand sides s.
var<private> rhs: array<f32, SIDE>;
var<private> drift_rhs: vec2<f32>;

struct Feedback {
  k: vec2<f32>,
  inverse: f32, // 1 / den
  f1: vec2<f32>, // rows of Fc
  f2: vec2<f32>,
  c: vec2<f32>, // cc
}

fn at_tonic(row: u32, field: u32, lane: u32) -> u32 { return (row * (BAND + WINDOW) + field) * params.lanes + lane; }
fn column(row: u32) -> vec4<f32> { return tables[params.spacing + row]; }
fn gram(row: u32) -> vec4<f32> { return tables[params.spacing + params.rows + row]; }
fn drift(i: u32) -> vec2<f32> { return tables[params.spacing + 2u * params.rows + i].xy; }
fn effect(a: vec2<f32>) -> f32 { return params.g1 * a.x + params.g2 * a.y; }
fn propagate(f: Feedback, a: vec2<f32>, t: f32) -> vec2<f32> { return f.f1 * a.x + f.f2 * a.y + f.c * t; }

// Gains for weight w, and Pi one sample down.
fn feedback(w: f32) -> Feedback {
  let fd = params.fd;
  let h = vec2(effect(cost.xy), effect(cost.yz));
  var f: Feedback;
  f.inverse = 1.0 / (w + fd * fd + effect(h));
  f.k = f.inverse * vec2(fd * params.c1 + (h.x - params.e1 * h.x) + params.f21 * h.y, fd + (h.y - params.e2 * h.y));
  f.f1 = vec2(1.0 - params.e1 - params.g1 * f.k.x, -params.g1 * f.k.y);
  f.f2 = vec2(params.f21 - params.g2 * f.k.x, 1.0 - params.e2 - params.g2 * f.k.y);
  f.c = vec2(params.c1 - fd * f.k.x, 1.0 - fd * f.k.y);
  // Sum-of-squares form: the shorter Pi - kappa kappa' den loses symmetry and positivity.
  let q1 = cost.x * f.f1 + cost.y * f.f2;
  let q2 = cost.y * f.f1 + cost.z * f.f2;
  let rotated = vec3(f.f1.x * q1.x + f.f2.x * q2.x, f.f1.x * q1.y + f.f2.x * q2.y, f.f1.y * q1.y + f.f2.y * q2.y);
  cost = rotated + f.c.xxy * f.c.xyy + w * f.k.xxy * f.k.xyy;
  return f;
}

// Adds one sample of the spline rows to S and s.
fn add_rows(f: Feedback, overlap: vec4<f32>, residual: f32, scaled_eta: f32, eta_drift: vec2<f32>) {
  var t: array<f32, WINDOW>;
  t[0] = overlap.x;
  t[1] = overlap.y;
  t[2] = overlap.z;
  t[3] = overlap.w;
  var eta: array<f32, WINDOW>;
  // @unroll
  for (var m = 0u; m < WINDOW; m++) {
    eta[m] = params.fd * t[m] + effect(row_adjoint[m]);
    row_adjoint[m] = propagate(f, row_adjoint[m], t[m]);
    rhs[m] += t[m] * residual - eta[m] * scaled_eta;
    let weighted = eta[m] * f.inverse;
    coupling[m] += weighted * eta_drift;
    // @unroll
    for (var q = 0u; q < WINDOW; q++) {
      if (q <= m) { schur[m * SIDE + q] += weighted * eta[q]; }
    }
  }
}

// One knot span, backwards.
fn sweep(span: u32, lane: u32) {
  let target_gap = SIGMA * state[MU * params.lanes + lane];
  let alpha = state[ALPHA * params.lanes + lane];
  let scale = vec4(column(span).x, column(span + 1u).x, column(span + 2u).x, column(span + 3u).x);
  let first = span * params.spacing;
  var span_schur = vec3<f32>(); // a sum of short sums loses less than one long sum
  var span_rhs = vec2<f32>();
  for (var i = min(params.spacing * (span + 1u), params.n); i > first; ) {
    i--;
    let at = i * params.lanes + lane;
    let residual = e[at];
    let inverse_p = 1.0 / p[at];
    let b = target_gap * inverse_p - alpha;
    let f = feedback(lambda[at] * inverse_p);
    gain[at] = vec4(f.k, f.inverse, 0.0);
    let scaled_eta = (b + params.fd * residual + effect(adjoint)) * f.inverse;
    adjoint = propagate(f, adjoint, residual) - b * f.k;

    let t = drift(i);
    let eta = params.fd * t + vec2(effect(drift_adjoint[0]), effect(drift_adjoint[1]));
    drift_adjoint[0] = propagate(f, drift_adjoint[0], t.x);
    drift_adjoint[1] = propagate(f, drift_adjoint[1], t.y);
    span_rhs += t * residual - eta * scaled_eta;
    span_schur += f.inverse * eta.xxy * eta.xyy;
    add_rows(f, scale * tables[i - first], residual, scaled_eta, eta);
  }
  drift_schur += span_schur;
  drift_rhs += span_rhs;
}

// The window moves down by one row; the row that leaves it goes to place WINDOW.
fn shift_window() {
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
  row_adjoint[0] = vec2<f32>();
  coupling[0] = vec2<f32>();
  rhs[0] = 0.0;
  schur[0] = 0.0;
}

// Writes the row that has left the window: all its partners have been met.
fn store_row(row: u32, z_drift: vec2<f32>, lane: u32) {
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

@compute @workgroup_size(WORKGROUP)
fn riccati(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (lane >= params.lanes || state[DONE * params.lanes + lane] != 0.0) { return; }
  let z = vec2(tonic[at_tonic(params.rows, DRIFT_VALUE, lane)], tonic[at_tonic(params.rows, DRIFT_VALUE + 1u, lane)]);
  drift_rhs = -vec2(params.gamma00 * z.x + params.gamma01 * z.y, params.gamma01 * z.x + params.gamma11 * z.y);
  // The window is rows row - WINDOW + 1 ... row, those of span row - WINDOW + 1; below the first span rows only leave.
  for (var row = params.rows; row > 0u; ) {
    row--;
    if (row + 1u >= WINDOW) { sweep(row + 1u - WINDOW, lane); }
    shift_window();
    store_row(row, z, lane);
  }
  tonic[at_tonic(params.rows, 0u, lane)] = 1.0 - drift_schur.x;
  tonic[at_tonic(params.rows, 1u, lane)] = -drift_schur.y;
  tonic[at_tonic(params.rows, 2u, lane)] = 1.0 - drift_schur.z;
  tonic[at_tonic(params.rows, DRIFT_STEP, lane)] = drift_rhs.x;
  tonic[at_tonic(params.rows, DRIFT_STEP + 1u, lane)] = drift_rhs.y;
}
