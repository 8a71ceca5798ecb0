// ONNX models as plain data, and their bytes: protocol buffers with the field numbers of
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (IR version 8).
import { PbfWriter } from 'pbf'
import { ShapeError } from '../runtime/errors.ts'
import { elementCount, rawBytes } from './elements.ts'

/** Of the file's layout: what ONNX 1.12 and everything since reads. */
const IR_VERSION = 8

/** A constant of the graph, row-major: float32, or int64 as `BigInt64Array`. */
export interface OnnxTensor {
  name: string
  shape: readonly number[]
  data: Float32Array | BigInt64Array
}

/** An integer, or a list of them. */
export type OnnxAttribute = number | readonly number[]

/** An operator of the default domain, applied. */
export interface OnnxNode {
  /** Such as `Conv`. */
  op: string
  inputs: readonly string[]
  outputs: readonly string[]
  attributes?: Readonly<Record<string, OnnxAttribute>>
}

/** What goes in or comes out, float32; a text is an extent that is free, such as `batch`. */
export interface OnnxValue {
  name: string
  shape: readonly (number | string)[]
}

/** A model: one graph whose nodes stand in the order in which they run. */
export interface OnnxModel {
  /** Of the graph. */
  name: string
  producer: { name: string; version: string }
  /** Of the default domain. */
  opset: number
  nodes: readonly OnnxNode[]
  inputs: readonly OnnxValue[]
  outputs: readonly OnnxValue[]
  tensors: readonly OnnxTensor[]
  /** Texts by key. */
  metadata: Readonly<Record<string, string>>
}

/** The file of a model. @throws ShapeError when a tensor has not as many elements as its shape */
export function serializeOnnx(model: OnnxModel): Uint8Array {
  const pbf = new PbfWriter()
  pbf.writeVarintField(1, IR_VERSION)
  pbf.writeStringField(2, model.producer.name)
  pbf.writeStringField(3, model.producer.version)
  pbf.writeMessage(7, writeGraph, model)
  pbf.writeMessage(8, writeOpset, model.opset)
  for (const entry of Object.entries(model.metadata)) pbf.writeMessage(14, writeText, entry)
  return pbf.finish()
}

function writeGraph({ name, nodes, tensors, inputs, outputs }: OnnxModel, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node)
  pbf.writeStringField(2, name)
  for (const tensor of tensors) pbf.writeMessage(5, writeTensor, tensor)
  for (const value of inputs) pbf.writeMessage(11, writeValue, value)
  for (const value of outputs) pbf.writeMessage(12, writeValue, value)
}

function writeNode({ op, inputs, outputs, attributes = {} }: OnnxNode, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input)
  for (const output of outputs) pbf.writeStringField(2, output)
  pbf.writeStringField(3, outputs[0]!)
  pbf.writeStringField(4, op)
  for (const entry of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, entry)
}

function writeAttribute([name, value]: [string, OnnxAttribute], pbf: PbfWriter): void {
  const [INT, INTS] = [2, 7]
  pbf.writeStringField(1, name)
  if (typeof value === 'number') pbf.writeVarintField(3, value)
  else for (const each of value) pbf.writeVarintField(8, each)
  pbf.writeVarintField(20, typeof value === 'number' ? INT : INTS)
}

function writeTensor({ name, shape, data }: OnnxTensor, pbf: PbfWriter): void {
  const [FLOAT, INT64] = [1, 7]
  if (elementCount([...shape]) !== data.length)
    throw new ShapeError(`tensor '${name}' has ${data.length} elements, expected shape [${shape.join(', ')}]`)
  for (const extent of shape) pbf.writeVarintField(1, extent)
  pbf.writeVarintField(2, data instanceof Float32Array ? FLOAT : INT64)
  pbf.writeStringField(8, name)
  pbf.writeBytesField(9, rawBytes(data))
}

function writeValue({ name, shape }: OnnxValue, pbf: PbfWriter): void {
  pbf.writeStringField(1, name)
  pbf.writeMessage(2, (of, type) => type.writeMessage(1, writeTensorType, of), shape)
}

function writeTensorType(shape: OnnxValue['shape'], pbf: PbfWriter): void {
  const FLOAT = 1
  pbf.writeVarintField(1, FLOAT)
  pbf.writeMessage(2, writeShape, shape)
}

function writeShape(shape: OnnxValue['shape'], pbf: PbfWriter): void {
  for (const extent of shape) pbf.writeMessage(1, writeExtent, extent)
}

function writeExtent(extent: number | string, pbf: PbfWriter): void {
  if (typeof extent === 'number') pbf.writeVarintField(1, extent)
  else pbf.writeStringField(2, extent)
}

function writeOpset(version: number, pbf: PbfWriter): void {
  pbf.writeStringField(1, '')
  pbf.writeVarintField(2, version)
}

function writeText([key, value]: [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key)
  pbf.writeStringField(2, value)
}
