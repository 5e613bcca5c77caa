/** Causal self-attention over whole rows, as training and scoring read them. */
import type { Graph, Tensor } from "../tensor/index.ts";
import type { TransformerConfig } from "./transformer-config.ts";
import type { LinearLayer } from "./transformer-norm.ts";

/** Queries that attend together, at least: shorter blocks skip more of the later keys, but copy more of the earlier. */
const shortestBlock = 32;

/**
 * What each position from `from` on attends to, before the output projection: from states x [batch, length, width]
 * to `attended` [batch, length − from, width], to which `shift` [width] is still to be added. Weight and bias are of a
 * layer's `attn.c_attn`.
 *
 * A bias of the keys adds the same to all of a query's scores, which softmax does not see; a bias of the values comes
 * out as it is, since a query's weights sum to 1.
 */
export function causalAttention(
  graph: Graph,
  config: TransformerConfig,
  given: LinearLayer & { readonly from: number },
): { readonly attended: Tensor; readonly shift: Tensor } {
  const { x, from } = given;
  const { heads, width } = config;
  const [batch, length] = x.shape as [number, number];
  const size = width / heads;
  const thirds = [width, width, width];
  // Three products with parts of the weights: the parts are smaller to copy than the states.
  const weights = graph.split(given.weight, thirds, 1);
  const [queryBias, , shift] = graph.split(given.bias, thirds, 0) as [Tensor, Tensor, Tensor];
  const byHead = (projected: Tensor): Tensor =>
    graph.transpose(graph.reshape(projected, [batch, -1, heads, size]), [0, 2, 1, 3]);
  const queried = graph.slice(x, { axis: 1, start: from, end: length });
  const query = byHead(graph.linear(queried, weights[0]!, queryBias));
  const states = graph.reshape(x, [batch * length, width]);
  const key = byHead(graph.matmul(states, weights[1]!));
  const value = byHead(graph.matmul(states, weights[2]!));
  const sizes = evenSizes(length - from, Math.max(shortestBlock, size));
  let start = from;
  const attended = graph.split(query, sizes, 2).map((queries, block) => {
    const end = start + sizes[block]!;
    const mask = causalMask(graph, { start, end });
    start = end;
    const seen = (whole: Tensor) => graph.slice(whole, { axis: 2, start: 0, end });
    return graph.attention({ query: queries, key: seen(key), value: seen(value), mask });
  });
  const rows = graph.transpose(graph.concat(attended, 2), [0, 2, 1, 3]);
  return { attended: graph.reshape(rows, [batch, length - from, width]), shift };
}

/** `count` as a sum of about equal parts of about `wanted`. */
export function evenSizes(count: number, wanted: number): number[] {
  const parts = Math.max(1, Math.round(count / wanted));
  return Array.from(
    { length: parts },
    (_, part) => Math.floor(((part + 1) * count) / parts) - Math.floor((part * count) / parts),
  );
}

/** [end − start, end]: 0 where the query at `start` + row may look, −∞ behind it. */
function causalMask(graph: Graph, { start, end }: { start: number; end: number }): Tensor {
  const rows = end - start;
  const values = new Float64Array(rows * end);
  for (let row = 0; row < rows; row++) {
    values.fill(Number.NEGATIVE_INFINITY, row * end + start + row + 1, (row + 1) * end);
  }
  return graph.constant(values, [rows, end]);
}
