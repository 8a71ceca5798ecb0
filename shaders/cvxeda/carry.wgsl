// What the chunks of form along-time hand each other (cvxeda/riccati.wgsl has the method, names and shapes).
//
// Within a chunk everything is linear in what comes from outside, and the sweeps have measured how:
//   carry_cost        Pi at chunk ends, from the last chunk to the first:
//                       Pi_start = J + Psi' Y Psi,   Y = X (I + C X)^-1 with X = Pi_end
//   carry_adjoint     the columns' adjoints at chunk ends:  a_start = local + Psi' a_end
//   correct           the chunk's sums with those adjoints, eta = eta_local + psi' a_end
//   carry_affine      the affine adjoint at chunk ends with dz known:  its local start is e's less that of T dz
//   carry_filter      the filter's state at chunk starts:  s_end = local + Psi s_start
// Launch: `carry_adjoint` ceil((R + OUTER_COLUMNS) signals / WORKGROUP) workgroups, `correct` ceil(lanes / WORKGROUP), the others
// ceil(signals / WORKGROUP).

struct Params { signals: u32, lanes: u32, chunks: u32, parts: u32, rows: u32, window: u32 }

const WORKGROUP: u32 = 8u;
const WINDOW: u32 = 5u;
const COLUMNS: u32 = 9u;
const DRIFT = WINDOW;
const PSI = WINDOW + 2u;
const PAIRS = COLUMNS * (COLUMNS + 1u) / 2u;

// Places in `boundary`. LOCAL and COLUMN_END are the columns' adjoints and the affine one, at a chunk's start as if zero
// at its end, and at its end.
const COST_END = 0u;
const ADJOINT_END = 3u;
const FILTER_START = 5u;
const COST_START = 12u;
const COST_TRANSITION = 15u;
const COST_SPREAD = 19u;
const FILTER_END = 22u;
const TRANSITION = 24u;
const LOCAL = 28u;
const COLUMN_END = LOCAL + 2u * PSI + 2u;
const BOUNDARY_FIELDS = COLUMN_END + 2u * PSI + 2u;

const BAND = 5u;
const STEP = 2u;
const DRIFT_STEP = 3u;
const DONE = 6u;
const RUNNING = 0.0;

// Columns that `carry_adjoint` takes beside the spline rows: both drifts and the affine adjoint.
const OUTER_COLUMNS = 3u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> boundary: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;
@group(0) @binding(3) var<storage, read> tonic: array<f32>;
@group(0) @binding(4) var<storage, read> state: array<f32>;

fn at_boundary(field: u32, lane: u32) -> u32 { return field * params.lanes + lane; }
fn at_tonic(row: u32, field: u32, signal: u32) -> u32 {
  return (row * (BAND + params.window) + field) * params.signals + signal;
}
fn at_sums(place: u32, chunk: u32, signal: u32) -> u32 {
  return (place * params.chunks + chunk) * params.signals + signal;
}
fn pair(m: u32, q: u32) -> u32 { return m * (m + 1u) / 2u + q; }
fn is_done(signal: u32) -> bool { return state[DONE * params.signals + signal] != RUNNING; }

fn load2(place: u32, lane: u32) -> vec2<f32> {
  return vec2(boundary[at_boundary(place, lane)], boundary[at_boundary(place + 1u, lane)]);
}
fn load3(place: u32, lane: u32) -> vec3<f32> { return vec3(load2(place, lane), boundary[at_boundary(place + 2u, lane)]); }
fn store2(place: u32, lane: u32, value: vec2<f32>) {
  boundary[at_boundary(place, lane)] = value.x;
  boundary[at_boundary(place + 1u, lane)] = value.y;
}

// An adjoint one chunk earlier: Psi' a + local.
fn earlier(lane: u32, a: vec2<f32>, local: vec2<f32>) -> vec2<f32> {
  return a.x * load2(TRANSITION, lane) + a.y * load2(TRANSITION + 2u, lane) + local;
}

@compute @workgroup_size(WORKGROUP)
fn carry_cost(@builtin(global_invocation_id) id: vec3<u32>) {
  let signal = id.x;
  if (signal >= params.signals) { return; }
  if (is_done(signal)) { return; }
  var x = vec3<f32>();
  for (var chunk = params.chunks; chunk > 0u; ) {
    chunk--;
    let lane = chunk * params.signals + signal;
    store2(COST_END, lane, x.xy);
    boundary[at_boundary(COST_END + 2u, lane)] = x.z;
    let c = load3(COST_SPREAD, lane);
    // No inverse of a 2x2 matrix is formed, so that a C of any size (a free driver) is harmless.
    let det_x = max(x.x * x.z - x.y * x.y, 0.0);
    let det_c = max(c.x * c.z - c.y * c.y, 0.0);
    let trace = max(c.x * x.x + 2.0 * c.y * x.y + c.z * x.z, 0.0);
    let y = (x + det_x * vec3(c.z, -c.y, c.x)) / (1.0 + trace + det_c * det_x);
    let psi1 = load2(COST_TRANSITION, lane);
    let psi2 = load2(COST_TRANSITION + 2u, lane);
    let q1 = y.x * psi1 + y.y * psi2;
    let q2 = y.y * psi1 + y.z * psi2;
    x = load3(COST_START, lane) +
      vec3(psi1.x * q1.x + psi2.x * q2.x, psi1.x * q1.y + psi2.x * q2.y, psi1.y * q1.y + psi2.y * q2.y);
  }
}

