// 1-D convolution, forward and input gradient, for GPUs: tiles of both operands in workgroup memory. Formulas and shapes as in
// conv1d/reg.wgsl and conv1d/backward_reg.wgsl, here as products of matrices.
//
// A workgroup computes ROWS rows x COLUMNS quads of the result; a thread TM rows x TN quads, taken at equal distances, so that
// neighbouring threads read neighbouring memory. In each step the workgroup loads DEPTH quads of the depth of its rows
// (`rows_tile`) and the matching 4*DEPTH rows of COLUMNS quads of w (`columns_tile`).
// A row of the product is contiguous memory, K*Ci floats from the input row under its first tap on (in `input`: the dy of the last
// tap of its residue), so a flat offset finds an element, and one comparison tells whether it lies inside the signal.
//
// forward: rows (b, o), columns co, depth (k, ci). Where rows are few the depth is split into chunks of `chunk_quads` quads: y is
//          then [chunks, B, Lo, Co], to be added by partial_sums.wgsl; the bias is in the first chunk.
//          Launch: chunks * ceil(B*Lo / ROWS) * ceil(Co/4 / COLUMNS) workgroups.
// input:   rows (b, l) of one residue l mod stride, columns ci, depth (k, co).
//          Launch: stride * ceil(B*ceil(L/stride) / ROWS) * ceil(Ci/4 / COLUMNS) workgroups.

