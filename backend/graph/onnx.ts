/** Writes a graph as an ONNX model. Nodes keep their order, because the runtime's schedule, and so peak memory, follows it. */
import type { Graph, Node } from './ir.ts';
import { fusedForms } from './onnx/fusedForms.ts';
import type { Form, Operand } from './onnx/forms.ts';
import { microsoft, ModelWriter } from './onnx/modelWriter.ts';
import { portableForms } from './onnx/portableForms.ts';
import { modelProto, valueInfoProto } from './onnx/proto.ts';
import type { OpName } from './ops.ts';

export interface OnnxOptions {
  /**
   * Use ONNX Runtime's own operators where they are shorter (the default). They are made for the CPU provider; others
   * must be given `false`, which leaves operators of ai.onnx only.
   */
  readonly fused?: boolean;
}

const irVersion = 10;
const opset = 21;

/** Names that the writer gives itself: values, temporaries and shared initializers. */
const reservedName = /^[vtc]\d+$/;

/**
 * The bytes of a ModelProto whose inputs and outputs bear the graph's names. Every node writes its output under that
 * name directly, so the buffer of a graph output can be the very one that feeds an input (a Gemm that accumulates).
 * An output that is an input, a constant or another output as well is a copy.
 */
export function toOnnx(graph: Graph, options: OnnxOptions = {}): Uint8Array {
  const forms = (options.fused ?? true) ? fusedForms : portableForms;
  const writer = new ModelWriter();
  const { names, copies } = nameValues(graph);
  const operand = (id: number): Operand => ({ ...valueAt(graph, id), name: names.get(id) ?? `v${id}` });

  for (const node of graph.nodes) {
    const form = forms[node.op] as Form<OpName>;
    form(writer, { inputs: node.inputs.map(operand), outputs: node.outputs.map(operand), attributes: node.attributes });
  }
  for (const { name, value } of copies) writer.emit('Identity', [operand(value).name], [name]);

  const declared = ({ name, value }: { readonly name: string; readonly value: number }) => {
    const { dtype, shape } = valueAt(graph, value);
    return valueInfoProto(name, dtype, shape);
  };
  return modelProto({
    irVersion,
    opsets: { '': opset, [microsoft]: 1 },
    nodes: writer.nodes,
    initializers: writer.initializers,
    inputs: graph.inputs.map(declared),
    outputs: graph.outputs.map(declared),
  }).finish();
}

/** The name of each input and of each output's value, and the outputs that need a copy because their value has a name already. */
function nameValues(graph: Graph): { names: Map<number, string>; copies: Graph['outputs'] } {
  const taken = new Set<string>();
  for (const { name } of [...graph.inputs, ...graph.outputs]) {
    if (reservedName.test(name)) throw new Error(`graph input or output ${name}: names like v0, t0 and c0 belong to the ONNX writer`);
    if (taken.has(name)) throw new Error(`graph input or output ${name}: the name is used twice`);
    taken.add(name);
  }
  const names = new Map(graph.inputs.map(({ name, value }) => [value, name]));
  const constants = new Set(graph.nodes.filter((node: Node) => node.op === 'constant').flatMap((node) => node.outputs));
  const copies = graph.outputs.filter(({ name, value }) => {
    if (names.has(value) || constants.has(value)) return true;
    names.set(value, name);
    return false;
  });
  return { names, copies };
}

function valueAt(graph: Graph, id: number): Graph['values'][number] {
  const value = graph.values[id];
  if (value === undefined) throw new Error(`graph has no value ${id}`);
  return value;
}