// One column of one signal: the spline rows while they are in the window, then both drifts, then the affine adjoint.
@compute @workgroup_size(WORKGROUP)
fn carry_adjoint(@builtin(global_invocation_id) id: vec3<u32>) {
  let signal = id.x % params.signals;
  let row = id.x / params.signals;
  if (row >= params.rows + OUTER_COLUMNS) { return; }
  if (is_done(signal)) { return; }
  var lowest = 0u; // chunks in which the column lives
  var end = params.chunks;
  if (row < params.rows) {
    lowest = (max(row + 1u, WINDOW) - WINDOW) * params.parts;
    end = min((row + 1u) * params.parts, params.chunks);
  }
  var a = vec2<f32>();
  for (var chunk = end; chunk > lowest; ) {
    chunk--;
    let lane = chunk * params.signals + signal;
    let m = select(DRIFT + row - params.rows, row - chunk / params.parts, row < params.rows);
    store2(COLUMN_END + 2u * m, lane, a);
    a = earlier(lane, a, load2(LOCAL + 2u * m, lane));
  }
}

@compute @workgroup_size(WORKGROUP)
fn correct(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (lane >= params.lanes) { return; }
  let signal = lane % params.signals;
  if (is_done(signal)) { return; }
  let chunk = lane / params.signals;
  let psi_products = vec3(
    sums[at_sums(pair(PSI, PSI), chunk, signal)],
    sums[at_sums(pair(PSI + 1u, PSI), chunk, signal)],
    sums[at_sums(pair(PSI + 1u, PSI + 1u), chunk, signal)],
  );
  let psi_affine = vec2(sums[at_sums(PAIRS + PSI, chunk, signal)], sums[at_sums(PAIRS + PSI + 1u, chunk, signal)]);
  let affine = load2(COLUMN_END + 2u * PSI, lane);
  var a: array<vec2<f32>, PSI>;
  var with_psi: array<vec2<f32>, PSI>; // products of the column with psi
  var seen: array<vec2<f32>, PSI>; // the same with psi weighted by a
  // @unroll
  for (var m = 0u; m < COLUMNS; m++) {
    if (m < PSI) {
      let at = min(m, PSI - 1u);
      a[at] = load2(COLUMN_END + 2u * at, lane);
      with_psi[at] = vec2(sums[at_sums(pair(PSI, at), chunk, signal)], sums[at_sums(pair(PSI + 1u, at), chunk, signal)]);
      seen[at] = vec2(dot(psi_products.xy, a[at]), dot(psi_products.yz, a[at])) + with_psi[at];
      sums[at_sums(PAIRS + at, chunk, signal)] += dot(a[at], psi_affine) - dot(seen[at], affine);
      // @unroll
      for (var q = 0u; q < COLUMNS; q++) {
        if (q <= at) {
          let other = min(q, PSI - 1u);
          sums[at_sums(pair(at, other), chunk, signal)] += dot(seen[at], a[other]) + dot(a[at], with_psi[other]);
        }
      }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn carry_affine(@builtin(global_invocation_id) id: vec3<u32>) {
  let signal = id.x;
  if (signal >= params.signals) { return; }
  if (is_done(signal)) { return; }
  let dz_drift = vec2(tonic[at_tonic(params.rows, DRIFT_STEP, signal)], tonic[at_tonic(params.rows, DRIFT_STEP + 1u, signal)]);
  var a = vec2<f32>();
  for (var chunk = params.chunks; chunk > 0u; ) {
    chunk--;
    let lane = chunk * params.signals + signal;
    let span = chunk / params.parts;
    store2(ADJOINT_END, lane, a);
    var local = load2(LOCAL + 2u * PSI, lane) - dz_drift.x * load2(LOCAL + 2u * DRIFT, lane) -
      dz_drift.y * load2(LOCAL + 2u * DRIFT + 2u, lane);
    for (var m = 0u; m < 4u; m++) {
      local -= tonic[at_tonic(span + m, STEP, signal)] * load2(LOCAL + 2u * m, lane);
    }
    a = earlier(lane, a, local);
  }
}

@compute @workgroup_size(WORKGROUP)
fn carry_filter(@builtin(global_invocation_id) id: vec3<u32>) {
  let signal = id.x;
  if (signal >= params.signals) { return; }
  if (is_done(signal)) { return; }
  var s = vec2<f32>();
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    let lane = chunk * params.signals + signal;
    store2(FILTER_START, lane, s);
    s = vec2(dot(load2(TRANSITION, lane), s), dot(load2(TRANSITION + 2u, lane), s)) + load2(FILTER_END, lane);
  }
}