struct Params {
  batch: u32,
  in_rows: u32,
  out_rows: u32,
  in_quads: u32,
  out_quads: u32,
  kernel: u32,
  stride: u32,
  padding: u32,
  has_bias: u32,
  chunks: u32,
  chunk_quads: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> onto: array<vec4<f32>>;

// The tile: rows, quads of columns, quads of depth; a thread's part of it; threads; loads per thread that fill either tile.
const ROWS: u32 = 64u;
const COLUMNS: u32 = 16u;
const DEPTH: u32 = 4u;
const TM: u32 = 8u;
const TN: u32 = 1u;
const WORKGROUP: u32 = 128u;
const ROW_LOADS: u32 = 2u;
const COLUMN_LOADS: u32 = 2u;
// Whether dx is added to another gradient, `onto`.
const ONTO: bool = false;
// One quad more than a row has, so that threads which read different rows use different banks of the memory.
const PITCH: u32 = DEPTH + 1u;
// Threads side by side in a tile.
const ACROSS: u32 = COLUMNS / TN;
const DOWN: u32 = ROWS / TM;

var<workgroup> rows_tile: array<vec4<f32>, ROWS * PITCH>;
var<workgroup> columns_tile: array<vec4<f32>, 4u * DEPTH * COLUMNS>;
var<private> acc: array<vec4<f32>, TM * TN>;

/// Adds the product of the two tiles to the thread's results.
fn multiply(thread: u32) {
  let column = thread % ACROSS;
  let row = thread / ACROSS * PITCH;
  for (var d = 0u; d < DEPTH; d++) {
    var w = array<mat4x4<f32>, TN>();
    // @unroll
    for (var n = 0u; n < TN; n++) {
      let at = 4u * d * COLUMNS + n * ACROSS + column;
      w[n] = mat4x4<f32>(columns_tile[at], columns_tile[at + COLUMNS], columns_tile[at + 2u * COLUMNS], columns_tile[at + 3u * COLUMNS]);
    }
    // @unroll
    for (var m = 0u; m < TM; m++) {
      let v = rows_tile[row + m * DOWN * PITCH + d];
      // @unroll
      for (var n = 0u; n < TN; n++) { acc[m * TN + n] += w[n] * v; }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let place = group.y * groups.x + group.x;
  let columns = (params.out_quads + COLUMNS - 1u) / COLUMNS;
  let rows = params.batch * params.out_rows;
  let tiles = (rows + ROWS - 1u) / ROWS;
  let column0 = place % columns * COLUMNS;
  let row0 = place / columns % tiles * ROWS;
  let chunk = place / (columns * tiles);
  if (chunk >= params.chunks) { return; }
  // @unroll
  for (var n = 0u; n < TN; n++) {
    var start = vec4<f32>();
    if (params.has_bias > 0u && chunk == 0u) { start = bias[min(column0 + n * ACROSS + thread % ACROSS, params.out_quads - 1u)]; }
    // @unroll
    for (var m = 0u; m < TM; m++) { acc[m * TN + n] = start; }
  }

  // Each row that this thread loads has: the quad under the first tap, which wraps around before the signal, and the sample's.
  var under: array<u32, ROW_LOADS>;
  var sample: array<u32, ROW_LOADS>;
  // @unroll
  for (var i = 0u; i < ROW_LOADS; i++) {
    let r = row0 + (i * WORKGROUP + thread) / DEPTH;
    under[i] = (r % params.out_rows * params.stride - params.padding) * params.in_quads;
    sample[i] = r / params.out_rows * params.in_rows * params.in_quads;
  }
  let d0 = chunk * params.chunk_quads;
  let d1 = min(d0 + params.chunk_quads, params.kernel * params.in_quads);
  for (var d = d0; d < d1; d += DEPTH) {
    // @unroll
    for (var i = 0u; i < ROW_LOADS; i++) {
      let slot = i * WORKGROUP + thread;
      let ahead = d + slot % DEPTH;
      let flat = under[i] + ahead;
      let inside = flat < params.in_rows * params.in_quads && ahead < d1 && row0 + slot / DEPTH < rows;
      rows_tile[slot / DEPTH * PITCH + slot % DEPTH] = select(vec4<f32>(), x[select(0u, sample[i] + flat, inside)], inside);
    }
    // @unroll
    for (var i = 0u; i < COLUMN_LOADS; i++) {
      let slot = i * WORKGROUP + thread;
      let depth = d * 4u + slot / COLUMNS;
      let column = column0 + slot % COLUMNS;
      let inside = depth < d1 * 4u && column < params.out_quads;
      columns_tile[slot] = select(vec4<f32>(), w[select(0u, depth * params.out_quads + column, inside)], inside);
    }
    workgroupBarrier();
    multiply(thread);
    workgroupBarrier();
  }
  // @unroll
  for (var m = 0u; m < TM; m++) {
    let r = row0 + m * DOWN + thread / ACROSS;
    // @unroll
    for (var n = 0u; n < TN; n++) {
      let column = column0 + n * ACROSS + thread % ACROSS;
      if (r < rows && column < params.out_quads) { y[(chunk * rows + r) * params.out_quads + column] = acc[m * TN + n]; }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn input(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) thread: u32) {
  let columns = (params.in_quads + COLUMNS - 1u) / COLUMNS;
  let per_sample = (params.in_rows + params.stride - 1u) / params.stride;
  let rows = params.batch * per_sample;
  let tiles = (rows + ROWS - 1u) / ROWS;
  let place = group.y * groups.x + group.x;
  let column0 = place % columns * COLUMNS;
  let row0 = place / columns % tiles * ROWS;
  let residue = place / (columns * tiles);
  if (residue >= params.stride) { return; }

  // Taps of this residue, the last first: then both dy and the depth ascend. Row j of the residue lies under dy of j + shift there.
  let ahead = residue + params.padding;
  let tap0 = ahead % params.stride;
  let taps = (max(params.kernel, tap0) - tap0 + params.stride - 1u) / params.stride;
  let shift = ahead / params.stride - taps + 1u;
  var under: array<u32, ROW_LOADS>;
  var sample: array<u32, ROW_LOADS>;
  // @unroll
  for (var i = 0u; i < ROW_LOADS; i++) {
    let r = row0 + (i * WORKGROUP + thread) / DEPTH;
    under[i] = (r % per_sample + shift) * params.out_quads;
    sample[i] = r / per_sample * params.out_rows * params.out_quads;
  }
  // A thread of the first COLUMNS*DEPTH turns a block of w, 4 ci x 1 quad of co, into rows of the depth.
  let column = column0 + thread / DEPTH;
  let d1 = taps * params.out_quads;
  for (var d = 0u; d < d1; d += DEPTH) {
    // @unroll
    for (var i = 0u; i < ROW_LOADS; i++) {
      let slot = i * WORKGROUP + thread;
      let flat = under[i] + d + slot % DEPTH;
      let inside = flat < params.out_rows * params.out_quads && d + slot % DEPTH < d1 && row0 + slot / DEPTH < rows;
      rows_tile[slot / DEPTH * PITCH + slot % DEPTH] = select(vec4<f32>(), dy[select(0u, sample[i] + flat, inside)], inside);
    }
    if (thread < COLUMNS * DEPTH) {
      let depth = d + thread % DEPTH;
      let k = tap0 + (taps - 1u - depth / params.out_quads) * params.stride;
      let inside = depth < d1 && column < params.in_quads;
      let at = select(0u, (k * params.in_quads + column) * 4u * params.out_quads + depth % params.out_quads, inside);
      let turned = transpose(mat4x4<f32>(w[at], w[at + params.out_quads], w[at + 2u * params.out_quads], w[at + 3u * params.out_quads]));
      let slot = thread % DEPTH * 4u * COLUMNS + thread / DEPTH;
      // @unroll
      for (var i = 0u; i < 4u; i++) { columns_tile[slot + i * COLUMNS] = turned[i]; }
    }
    workgroupBarrier();
    multiply(thread);
    workgroupBarrier();
  }
  // @unroll
  for (var m = 0u; m < TM; m++) {
    let r = row0 + m * DOWN + thread / ACROSS;
    let l = residue + r % per_sample * params.stride;
    // @unroll
    for (var n = 0u; n < TN; n++) {
      let ci = column0 + n * ACROSS + thread % ACROSS;
      if (r < rows && l < params.in_rows && ci < params.in_quads) {
        let at = (r / per_sample * params.in_rows + l) * params.in_quads + ci;
        if (ONTO) { acc[m * TN + n] += onto[at]; }
        dx[at] = acc[m * TN + n];
      }
    }
  }
}
