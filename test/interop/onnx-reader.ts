import { expect } from 'vitest';
import { halfToFloat32 } from '../../src/interop/safetensors/float-formats.js';
import { type Fields, fieldsOf, messages, texts } from './protobuf-reader.js';

/** What the tests look at in an ONNX file. */
export interface Graph {
  operatorSet: number;
  metadata: Record<string, string>;
  nodes: { operator: string; name: string; inputs: string[]; attributes: Record<string, unknown> }[];
  constants: Map<string, { shape: number[]; type: number; values: Float32Array }>;
  inputs: Record<string, Array<number | string>>;
  outputs: Record<string, Array<number | string>>;
}

function endsOf(graph: Fields, field: number): Record<string, Array<number | string>> {
  const ends = messages(graph, field).map((end) => {
    const [type] = messages(messages(end, 2)[0]!, 1);
    expect(type!.get(1)).toEqual([1]);
    const shape = messages(messages(type!, 2)[0]!, 1);
    return [texts(end, 1)[0]!, shape.map((size) => (size.get(1)?.[0] as number) ?? texts(size, 2)[0]!)];
  });
  return Object.fromEntries(ends);
}

/** Parses an ONNX file of this library. */
export function parseONNX(file: Uint8Array): Graph {
  const root = fieldsOf(file);
  const [graph] = messages(root, 7) as [Fields];
  const attributesOf = (node: Fields) =>
    Object.fromEntries(
      messages(node, 5).map((item) => [
        texts(item, 1)[0]!,
        item.get(8) ?? item.get(3)?.[0] ?? (item.has(4) ? texts(item, 4)[0] : 'a float'),
      ]),
    );
  return {
    operatorSet: messages(root, 8)[0]!.get(2)![0] as number,
    metadata: Object.fromEntries(
      messages(root, 14).map((entry) => [texts(entry, 1)[0]!, texts(entry, 2)[0]!]),
    ),
    nodes: messages(graph, 1).map((node) => {
      expect(texts(node, 2)).toEqual(texts(node, 3));
      return {
        operator: texts(node, 4)[0]!,
        name: texts(node, 3)[0]!,
        inputs: texts(node, 1),
        attributes: attributesOf(node),
      };
    }),
    constants: new Map(
      messages(graph, 5).map((constant) => {
        const raw = (constant.get(9)![0] as Uint8Array).slice();
        const shape = (constant.get(1) ?? []) as number[];
        const type = constant.get(2)![0] as number;
        const values =
          type === 10 ? halfToFloat32(new Uint16Array(raw.buffer)) : new Float32Array(raw.buffer);
        return [texts(constant, 8)[0]!, { shape, type, values }];
      }),
    ),
    inputs: endsOf(graph, 11),
    outputs: endsOf(graph, 12),
  };
}
