// galvani/node: what a program in Node has and a page has not.

// A device of this machine
export { openGpu, type OpenOptions } from './runtime/node.ts'

// Worker threads of this process, which decompose without a GPU
export { openCpu } from './runtime/node_cpu.ts'

// A folder as a Store, a file as a Source
export { NodeStore } from './store/node.ts'
export { fileSource } from './store/node_source.ts'
