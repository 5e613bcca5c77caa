/** Update rules are chains of small pieces: each changes the direction that is subtracted from the parameters in the end. */
import type { Graph, NamedShapes, NamedTensors, Shape } from "../../tensor/index.ts";
import type { Projection } from "../projection.ts";
import type { UpdateRule } from "../update-rule.ts";
import { JoinedVectors } from "./joined-vectors.ts";
import { mapTensors } from "./norms.ts";

/** Extra state: name to shape and initial value. */
export type StateShapes = Readonly<Record<string, { readonly shape: Shape; readonly fill: number }>>;

/** What a piece of an update rule is given in the graph of a step. */
export interface PieceInput {
  /** The gradient of the loss, as the pieces before have changed it. */
  readonly directions: NamedTensors;
  /** This piece's own state, by the names of its `init`. */
  readonly state: NamedTensors;
  readonly parameters: NamedTensors;
  readonly scalars: NamedTensors;
}

/** The direction as a piece changed it, and the piece's next state. */
export interface PieceOutput {
  readonly directions: NamedTensors;
  readonly state: NamedTensors;
}

/** A change of the direction, with state where it needs some. */
export interface Piece {
  /** Unique within a rule: state tensors carry it. */
  readonly name: string;
  /** It does not tell vectors apart: they may come as one. */
  readonly joinsVectors?: boolean;
  init(parameterShapes: NamedShapes): StateShapes;
  apply(graph: Graph, given: PieceInput): PieceOutput;
}

/** A piece without state. */
export function statelessPiece(
  name: string,
  change: (graph: Graph, given: PieceInput) => NamedTensors,
  joinsVectors = false,
): Piece {
  return {
    name,
    joinsVectors,
    init: () => ({}),
    apply: (graph, given) => ({ directions: change(graph, given), state: {} }),
  };
}

/** One direction changed tensor by tensor, by one piece after another. */
export function chain(name: string, pieces: readonly Piece[]): Piece {
  const names = pieces.map((piece) => piece.name);
  const repeated = names.find((one, index) => names.indexOf(one) !== index);
  if (repeated !== undefined) throw new RangeError(`piece is ${repeated}: must be in a chain only once`);
  return {
    name,
    joinsVectors: pieces.every(({ joinsVectors }) => joinsVectors),
    init: (shapes) =>
      Object.assign({}, ...pieces.map((piece) => prefixed(piece.name, piece.init(shapes)))) as StateShapes,
    apply(graph, given) {
      let { directions } = given;
      const state: Record<string, NamedTensors[string]> = {};
      for (const piece of pieces) {
        const changed = piece.apply(graph, { ...given, directions, state: own(piece.name, given.state) });
        directions = changed.directions;
        Object.assign(state, prefixed(piece.name, changed.state));
      }
      return { directions, state };
    },
  };
}

/** One piece for the chosen tensors, another for the rest. */
export function choice(
  name: string,
  given: {
    readonly choose: (name: string, shape: Shape) => boolean;
    readonly chosen: Piece;
    readonly rest: Piece;
  },
): Piece {
  const { chosen, rest } = given;
  const isChosen = (tensor: string, shape: Shape) => given.choose(tensor, shape);
  return {
    name,
    init: (shapes) => {
      const [some, others] = divided(shapes, (tensor, shape) => isChosen(tensor, shape));
      return { ...prefixed(chosen.name, chosen.init(some)), ...prefixed(rest.name, rest.init(others)) };
    },
    apply(graph, input) {
      const parts = [chosen, rest].map((piece, index) => {
        const part = (tensors: NamedTensors) =>
          divided(tensors, (tensor) => isChosen(tensor, input.parameters[tensor]!.shape))[index as 0 | 1];
        const directions = part(input.directions);
        if (Object.keys(directions).length === 0) return { directions, state: {} };
        const changed = piece.apply(graph, {
          directions,
          state: own(piece.name, input.state),
          parameters: part(input.parameters),
          scalars: input.scalars,
        });
        return { directions: changed.directions, state: prefixed(piece.name, changed.state) };
      });
      return {
        directions: Object.assign({}, ...parts.map(({ directions }) => directions)) as NamedTensors,
        state: Object.assign({}, ...parts.map(({ state }) => state)) as NamedTensors,
      };
    },
  };
}

/**
 * The rule θ ← project(θ − learningRate·direction), with the direction that the pieces make of the gradient of the loss.
 *
 * @throws RangeError if two pieces have one name.
 * @example
 * const rule = composedRule({ name: "clipped sign", pieces: [clipByGlobalNorm(1), signOfDirection()] });
 * rule.init({ weight: [2, 3] }); // {}
 */
export function composedRule(given: {
  readonly name: string;
  readonly pieces: readonly Piece[];
  readonly projection?: Projection | undefined;
}): UpdateRule {
  const { name, projection } = given;
  const piece = chain(name, given.pieces);
  return {
    name,
    init: (shapes) => piece.init(shapes),
    update(graph, given) {
      const vectors = new JoinedVectors(graph, piece.joinsVectors ? given.parameters : {});
      const [gradients, state, parameters] = [given.gradients, given.state, given.parameters].map((tensors) =>
        vectors.join(tensors),
      ) as [NamedTensors, NamedTensors, NamedTensors];
      const { scalars } = given;
      const changed = piece.apply(graph, { directions: gradients, state, parameters, scalars });
      const stepped = vectors.separate(
        mapTensors(parameters, (parameter, tensor) =>
          graph.subtract(parameter, graph.multiply(scalars.learningRate!, changed.directions[tensor]!)),
        ),
      );
      return {
        parameters: projection === undefined ? stepped : projection(graph, stepped),
        state: vectors.separate(changed.state),
      };
    },
  };
}

function prefixed<Value>(
  prefix: string,
  values: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** The entries of one prefix, without it. */
function own<Value>(
  prefix: string,
  values: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  const start = `${prefix}.`;
  return Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(start))
      .map(([name, value]) => [name.slice(start.length), value]),
  );
}

function divided<Value>(
  values: Readonly<Record<string, Value>>,
  choose: (name: string, value: Value) => boolean,
): [Readonly<Record<string, Value>>, Readonly<Record<string, Value>>] {
  const entries = Object.entries(values);
  return [
    Object.fromEntries(entries.filter(([name, value]) => choose(name, value))),
    Object.fromEntries(entries.filter(([name, value]) => !choose(name, value))),
  ];
}
