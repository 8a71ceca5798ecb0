// Arithmetic peak of an adapter: independent chains x <- x factor + term, nothing loaded, one number stored.
// A chain waits for its own last result, so several run side by side; how many hide the latency and still fit the
// registers differs between adapters, hence two entries. A longer body runs slower where it outgrows the instruction cache.
// sums [invocations]. Launch: one invocation per element of sums, 2 chains UNROLL rounds flops each.

struct Params { rounds: u32, factor: f32, term: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

const WORKGROUP: u32 = 64u;
const UNROLL: u32 = 4u;

@compute @workgroup_size(WORKGROUP)
fn chains_8(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let m = params.factor;
  let a = params.term;
  var x0 = f32(thread); var x1 = x0 + 1.0; var x2 = x0 + 2.0; var x3 = x0 + 3.0;
  var x4 = x0 + 4.0; var x5 = x0 + 5.0; var x6 = x0 + 6.0; var x7 = x0 + 7.0;
  for (var round = 0u; round < params.rounds; round++) {
    // @unroll
    for (var k = 0u; k < UNROLL; k++) {
      x0 = fma(x0, m, a); x1 = fma(x1, m, a); x2 = fma(x2, m, a); x3 = fma(x3, m, a);
      x4 = fma(x4, m, a); x5 = fma(x5, m, a); x6 = fma(x6, m, a); x7 = fma(x7, m, a);
    }
  }
  sums[group.x * WORKGROUP + thread] = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7;
}

@compute @workgroup_size(WORKGROUP)
fn chains_24(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let m = params.factor;
  let a = params.term;
  var x0 = f32(thread); var x1 = x0 + 1.0; var x2 = x0 + 2.0; var x3 = x0 + 3.0;
  var x4 = x0 + 4.0; var x5 = x0 + 5.0; var x6 = x0 + 6.0; var x7 = x0 + 7.0;
  var x8 = x0 + 8.0; var x9 = x0 + 9.0; var x10 = x0 + 10.0; var x11 = x0 + 11.0;
  var x12 = x0 + 12.0; var x13 = x0 + 13.0; var x14 = x0 + 14.0; var x15 = x0 + 15.0;
  var x16 = x0 + 16.0; var x17 = x0 + 17.0; var x18 = x0 + 18.0; var x19 = x0 + 19.0;
  var x20 = x0 + 20.0; var x21 = x0 + 21.0; var x22 = x0 + 22.0; var x23 = x0 + 23.0;
  for (var round = 0u; round < params.rounds; round++) {
    // @unroll
    for (var k = 0u; k < UNROLL; k++) {
      x0 = fma(x0, m, a); x1 = fma(x1, m, a); x2 = fma(x2, m, a); x3 = fma(x3, m, a);
      x4 = fma(x4, m, a); x5 = fma(x5, m, a); x6 = fma(x6, m, a); x7 = fma(x7, m, a);
      x8 = fma(x8, m, a); x9 = fma(x9, m, a); x10 = fma(x10, m, a); x11 = fma(x11, m, a);
      x12 = fma(x12, m, a); x13 = fma(x13, m, a); x14 = fma(x14, m, a); x15 = fma(x15, m, a);
      x16 = fma(x16, m, a); x17 = fma(x17, m, a); x18 = fma(x18, m, a); x19 = fma(x19, m, a);
      x20 = fma(x20, m, a); x21 = fma(x21, m, a); x22 = fma(x22, m, a); x23 = fma(x23, m, a);
    }
  }
  sums[group.x * WORKGROUP + thread] = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11 +
    x12 + x13 + x14 + x15 + x16 + x17 + x18 + x19 + x20 + x21 + x22 + x23;
}
