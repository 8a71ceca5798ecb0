// Backward Riccati sweep of the cvxEDA interior point: feedback gains, and the Newton system of the tonic part.
//
//   minimise over p > 0, z:   1/2 ||y - H p - T z||^2 + alpha sum(p) + 1/2 z' Gamma z
//
// with multipliers lambda of p >= 0. Every solve is posed in increments around the residual e = y - T z - H p: solving
// for full values would lose two to three digits in float32. H is a two-state filter with F = [[1-e1, 0], [f21, 1-e2]],
// G = (g1, g2), c = (c1, 1) and feed-through fd. For a given tonic step dz the Newton step dp minimises
// 1/2 ||e - T dz - H dp||^2 + sum(w/2 dp^2 - b dp) with w = lambda/p and b = sigma mu/p - alpha: linear-quadratic
// control. With Pi (2x2), pi and the columns' pi_j zero after the last sample, for i = n-1 ... 0:
//
//   den = w + fd^2 + G' Pi G,   kappa = (fd c' + F' Pi G) / den,   Fc = F - G kappa',   cc = c - fd kappa
//   eta = b + fd e_i + G' pi,   eta_j = fd T_ij + G' pi_j
//   pi <- Fc' pi + cc e_i - b kappa,   pi_j <- Fc' pi_j + cc T_ij,   Pi <- Fc' Pi Fc + cc cc' + w kappa kappa'
//
// and the tonic system S dz = s, the driver eliminated, needs of every pair of columns
//   sum(eta_j eta_m / den)   and   sum(T_ij e_i - eta_j eta / den).
//
// Time is cut into chunks, each a part of one knot span; the sums are kept per chunk. A lane is one signal with all its
// chunks (form per-signal), or one chunk of one signal (form along-time, CHUNKED). In form along-time `chunk_cost` first finds each chunk's map of
// Pi, cvxeda/carry.wgsl the exact Pi at chunk ends; the adjoints start from zero in each chunk, and two more columns
// psi, the closed loop's response to the unknown adjoint at the chunk's end, allow cvxeda/carry.wgsl to correct for it.
//
// Shapes (lane = section * signals + signal, k = knot spacing, R = spline rows, see src/cvxeda/tonic.ts)
//   point    [samples][signals] vec4: p, lambda, e, H dp; sample i of chunk c at place i sample_stride + c chunk_stride
//   gain     [samples][signals] vec4: kappa (2), 1/den, dp of the last step
//   tables   vec4: k phases, R columns (scale, drift shares 0 and 1, offset), R rows of T'T + Gamma
//   drift    [samples in order of time] vec2: drift columns of T
//   tonic    [R + 1][BAND + window][signals]: cvxeda/tonic.wgsl; here only the last step as coefficients (l, d)
//   sums     [fields][chunks][signals]: products of columns (lower triangle), then right-hand sides
//   boundary [fields][lanes]: what chunks hand each other, the places named below
//   state    [STATE_ROWS][signals]: alpha, mu, mu before, step, infeasibility, iterations, done, gap, objective
// Launch: ceil(lanes / WORKGROUP) workgroups.
//
// WGSL has no way to include a file: cvxeda/carry.wgsl, driver.wgsl and tonic.wgsl state the constants that they share with this
// one again, by the same names, and the host reads its own off them. A test compares them.

struct Params {
  signals: u32, lanes: u32, chunks: u32, parts: u32, chunk_length: u32, spacing: u32, begin: u32, end: u32,
  sample_stride: u32, chunk_stride: u32, rows: u32,
  e1: f32, e2: f32, c1: f32, fd: f32, g1: f32, g2: f32, f21: f32,
}

