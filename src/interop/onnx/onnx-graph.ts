import { Message } from '../../data/formats/protobuf.js';
import { checkHalf } from '../safetensors/check-half.js';
import { float32ToHalf } from '../safetensors/float-formats.js';

// Field numbers and types of onnx.proto.
const floatType = 1;
const int64Type = 7;
const halfType = 10;

/** Width of the numbers that a graph computes with. */
export type Precision = 'float32' | 'float16';

/** An axis of an input or output: a size, or the name of a dynamic one. */
export type Dimension = number | string;

/** An attribute of a node: an integer, a list of integers, a string, or `{ float }`. */
export type Attribute = number | readonly number[] | string | { float: number };

/**
 * Collects the nodes and constants of an ONNX graph. With 'float16' it computes in half precision; inputs and outputs
 * stay float32.
 */
export class OnnxGraph {
  constructor(private readonly precision: Precision = 'float32') {}

  private readonly graph = new Message();
  private readonly constants: Message[] = [];
  private readonly ends: Message[] = [];

  /** Adds a node with one output, which has the node's name. */
  node(
    operator: string,
    name: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
  ): string {
    const node = new Message();
    for (const input of inputs) node.text(1, input);
    node.text(2, name).text(3, name).text(4, operator);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attribute(key, value));
    this.graph.message(1, node);
    return name;
  }

  /**
   * Adds a constant. Float32 values are kept by reference.
   *
   * @throws `ValueRangeError` when a value is too large for half precision.
   */
  floats(name: string, shape: readonly number[], values: Float32Array): string {
    if (this.precision === 'float32') return this.constant(name, shape, floatType, values);
    checkHalf('exportONNX', name, values);
    return this.constant(name, shape, halfType, float32ToHalf(values));
  }

  /** Adds a constant list of integers. */
  integers(name: string, values: readonly number[]): string {
    return this.constant(name, [values.length], int64Type, BigInt64Array.from(values, BigInt));
  }

  /** Declares an input of the graph. @returns The name of its values in the graph's precision. */
  input(name: string, shape: readonly Dimension[]): string {
    this.ends.push(new Message().message(11, valueInfo(name, shape)));
    return this.precision === 'float32' ? name : this.node('Cast', `${name}.half`, [name], { to: halfType });
  }

  /** Declares the output of a node as an output of the graph, with another name. */
  output(name: string, value: string, shape: readonly Dimension[]): void {
    if (this.precision === 'float32') this.node('Identity', name, [value]);
    else this.node('Cast', name, [value], { to: floatType });
    this.ends.push(new Message().message(12, valueInfo(name, shape)));
  }

  /** @returns The file. */
  finish(
    name: string,
    operatorSet: number,
    metadata: Readonly<Record<string, string>> = {},
  ): Uint8Array<ArrayBuffer> {
    this.graph.text(2, name);
    for (const constant of this.constants) this.graph.message(5, constant);
    for (const end of this.ends) this.graph.fieldsOf(end);
    const file = new Message()
      .integer(1, 8) // the version of the file format for operator set 17
      .text(2, 'simclr-ts')
      .message(7, this.graph)
      .message(8, new Message().text(1, '').integer(2, operatorSet));
    for (const [key, value] of Object.entries(metadata)) {
      file.message(14, new Message().text(1, key).text(2, value));
    }
    return file.finish();
  }

  private constant(
    name: string,
    shape: readonly number[],
    type: number,
    values: Float32Array | Uint16Array | BigInt64Array,
  ): string {
    const tensor = new Message();
    for (const size of shape) tensor.integer(1, size);
    tensor.integer(2, type).text(8, name);
    // Little-endian, like every machine that tfjs runs on.
    tensor.bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.constants.push(tensor);
    return name;
  }
}

function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if (typeof value === 'string') return message.text(4, value).integer(20, 3);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7);
}

function valueInfo(name: string, shape: readonly Dimension[]): Message {
  const dimensions = new Message();
  for (const size of shape) {
    const dimension = new Message();
    dimensions.message(1, typeof size === 'number' ? dimension.integer(1, size) : dimension.text(2, size));
  }
  const tensorType = new Message().integer(1, floatType).message(2, dimensions);
  return new Message().text(1, name).message(2, new Message().message(1, tensorType));
}
