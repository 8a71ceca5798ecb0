// 1-D convolution, gradients of weight and bias, for GPUs: tiles of both operands in workgroup memory. Formulas and shapes as in
// conv1d/backward_reg.wgsl, here as a product of matrices of rows (k, ci) and columns co over the depth (b, o).
//
// A workgroup computes 4*ROWS rows x 4*COLUMNS columns; a thread TM x TN blocks of 4x4, taken at equal distances, so that
// neighbouring threads read neighbouring memory. In each step the workgroup loads the x (`rows_tile`) and dy (`columns_tile`) of DEPTH
// rows (b, o). The rows (k, ci) of one (b, o) are contiguous memory from the input row under its first tap on, so one comparison
// tells whether an element lies inside the signal.
// The depth is split into chunks of `chunk_rows`: dw has partial sums [chunk, K, Ci, Co], which partial_sums.wgsl adds.
// With a bias also dbias [chunk, Co], by the workgroups of the first rows of dw.
// Launch: chunks * ceil(K*Ci/4 / ROWS) * ceil(Co/4 / COLUMNS) workgroups.

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
  chunk_rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dw: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dbias: array<vec4<f32>>;

// The tile: quads of rows and of columns, depth; a thread's part of it; threads; loads per thread that fill either tile.
const ROWS: u32 = 16u;
const COLUMNS: u32 = 16u;
const DEPTH: u32 = 16u;
const TM: u32 = 2u;
const TN: u32 = 1u;
const WORKGROUP: u32 = 128u;
const ROW_LOADS: u32 = 2u;
const COLUMN_LOADS: u32 = 2u;
// Threads side by side in a tile.
const ACROSS: u32 = COLUMNS / TN;
const DOWN: u32 = ROWS / TM;

var<workgroup> rows_tile: array<vec4<f32>, DEPTH * ROWS>;
var<workgroup> columns_tile: array<vec4<f32>, DEPTH * COLUMNS>;
var<private> acc: array<mat4x4<f32>, TM * TN>;
var<private> sums: array<vec4<f32>, TN>;

/// Adds the product of the two tiles to the thread's results.
fn multiply(thread: u32) {
  for (var d = 0u; d < DEPTH; d++) {
    // @unroll
    for (var m = 0u; m < TM; m++) {
      let v = rows_tile[d * ROWS + m * DOWN + thread / ACROSS];
      // @unroll
      for (var n = 0u; n < TN; n++) {
        let g = columns_tile[d * COLUMNS + n * ACROSS + thread % ACROSS];
        acc[m * TN + n] += mat4x4<f32>(v.x * g, v.y * g, v.z * g, v.w * g);
      }
    }
  }
}

/// Adds the tile of dy to the sums of the thread's columns.
fn sum_columns(thread: u32) {
  for (var d = 0u; d < DEPTH; d++) {
    // @unroll
    for (var n = 0u; n < TN; n++) { sums[n] += columns_tile[d * COLUMNS + n * ACROSS + thread % ACROSS]; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn weight(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) thread: u32) {
  let index = group.y * groups.x + group.x;
  let columns = (params.out_quads + COLUMNS - 1u) / COLUMNS;
  let rows = params.kernel * params.in_quads;
  let tiles = (rows + ROWS - 1u) / ROWS;
  let column0 = index % columns * COLUMNS;
  let row0 = index / columns % tiles * ROWS;
  let chunk = index / (columns * tiles);
  if (chunk >= params.chunks) { return; }
  let r0 = chunk * params.chunk_rows;
  let r1 = min(r0 + params.chunk_rows, params.batch * params.out_rows);
  for (var r = r0; r < r1; r += DEPTH) {
    // @unroll
    for (var i = 0u; i < ROW_LOADS; i++) {
      let slot = i * WORKGROUP + thread;
      let place = r + slot / ROWS;
      let row = row0 + slot % ROWS;
      // Before the signal this wraps around to huge values.
      let flat = (place % params.out_rows * params.stride - params.padding) * params.in_quads + row;
      let inside = place < r1 && row < rows && flat < params.in_rows * params.in_quads;
      let at = place / params.out_rows * params.in_rows * params.in_quads + flat;
      rows_tile[slot] = select(vec4<f32>(), x[select(0u, at, inside)], inside);
    }
    // @unroll
    for (var i = 0u; i < COLUMN_LOADS; i++) {
      let slot = i * WORKGROUP + thread;
      let place = r + slot / COLUMNS;
      let column = column0 + slot % COLUMNS;
      let inside = place < r1 && column < params.out_quads;
      columns_tile[slot] = select(vec4<f32>(), dy[select(0u, place * params.out_quads + column, inside)], inside);
    }
    workgroupBarrier();
    multiply(thread);
    if (params.has_bias > 0u && row0 == 0u) { sum_columns(thread); }
    workgroupBarrier();
  }
  // @unroll
  for (var n = 0u; n < TN; n++) {
    let column = column0 + n * ACROSS + thread % ACROSS;
    if (column < params.out_quads) {
      // @unroll
      for (var m = 0u; m < TM; m++) {
        let row = row0 + m * DOWN + thread / ACROSS;
        if (row < rows) {
          // @unroll
          for (var i = 0u; i < 4u; i++) { dw[((chunk * rows + row) * 4u + i) * params.out_quads + column] = acc[m * TN + n][i]; }
        }
      }
    }
  }
  if (params.has_bias > 0u && row0 == 0u && thread < ACROSS) {
    // @unroll
    for (var n = 0u; n < TN; n++) {
      let column = column0 + n * ACROSS + thread;
      if (column < params.out_quads) { dbias[chunk * params.out_quads + column] = sums[n]; }
    }
  }
}