const WORKGROUP: u32 = 8u;
// Spline rows whose adjoint is alive in one knot span: 4 that overlap it and those above that still decay.
const WINDOW: u32 = 5u;
// The window, 2 drift columns and, in form along-time, 2 columns psi.
const COLUMNS: u32 = 9u;
const MOST_COLUMNS = WINDOW + 4u;
const CHUNKED = COLUMNS > WINDOW + 2u;
const DRIFT = WINDOW;
const PSI = WINDOW + 2u;
const PAIRS = COLUMNS * (COLUMNS + 1u) / 2u;

// Places in `boundary`; after LOCAL come the columns' adjoints and the affine one.
const COST_END = 0u;
const BOUNDARY_GAP = 7u;
const BOUNDARY_OBJECTIVE = 8u;
const COST_START = 12u;
const COST_TRANSITION = 15u;
const COST_SPREAD = 19u;
const TRANSITION = 24u;
const LOCAL = 28u;

// Fields of `tonic` and `state`.
const BAND = 5u;
const COEFFICIENT = 4u;
const LINE = 7u;
const ALPHA = 0u;
const MU = 1u;
const MU_BEFORE = 2u;
const STEP_LENGTH = 3u;
const DONE = 6u;
const RUNNING = 0.0;
const SIGMA = 0.3;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> point: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> gain: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> tables: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> drift: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> tonic: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;
@group(0) @binding(7) var<storage, read_write> boundary: array<f32>;
@group(0) @binding(8) var<storage, read> state: array<f32>;

var<private> cost: vec3<f32>; // Pi: 11, 12, 22
var<private> adjoint: vec2<f32>;
var<private> column_adjoint: array<vec2<f32>, MOST_COLUMNS>;
var<private> products: array<f32, PAIRS>;
var<private> rhs: array<f32, COLUMNS>;
var<private> gap: f32;
var<private> objective: f32;

struct Feedback {
  k: vec2<f32>,
  inverse: f32, // 1 / den
  f1: vec2<f32>, // rows of Fc
  f2: vec2<f32>,
  c: vec2<f32>, // cc
}

// The last Newton step, as `advance` applies it in one span.
struct Step {
  length: f32,
  target_gap: f32, // sigma mu of that step
  alpha: f32,
  splines: vec4<f32>,
  line: vec2<f32>,
}

fn at_state(field: u32, signal: u32) -> u32 { return field * params.signals + signal; }
fn at_tonic(row: u32, field: u32, signal: u32) -> u32 {
  return (row * (BAND + WINDOW) + field) * params.signals + signal;
}
fn at_boundary(field: u32, lane: u32) -> u32 { return field * params.lanes + lane; }
// Samples are counted from the start of the first span, which the recording may begin after: `begin`.
fn first_of(chunk: u32) -> u32 {
  return chunk / params.parts * params.spacing + chunk % params.parts * params.chunk_length;
}
fn end_of(chunk: u32) -> u32 {
  let span_end = (chunk / params.parts + 1u) * params.spacing;
  return min(first_of(chunk) + params.chunk_length, min(span_end, params.end));
}
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

fn step_of(span: u32, signal: u32) -> Step {
  var step: Step;
  step.length = state[at_state(STEP_LENGTH, signal)];
  step.target_gap = SIGMA * state[at_state(MU_BEFORE, signal)];
  step.alpha = state[at_state(ALPHA, signal)];
  step.splines = vec4(
    tonic[at_tonic(span, COEFFICIENT, signal)], tonic[at_tonic(span + 1u, COEFFICIENT, signal)],
    tonic[at_tonic(span + 2u, COEFFICIENT, signal)], tonic[at_tonic(span + 3u, COEFFICIENT, signal)],
  );
  step.line = vec2(tonic[at_tonic(params.rows, LINE, signal)], tonic[at_tonic(params.rows, LINE + 1u, signal)]);
  return step;
}

