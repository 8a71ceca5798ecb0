// The package's plain entry fails in Node as an ES module; this path works and has the same types.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect'
}
