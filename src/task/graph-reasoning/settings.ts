/** The settings of a graph-reasoning task and their limits. */
import { InputError } from "../../record/index.ts";
import { graphLimits } from "./layered-graph.ts";

/** Sizes and form of a graph-reasoning task. */
export interface GraphSettings {
  /** L, the layers between the source and the target. */
  readonly middleLayers: number;
  /** Nodes in a middle layer. */
  readonly width: number;
  /** m: node names are drawn from 1 … m without replacement. */
  readonly names: number;
  /** `shuffled`: the whole list of edges; `layered`: edges in the order of the layers, shuffled within a layer. */
  readonly edgeOrder: "shuffled" | "layered";
  /** Pad prompts on the left with `_` to the longest one, so that responses stand at fixed positions. */
  readonly padded?: boolean;
  /** Fixes what is hidden in the task, such as the layers of Figure 1's parity. */
  readonly seed: string;
}

/** Figure 1 of the paper, and Figure 2 at H = 8; m and the order of edges are our choice, as the paper leaves both open. */
export const paperGraphSettings = {
  middleLayers: 8,
  width: 4,
  names: 100,
  edgeOrder: "shuffled",
  padded: false,
  seed: "lmcov",
} as const satisfies GraphSettings;

const edgeOrders: readonly string[] = ["shuffled", "layered"];
const mostNames = 1 << 20;

/** Throws InputError naming the setting, its value and its limits. */
export function checkSettings(task: string, settings: GraphSettings): Required<GraphSettings> {
  const refuse = (key: keyof GraphSettings, limit: string): never => {
    throw new InputError(`${task}: ${key} is ${shown(settings[key])}: must be ${limit}`);
  };
  for (const key of ["middleLayers", "width"] as const) {
    const [least, most] = graphLimits[key];
    if (!isBetween(settings[key], least, most)) refuse(key, `an integer between ${least} and ${most}`);
  }
  const { middleLayers, width, names, edgeOrder, padded = false, seed } = settings;
  const nodes = 2 + middleLayers * width;
  if (!isBetween(names, nodes, mostNames)) {
    refuse("names", `an integer between ${nodes}, the nodes of a graph, and ${mostNames}`);
  }
  if (!edgeOrders.includes(edgeOrder)) refuse("edgeOrder", edgeOrders.join(" or "));
  if (typeof padded !== "boolean") refuse("padded", "true or false");
  if (typeof seed !== "string") refuse("seed", "text");
  return { middleLayers, width, names, edgeOrder, padded, seed };
}

const isBetween = (value: number, least: number, most: number) =>
  Number.isInteger(value) && value >= least && value <= most;

const shown = (value: unknown) => (typeof value === "string" ? JSON.stringify(value) : String(value));