// Applies the last step to one sample: p, lambda, and e without filtering again, since H dp is known. Measures the
// duality gap and the objective on the way.
fn advance(at: u32, phase: vec4<f32>, time: f32, step: Step) -> vec4<f32> {
  var x = point[at];
  let change = gain[at].w;
  let multiplier_change = step.target_gap / x.x - x.y - x.y / x.x * change;
  x.x += step.length * change;
  x.y += step.length * multiplier_change;
  x.z -= step.length * (x.w + (dot(phase, step.splines) + (step.line.x + step.line.y * time)));
  point[at] = x;
  gap += x.x * x.y;
  objective += 0.5 * x.z * x.z + step.alpha * x.x;
  return x;
}

fn store2(place: u32, lane: u32, value: vec2<f32>) {
  boundary[at_boundary(place, lane)] = value.x;
  boundary[at_boundary(place + 1u, lane)] = value.y;
}

fn store3(place: u32, lane: u32, value: vec3<f32>) {
  store2(place, lane, value.xy);
  boundary[at_boundary(place + 2u, lane)] = value.z;
}

fn store_measures(lane: u32) {
  boundary[at_boundary(BOUNDARY_GAP, lane)] = gap;
  boundary[at_boundary(BOUNDARY_OBJECTIVE, lane)] = objective;
}

// The form along-time: applies the last step, and finds how Pi at the chunk's start depends on Pi at its end, which is J for 0.
@compute @workgroup_size(WORKGROUP)
fn chunk_cost(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (lane >= params.lanes) { return; }
  let signal = lane % params.signals;
  if (state[at_state(DONE, signal)] != RUNNING) { return; }
  let chunk = lane / params.signals;
  let step = step_of(chunk / params.parts, signal);
  let first = first_of(chunk);
  let phase_at = first - chunk / params.parts * params.spacing;
  cost = vec3<f32>();
  var psi1 = vec2(1.0, 0.0); // rows of the closed loop's transition to the end of the chunk
  var psi2 = vec2(0.0, 1.0);
  var spread = vec3<f32>(); // C: sum of (Psi G)(Psi G)' / den
  gap = 0.0;
  objective = 0.0;
  for (var sample = end_of(chunk); sample > max(first, params.begin); ) {
    sample--;
    let i = sample - first;
    let at = (i * params.sample_stride + chunk * params.chunk_stride) * params.signals + signal;
    let x = advance(at, tables[phase_at + i], f32(sample + 1u - params.begin), step);
    let f = feedback(x.y / x.x);
    let reach = vec2(effect(psi1), effect(psi2));
    spread += f.inverse * reach.xxy * reach.xyy;
    psi1 = propagate(f, psi1, 0.0);
    psi2 = propagate(f, psi2, 0.0);
  }
  store_measures(lane);
  store3(COST_START, lane, cost);
  store3(COST_SPREAD, lane, spread);
  store2(COST_TRANSITION, lane, psi1);
  store2(COST_TRANSITION + 2u, lane, psi2);
}

// Adds one sample to the sums over pairs of columns and to the right-hand sides.
fn add_columns(f: Feedback, overlap: vec4<f32>, drifts: vec2<f32>, residual: f32, scaled_eta: f32) {
  var t: array<f32, MOST_COLUMNS>;
  t[0] = overlap.x;
  t[1] = overlap.y;
  t[2] = overlap.z;
  t[3] = overlap.w;
  t[DRIFT] = drifts.x;
  t[DRIFT + 1u] = drifts.y;
  var eta: array<f32, MOST_COLUMNS>;
  // @unroll
  for (var m = 0u; m < COLUMNS; m++) {
    eta[m] = params.fd * t[m] + effect(column_adjoint[m]);
    column_adjoint[m] = propagate(f, column_adjoint[m], t[m]);
    rhs[m] += t[m] * residual - eta[m] * scaled_eta;
    let weighted = eta[m] * f.inverse;
    // @unroll
    for (var q = 0u; q < COLUMNS; q++) {
      if (q <= m) { products[m * (m + 1u) / 2u + q] += weighted * eta[q]; }
    }
  }
}

fn sweep(chunk: u32, signal: u32) {
  let span = chunk / params.parts;
  let first = first_of(chunk);
  let phase_at = first - span * params.spacing;
  let step = step_of(span, signal);
  let target_gap = SIGMA * state[at_state(MU, signal)];
  let column = params.spacing + span;
  let scale = vec4(tables[column].x, tables[column + 1u].x, tables[column + 2u].x, tables[column + 3u].x);
  for (var sample = end_of(chunk); sample > max(first, params.begin); ) {
    sample--;
    let i = sample - first;
    let at = (i * params.sample_stride + chunk * params.chunk_stride) * params.signals + signal;
    let phase = tables[phase_at + i];
    var x: vec4<f32>;
    if (CHUNKED) { x = point[at]; } else { x = advance(at, phase, f32(sample + 1u - params.begin), step); }
    let residual = x.z;
    let inverse_p = 1.0 / x.x;
    let b = target_gap * inverse_p - step.alpha;
    let f = feedback(x.y * inverse_p);
    gain[at] = vec4(f.k, f.inverse, 0.0);
    let scaled_eta = (b + params.fd * residual + effect(adjoint)) * f.inverse;
    adjoint = propagate(f, adjoint, residual) - b * f.k;
    add_columns(f, scale * phase, drift[sample - params.begin], residual, scaled_eta);
  }
}

fn store_sums(chunk: u32, signal: u32) {
  // @unroll
  for (var m = 0u; m < COLUMNS; m++) {
    sums[((PAIRS + m) * params.chunks + chunk) * params.signals + signal] = rhs[m];
    rhs[m] = 0.0;
    // @unroll
    for (var q = 0u; q < COLUMNS; q++) {
      if (q <= m) {
        sums[((m * (m + 1u) / 2u + q) * params.chunks + chunk) * params.signals + signal] = products[m * (m + 1u) / 2u + q];
        products[m * (m + 1u) / 2u + q] = 0.0;
      }
    }
  }
}

// The span below has one row more at the lower end of its window and one less at the upper.
fn shift_window() {
  // @unroll
  for (var m = 0u; m < WINDOW; m++) {
    column_adjoint[WINDOW - 1u - m] = column_adjoint[max(WINDOW - 1u - m, 1u) - 1u];
  }
  column_adjoint[0] = vec2<f32>();
}

fn store_adjoints(lane: u32) {
  store2(TRANSITION, lane, column_adjoint[PSI]);
  store2(TRANSITION + 2u, lane, column_adjoint[PSI + 1u]);
  // @unroll
  for (var m = 0u; m < WINDOW; m++) { store2(LOCAL + 2u * m, lane, column_adjoint[m]); }
  store2(LOCAL + 2u * DRIFT, lane, column_adjoint[DRIFT]);
  store2(LOCAL + 2u * DRIFT + 2u, lane, column_adjoint[DRIFT + 1u]);
  store2(LOCAL + 2u * PSI, lane, adjoint);
}

@compute @workgroup_size(WORKGROUP)
fn riccati(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (lane >= params.lanes) { return; }
  let signal = lane % params.signals;
  if (state[at_state(DONE, signal)] != RUNNING) { return; }
  if (CHUNKED) {
    cost = vec3(boundary[at_boundary(COST_END, lane)], boundary[at_boundary(COST_END + 1u, lane)],
      boundary[at_boundary(COST_END + 2u, lane)]);
    column_adjoint[PSI] = vec2(1.0, 0.0);
    column_adjoint[PSI + 1u] = vec2(0.0, 1.0);
    sweep(lane / params.signals, signal);
    store_sums(lane / params.signals, signal);
    store_adjoints(lane);
    return;
  }
  for (var chunk = params.chunks; chunk > 0u; ) {
    chunk--;
    sweep(chunk, signal);
    store_sums(chunk, signal);
    shift_window();
  }
  store_measures(lane);
}
